import os
import random
import time

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sweeps
from bsvae.trial import BadInput, Trial
from sweeps.ledger.ledger import Ledger
from sweeps.ledger.schema import EPOCHS, TRIALS, VERSION


def rows(count):
    for n in range(count):
        trial = Trial(family="gaussian", latent_dim=2, seed=n)
        yield {"trial_id": trial.trial_id, **trial.as_dict(), "status": "done"}


def test_a_row_comes_back_as_it_was_written(tmp_path):
    ledger = Ledger(tmp_path, "s")
    (row,) = rows(1)
    row |= {"test_neg_elbo": 99.25, "error": None}
    ledger.commit(row, [{"trial_id": row["trial_id"], "epoch": e, "test_kl": 0.5} for e in (1, 2)])
    stored = ledger.rows()[row["trial_id"]]
    assert {key: stored[key] for key in row} == row
    assert ledger.table("epochs")["epoch"].tolist() == [1, 2]


def test_pandas_reads_the_folders_as_they_are(tmp_path):
    ledger = Ledger(tmp_path, "s")
    for row in rows(5):
        ledger.commit(row, [{"trial_id": row["trial_id"], "epoch": 1}])
    ledger.write_definition({"seeds": 5, "trial": {"family": "gaussian", "latent_dim": 2}})
    frame = pd.read_parquet(tmp_path / "s" / "trials")
    assert len(frame) == frame["trial_id"].nunique() == 5
    assert sweeps.load("s", results=tmp_path).shape == frame.shape
    assert len(sweeps.load("s", curves=True, results=tmp_path)) == 5


def test_files_carry_the_schema_with_units_and_meaning(tmp_path):
    ledger = Ledger(tmp_path, "s")
    for row in rows(1):
        ledger.commit(row)
    (part,) = (tmp_path / "s" / "trials").iterdir()
    schema = pq.read_schema(part)
    assert schema.equals(TRIALS, check_metadata=True)
    assert schema.metadata[b"schema_version"] == str(VERSION).encode()
    for table in (TRIALS, EPOCHS):
        assert all(field.metadata[b"doc"] for field in table)
    assert TRIALS.field("test_kl").metadata[b"unit"] == b"nats/image"


def test_writing_twice_is_writing_once(tmp_path):
    ledger = Ledger(tmp_path, "s")
    for _ in range(2):
        for row in rows(3):
            ledger.commit(row)
    assert len(ledger.trials()) == 3


def test_what_killed_writers_left_is_removed_a_day_later(tmp_path):
    files = Ledger(tmp_path, "s").files
    files.write({"trials/a.parquet": b"a", "sweep.json": b"{}"})
    old, new = (tmp_path / "s" / "trials" / f".{name}.parquet.1.f.tmp" for name in "bc")
    for path in (old, new):
        path.write_bytes(b"half of")
    os.utime(old, (0, time.time() - 90_000))
    files.tidy()
    assert not old.exists()
    assert new.exists()
    assert list(files.stamps("trials")) == ["a.parquet"]


def test_an_unknown_column_is_refused_and_nothing_written(tmp_path):
    with pytest.raises(ValueError, match="no such columns in the schema: surprise"):
        Ledger(tmp_path, "s").commit({"trial_id": "a", "surprise": 1})
    assert not list(tmp_path.rglob("*.parquet"))


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b[:100], lambda b: b[:-9] + b"x" * 9])
def test_a_damaged_part_is_named_and_nothing_is_skipped(tmp_path, damage):
    ledger = Ledger(tmp_path, "s")
    for row in rows(3):
        ledger.commit(row)
    part = sorted((tmp_path / "s" / "trials").iterdir())[1]
    part.write_bytes(damage(part.read_bytes()))
    with pytest.raises(BadInput, match=f"1 of 3 parts cannot be read: .*{part.name}"):
        ledger.trials()


def test_no_flipped_bit_changes_what_is_read(tmp_path):
    """Anywhere: Parquet's own checksums leave out the footer, which says how to read the rest."""
    ledger, chance = Ledger(tmp_path, "s"), random.Random(0)
    (row,) = rows(1)
    ledger.commit(row | {"test_neg_elbo": 99.25})
    (part,) = (tmp_path / "s" / "trials").iterdir()
    content, before, noticed = part.read_bytes(), ledger.rows(), 0
    for bit in chance.sample(range(8 * len(content)), 300):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        part.write_bytes(flipped)
        try:
            assert ledger.rows() == before, bit
        except BadInput:
            noticed += 1
    assert noticed > 290, "all but those in the digest's name"


def test_a_part_that_was_written_without_a_digest_is_read(tmp_path):
    ledger = Ledger(tmp_path, "s")
    (row,) = rows(1)
    ledger.commit(row)
    (part,) = (tmp_path / "s" / "trials").iterdir()
    assert b"sha256" in part.read_bytes()
    pq.write_table(pa.Table.from_pylist([row], schema=TRIALS), part)
    assert b"sha256" not in part.read_bytes()
    assert list(ledger.rows()) == [row["trial_id"]]


def test_leftovers_of_a_killed_writer_are_invisible(tmp_path):
    ledger = Ledger(tmp_path, "s")
    for row in rows(2):
        ledger.commit(row)
    (tmp_path / "s" / "trials" / ".x.parquet.1.abc.tmp").write_bytes(b"half")
    assert len(ledger.trials()) == len(pd.read_parquet(tmp_path / "s" / "trials")) == 2


def test_one_driver_at_a_time(tmp_path):
    with (
        Ledger(tmp_path, "s").driver_lock(),
        pytest.raises(BadInput, match=f"running already .process {os.getpid()}"),
        Ledger(tmp_path, "s").driver_lock(),
    ):
        pass
    with Ledger(tmp_path, "s").driver_lock():
        pass


def test_loading_what_was_never_run_says_so(tmp_path):
    with pytest.raises(BadInput, match=r"no results in .*: bsvae run quickstart"):
        sweeps.load("quickstart", results=tmp_path)
