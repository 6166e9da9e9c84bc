"""The cache of a ledger's tables: nobody may notice it, whatever happens to it or to the parts."""

import io
import os

import pandas as pd
import pyarrow.parquet as pq
import pytest

from bsvae.checks import BadInput
from bsvae.trial import Trial
from sweeps.ledger import compaction
from sweeps.ledger.ledger import Entry, Ledger


@pytest.fixture(autouse=True)
def _few_parts_are_worth_a_cache(monkeypatch):
    monkeypatch.setattr(compaction, "FEWEST", 2)


def entry(seed, **changes):
    trial = Trial(family="gaussian", latent_dim=2, seed=seed)
    row = {"trial_id": trial.trial_id, **trial.as_dict(), "status": "done"}
    curve = [{"trial_id": trial.trial_id, "epoch": e, "test_kl": seed / 2} for e in (1, 2)]
    return Entry(row | {"test_kl": seed / 2} | changes, curve)


def filled(folder, count=4):
    """A ledger with some trials whose tables have been read, and so cached."""
    ledger = Ledger(folder, "s")
    ledger.commit_all(map(entry, range(count)))
    for name in ("trials", "epochs"):
        ledger.table(name)
    return ledger


def part(ledger, seed, table="trials"):
    return ledger.folder / table / f"{entry(seed).row['trial_id']}.parquet"


def spoil(path):
    """Damage a file so that its size, time and inode stay what they were."""
    stat = path.stat()
    path.write_bytes(bytes(stat.st_size))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


@pytest.mark.parametrize("table", ["trials", "epochs"])
def test_a_part_that_has_not_changed_is_not_read_again(tmp_path, table):
    ledger = filled(tmp_path)
    before = ledger.table(table)
    raw = pd.read_parquet(ledger.folder / table)
    assert len(before) == len(raw) == (4 if table == "trials" else 8)
    spoil(part(ledger, 1, table))
    assert ledger.table(table).equals(before)


def test_new_replaced_and_deleted_parts_are_noticed(tmp_path):
    ledger = filled(tmp_path)
    ledger.commit_all([entry(9)])
    assert sorted(ledger.trials()["seed"]) == [0, 1, 2, 3, 9]
    ledger.commit_all([entry(2, status="failed")])
    part(ledger, 3).unlink()
    for _ in range(2):
        status = ledger.trials().set_index("seed")["status"]
        assert status.to_dict() == {0: "done", 1: "done", 2: "failed", 9: "done"}
    assert len(ledger.rows()) == len(ledger.rows(columns=["trial_id", "status"])) == 4


def test_a_part_replaced_within_a_tick_of_the_clock_is_noticed(tmp_path):
    ledger = filled(tmp_path)
    stat = part(ledger, 1).stat()
    ledger.commit_all([entry(1, test_kl=77.0)])
    os.utime(part(ledger, 1), ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert part(ledger, 1).stat().st_size == stat.st_size
    assert 77.0 in ledger.trials()["test_kl"].tolist()


def test_a_part_that_is_damaged_later_is_named(tmp_path):
    ledger = filled(tmp_path)
    part(ledger, 2).write_bytes(b"damaged")
    with pytest.raises(BadInput, match=f"cannot be read: .*{part(ledger, 2).name}; delete"):
        ledger.trials()


def _of_another_version(content):
    table = pq.read_table(io.BytesIO(content))
    metadata = table.schema.metadata | {b"schema_version": b"0"}
    sink = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-100],
        lambda content: content.replace(b'"rows"', b'"sown"'),
        lambda content: content[:4] + bytes(len(content) // 3) + content[4 + len(content) // 3 :],
        _of_another_version,
    ],
)
def test_a_cache_that_cannot_be_used_is_done_without_and_replaced(tmp_path, damage):
    ledger = filled(tmp_path)
    before = ledger.trials()
    cache = ledger.folder / ".cache" / "trials.parquet"
    good = cache.read_bytes()
    assert damage(good) != good
    cache.write_bytes(damage(good))
    assert ledger.trials().equals(before)
    spoil(part(ledger, 0))
    assert ledger.trials().equals(before), "from the new cache"


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    ledger = Ledger(tmp_path, "s")
    ledger.commit_all(map(entry, range(4)))
    (ledger.folder / ".cache").write_bytes(b"")  # a file where its folder would be
    for _ in range(2):
        assert len(ledger.trials()) == 4
    assert (ledger.folder / ".cache").is_file()


def test_only_some_columns_are_those_columns_cached_or_not(tmp_path):
    ledger = Ledger(tmp_path, "s")
    ledger.commit_all(map(entry, range(4)))
    columns = ("trial_id", "seed")
    cold, warm = ledger.rows(columns=columns), ledger.rows(columns=columns)
    assert cold == warm
    assert {tuple(row) for row in cold.values()} == {columns}
    assert len(ledger.trials().columns) > 50, "the cache has all columns"


def test_no_row_is_ever_seen_without_its_curve(tmp_path, monkeypatch):
    """A pack's commit is broken off at each of its renamings in turn."""
    rename, entries = os.replace, [entry(seed) for seed in range(3)]
    for allowed in range(7):
        ledger, left = Ledger(tmp_path / str(allowed), "s"), iter(range(allowed))

        def broken(source, target, left=left):
            if next(left, None) is None:
                raise OSError(28, "No space left on device")
            rename(source, target)

        monkeypatch.setattr(os, "replace", broken)
        if allowed < 6:
            with pytest.raises(OSError, match="No space"):
                ledger.commit_all(entries)
        else:
            ledger.commit_all(entries)
        rows, curves = ledger.files.stamps("trials"), ledger.files.stamps("epochs")
        assert len(rows) + len(curves) == allowed
        assert not rows or len(curves) == 3
        assert not list(ledger.folder.rglob("*.tmp"))
