from pathlib import Path

from sweeps.schema import data_dictionary

ROOT = Path(__file__).parent.parent


def test_the_data_dictionary_is_current():
    """If this fails: python -m sweeps.schema > results/README.md"""
    assert (ROOT / "results" / "README.md").read_text(encoding="utf-8") == data_dictionary()
