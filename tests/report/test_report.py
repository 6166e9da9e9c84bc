"""The report page: made without the training libraries, whole, safe, and alive in a browser."""

import html.parser
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from sweeps.definition.file import read_sweep
from sweeps.ledger.ledger import Ledger
from sweeps.report import render, write_index
from sweeps.results.outcome import read_outcome
from sweeps.results.provenance import command, sweep_file

BLOCKED = """
import sys


class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "torchvision", "ray"):
            raise ModuleNotFoundError(f"{name} is blocked")


sys.meta_path.insert(0, Blocker())
from sweeps.cli import main
main()
"""


class Page(html.parser.HTMLParser):
    """The elements of a small_report, checked for balance on the way."""

    VOID = frozenset({"meta", "link", "img", "br", "input"})

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements, self.open, self.scripts = [], [], []
        self.feed(path.read_text(encoding="utf-8"))
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)

    def all(self, tag):
        return [attributes for found, attributes in self.elements if found == tag]


def test_the_page_is_one_whole_file_without_outside_resources(small_report):
    parsed = Page(small_report)
    assert [image["src"][:10] for image in parsed.all("img")] == ["data:image"] * 14
    addresses = [
        attributes[name]
        for _, attributes in parsed.elements
        for name in ("src", "href", "srcset", "action")
        if name in attributes
    ]
    assert all(address.startswith(("data:", "#")) for address in addresses)
    identifiers = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))
    assert small_report.stat().st_size < 4e6
    assert [entry.name for entry in small_report.parent.iterdir()] == ["index.html"]


def test_a_hostile_about_is_text(small_report):
    parsed, text = Page(small_report), small_report.read_text(encoding="utf-8")
    assert len(parsed.scripts) == 3
    assert "&lt;script&gt;alert(" in text
    assert "<script>alert" not in text
    assert "{{ 7 * 7 }}" in text
    policy = next(meta["content"] for meta in parsed.all("meta") if "content" in meta)
    assert "default-src 'none'" in policy


def test_the_trials_in_the_page_are_those_of_the_table(small_report, small_results):
    import sweeps

    data = json.loads(Page(small_report).scripts[0])
    names = [column["name"] for column in data["columns"]]
    assert {"trial_id", "family", "kl_weight", "test_neg_elbo"} <= set(names)
    assert data["constants"]["status"] == "done"
    place, score = names.index("trial_id"), names.index("test_neg_elbo")
    ours = {row[place]: row[score] for row in data["rows"]}
    theirs = sweeps.load("small", results=small_results).set_index("trial_id")["test_neg_elbo"]
    assert ours == pytest.approx(theirs.to_dict(), rel=1e-5)


def test_counts_findings_and_provenance_are_computed(small_report):
    text = re.sub(r"\s+", " ", small_report.read_text(encoding="utf-8"))
    assert "<b>28</b>wanted" in text
    assert "<b>28</b>done" in text
    assert "Lowest negative ELBO on test images (nats/image) of each model" in text
    assert "Chosen KL weight β of Gaussian" in text
    assert "of 28 trials pass all four reliability checks" in text
    assert "codes cluster (test_knn_accuracy &gt; 0.3)" in text
    assert "<dt>seeds</dt><dd>0</dd>" in text
    assert "<code>bsvae run small.toml</code>" in text


def test_the_head_says_what_was_asked_for_otherwise(small_report, tmp_path):
    sweep = read_sweep("logit_normal", {"epochs": 10, "hidden": 8})
    page = render(read_outcome(sweep, Ledger(tmp_path, sweep.name)), [])
    assert "logit_normal was asked for at 10 of 200 epochs, with hidden = 8.</p>" in page
    assert '<p id="apart" class="note" data-live hidden>' in small_report.read_text("utf-8")
    assert "<p>All trials together took under a second of one device.</p>" in page


def test_the_sweep_file_in_the_page_says_the_same():
    documents = [read_sweep(name).document for name in ("quickstart", "logit_normal", "whitening")]
    for document in (*documents, documents[0] | {"halving": {}}):
        again = tomllib.loads(sweep_file(document))
        usual = {"extras": [], "search": {}, "optuna": {}, "halving": None}
        usual |= {"seeds": 1, "rank_by": None, "select_on_test": False}
        again = usual | again
        assert again == document


@pytest.mark.parametrize("overrides", [{}, {"epochs": 2}, {"epochs": 2, "learning_rate": 8e-4}])
def test_the_command_in_the_page_asks_for_the_same(overrides):
    from sweeps.cli.asked import requested_sweep, setting

    sweep = read_sweep("logit_normal", overrides)
    words = command(sweep).split()[3:]
    options = dict(zip(words[::2], words[1::2], strict=True))
    again = dict([setting(options["--set"])]) if "--set" in options else {}
    epochs = int(options["--epochs"]) if "--epochs" in options else None
    settings = [f"{key}={value}" for key, value in again.items()]
    assert requested_sweep("logit_normal", "nowhere", epochs, settings).document == sweep.document


def test_the_index_links_the_reports(small_report, small_results):
    (small_results / "broken").mkdir()
    (small_results / "broken" / "sweep.json").write_text("{", encoding="utf-8")
    index = write_index(str(small_results))
    (link,) = Page(index).all("a")
    assert (small_results / link["href"]).samefile(small_report)
    assert "is damaged" in index.read_text(encoding="utf-8")


def test_the_same_page_is_made_where_no_training_library_can_be_had(small_report, small_results):
    first = small_report.read_bytes()
    ask = [sys.executable, "-c", BLOCKED, "report", "small", "--results", str(small_results)]
    done = subprocess.run(ask, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [str(small_report), "next: open it in a browser"]
    assert small_report.read_bytes() == first


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere"], "unknown sweep 'nowhere'"),
        ([], "name a sweep, or give --all"),
        (["small", "--all"], "name a sweep, or give --all"),
        (["--all"], "no results in 'results'"),
        (["../small"], "letters, digits"),
    ],
)
def test_bad_input_is_one_line(bsvae, arguments, says):
    done = bsvae("report", *arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert says in done.stderr


def test_a_damaged_part_is_one_line(bsvae, tmp_path):
    from sweeps.ledger.ledger import Ledger

    ledger = Ledger(tmp_path / "results", "quickstart")
    ledger.write_definition(read_sweep("quickstart").document)
    (ledger.folder / "trials").mkdir()
    (ledger.folder / "trials" / "0123456789abcdef.parquet").write_bytes(b"no")
    done = bsvae("report", "quickstart")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert not (ledger.folder / "report").exists()


def test_the_example_makes_table_3_of_parquet_alone(small_results, tmp_path):
    example = Path(__file__).parents[2] / "examples" / "table_3.py"
    ask = [sys.executable, str(example), str(small_results / "small" / "trials")]
    environment = os.environ | {"MPLBACKEND": "agg"}
    done = subprocess.run(
        ask, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in done.stdout.splitlines()]
    trials = pd.read_parquet(small_results / "small" / "trials")
    gaussian = trials.query("family == 'gaussian' and latent_dim == 2")["test_neg_elbo"].mean()
    (dimension_2,) = [row for row in rows if row[:1] == ["2"]]
    assert f"{gaussian:.2f}" in dimension_2
    assert (tmp_path / "table_3.png").stat().st_size > 5000
