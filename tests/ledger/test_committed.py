"""The results that are committed: every row is read, and is still the trial whose id it has."""

from pathlib import Path

import pyarrow as pa
import pytest

from bsvae.trial import FIELDS, Trial
from sweeps.ledger.compaction import FEWEST
from sweeps.ledger.ledger import Entry, Ledger
from sweeps.ledger.parts import encode
from sweeps.ledger.schema import TABLES, TRIALS

RESULTS = Path(__file__).parents[2] / "results"
SWEEPS = sorted(path.name for path in RESULTS.iterdir() if path.is_dir())
OLD = "f" * 16


@pytest.mark.parametrize("sweep", SWEEPS)
def test_the_ids_of_all_committed_rows_are_those_of_their_fields(sweep):
    rows = Ledger(RESULTS, sweep).rows()
    assert rows
    for trial_id, row in rows.items():
        assert Trial.of({name: row[name] for name in FIELDS}).trial_id == trial_id


@pytest.mark.parametrize("sweep", SWEEPS)
def test_rows_of_earlier_columns_are_read_with_nulls(sweep):
    ledger = Ledger(RESULTS, sweep)
    for name in TABLES:
        table = ledger.table(name)
        assert list(table.columns) == TABLES[name].names
    assert len(ledger.trials()) == len(list((RESULTS / sweep / "trials").glob("*.parquet")))


def test_a_part_without_a_column_is_read_beside_one_that_has_it(tmp_path):
    ledger = Ledger(tmp_path, "s")
    rows = [{"trial_id": f"{n:016x}", "status": "done", "validation": 300} for n in range(FEWEST)]
    ledger.commit_all(map(Entry, rows))
    assert ledger.trials().validation.eq(300).all()  # and now there is a cache
    without = [column for column in TRIALS if column.name not in ("validation", "valid_neg_elbo")]
    earlier = pa.schema(without, metadata=TRIALS.metadata)
    old = encode([{"trial_id": OLD, "status": "done", "test_neg_elbo": 1.0}], earlier)
    ledger.files.write({f"trials/{OLD}.parquet": old})
    trials = ledger.trials().set_index("trial_id")
    assert len(trials) == FEWEST + 1
    assert trials.validation.isna()[OLD]
    assert trials.test_neg_elbo[OLD] == 1.0
    assert trials.validation.drop(OLD).eq(300).all()
    assert ledger.rows([OLD])[OLD]["valid_neg_elbo"] is None
