"""Whatever is thrown at the readers: a result or one clean error, and nothing stored is changed."""

import json
import shutil

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bsvae.catalogue import DATASETS, FAMILIES
from bsvae.datasets import load
from bsvae.metrics import METRICS
from bsvae.trial import FIELDS, BadInput, Trial
from sweeps.cli.asked import setting
from sweeps.definition.file import read_sweep
from sweeps.definition.parse import parse
from sweeps.definition.search import SEARCHABLE
from sweeps.ledger.ledger import Ledger

MANY = settings(
    max_examples=500,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
FEW = settings(MANY, max_examples=100)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-2, 5),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from([*FAMILIES, *DATASETS, *METRICS]),
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
fields = st.sampled_from([*FIELDS, "latent_dims", ""])
trials = st.dictionaries(fields, scalars, max_size=5) | anything
grids = st.lists(st.dictionaries(fields, st.lists(scalars, max_size=3) | scalars, max_size=3))
bounds = {"low": scalars, "high": scalars, "log": scalars}
ranges = st.fixed_dictionaries({}, optional=bounds) | anything
searches = st.dictionaries(st.sampled_from([*SEARCHABLE, "seed"]), ranges, max_size=2)
documents = st.fixed_dictionaries(
    {},
    optional={
        "about": anything,
        "extras": anything,
        "trial": trials,
        "grid": grids | anything,
        "search": st.dictionaries(st.sampled_from([*SEARCHABLE, "seed"]), ranges, max_size=2)
        | anything,
        "optuna": st.dictionaries(
            st.sampled_from(["trials", "round", "objectives", "seed", "x"]), anything, max_size=3
        ),
        "halving": st.dictionaries(st.sampled_from(["eta", "min_epochs"]), scalars) | anything,
        "typo": anything,
    },
)


def accepted(read, *arguments):
    """What a reader returns, or None if it refuses with a message."""
    try:
        return read(*arguments)
    except BadInput as error:
        if not str(error):
            raise
        return None


@MANY
@given(documents)
def test_any_document_is_a_sweep_or_refused(document):
    if sweep := accepted(parse, "s", document, {}):
        assert sweep.wanted >= len(sweep.cells) > 0
        assert parse("s", json.loads(json.dumps(sweep.document)), {}) == sweep


@MANY
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda b: b.decode("latin-1")))
def test_any_text_is_a_sweep_or_refused(tmp_path, text):
    path = tmp_path / "my.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=r"my\.toml"):
        read_sweep(str(path))


@MANY
@given(st.dictionaries(fields, scalars, max_size=6))
def test_any_fields_are_a_trial_or_refused(values):
    if trial := accepted(Trial.of, values):
        assert Trial.of(json.loads(json.dumps(trial.as_dict()))).trial_id == trial.trial_id


@MANY
@given(st.text(max_size=60))
def test_any_setting_is_a_pair_or_refused(text):
    if pair := accepted(setting, text):
        assert isinstance(pair[0], str)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A small real ledger."""
    folder = tmp_path_factory.mktemp("stored")
    trial = Trial(family="gaussian", latent_dim=2)
    for number in range(3):
        row = {"trial_id": f"{number:016}", "status": "done", **trial.as_dict()}
        Ledger(folder, "s").commit(row, [{"trial_id": row["trial_id"], "epoch": 1}])
    return folder


def damaged(content, cut, position, noise):
    """Some bytes with a piece overwritten, cut short or made longer."""
    position %= len(content) + 1
    return (content[:position] + noise + content[position + len(noise) :])[
        : cut % (2 * len(content))
    ]


@FEW
@example(cut=518637, position=105932720, noise=b"\x80")  # a column's name that is no text
@given(st.integers(0), st.integers(0), st.binary(max_size=30))
def test_a_damaged_part_is_named_or_harmless_and_nothing_is_changed(
    stored, tmp_path, cut, position, noise
):
    shutil.rmtree(tmp_path / "copy", ignore_errors=True)
    shutil.copytree(stored, tmp_path / "copy")
    folder = tmp_path / "copy" / "s" / "trials"
    part = sorted(folder.glob("*.parquet"))[1]
    part.write_bytes(damaged(part.read_bytes(), cut, position, noise))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    rows = accepted(Ledger(tmp_path / "copy", "s").rows)
    assert rows in (None, Ledger(stored, "s").rows())
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


NAMES = [f"{part}-{kind}" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
HEADERS = [b"", b"\0\0\x08\x03", b"\0\0\x08\x01\0\0\xea\x60", b"<html>"]


@FEW
@given(st.sampled_from(NAMES), st.sampled_from(HEADERS), st.binary(max_size=60))
def test_any_bytes_as_mnist_are_refused(tmp_path, name, header, rest):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    (raw / f"{name}-ubyte").write_bytes(header + rest)
    with pytest.raises(BadInput, match=r"MNIST|ubyte"):
        load("mnist", tmp_path)
