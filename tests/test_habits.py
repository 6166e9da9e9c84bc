"""The files that greet whoever comes to change something agree with each other."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_one_version_everywhere():
    citation = yaml.safe_load(read("CITATION.cff"))
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert re.search(r"^## \[(.*?)\]", read("CHANGELOG.md"), re.M)[1] == PROJECT["version"]


def test_every_source_that_the_readme_names_is_cited():
    cited = {source["title"] for source in yaml.safe_load(read("CITATION.cff"))["references"]}
    named = re.findall(r'^- "(.+?)",', read("README.md").partition("## Sources")[2], re.M)
    assert len(named) == 5
    assert cited == set(named)


def test_machines_run_what_people_run():
    job = yaml.safe_load(read(".github/workflows/test.yml"))["jobs"]["make"]
    targets = job["strategy"]["matrix"]["target"]
    assert {"lint", "test", "test-cluster"} <= set(targets) <= TARGETS
    assert job["steps"][-1] == {"run": "make ${{ matrix.target }}"}


def test_hooks_fetch_nothing():
    (local,) = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert local["repo"] == "local"
    assert {hook["language"] for hook in local["hooks"]} == {"system"}


def test_every_target_is_phony_and_says_what_it_does():
    text = read("Makefile")
    assert set(re.search(r"^\.PHONY: (.*)$", text, re.M)[1].split()) == TARGETS
    assert set(re.findall(r"^([a-z-]+):.*  ## \S", text, re.M)) == TARGETS
