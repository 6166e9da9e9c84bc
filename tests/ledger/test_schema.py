from pathlib import Path

from sweeps.ledger.schema import data_dictionary

ROOT = Path(__file__).parents[2]


def test_the_data_dictionary_is_current():
    """If this fails: python -m sweeps.ledger.schema > results/README.md"""
    assert (ROOT / "results" / "README.md").read_text(encoding="utf-8") == data_dictionary()
