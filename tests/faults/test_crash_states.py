"""Every state in which a power cut may leave the ledger, by a model of what POSIX promises."""

import contextlib
import shutil
from collections.abc import Iterable
from pathlib import Path

import history
import mutations
import numpy as np
import pytest
from crash_states import Disk, State, rebuild, states
from history import entry
from operations import Killed, Log, Operation, watch

from bsvae.checks import BadInput
from sweeps.ledger import compaction
from sweeps.ledger.ledger import Entry, Ledger


def with_arrays(n: int) -> Entry:
    plain = entry(n)
    return Entry(plain.row, plain.curve, plain.gaussianity, {"codes": np.full(3, n)})


def write(ledger: Ledger, log: Log, *trials: int) -> None:
    ledger.commit_all(map(with_arrays, trials))
    log.append(Operation("promise", Path(), trials))


def session(folder: Path, log: Log) -> None:
    """A definition, two packs of which one is written again, a cache, another definition."""
    ledger = Ledger(folder, "s")
    ledger.write_definition({"epochs": 1})
    write(ledger, log, 0, 1)
    ledger.trials()
    write(ledger, log, 1, 2)
    ledger.write_definition({"epochs": 2})
    ledger.trials()


def recorded(folder: Path, mutation: str = "", calls: float = float("inf"), job=session) -> Log:
    """The operations of a session, or of its beginning if it is killed."""
    log = Log(calls)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compaction, "FEWEST", 2)
        watch(patch, log)
        mutations.apply(mutation, patch.setattr)
        with contextlib.suppress(Killed):
            job(folder, log)
    return log


def harm(operations: Iterable[Operation], state: State, root: Path, folder: Path) -> str:
    """What is wrong with a ledger that comes back like this."""
    shutil.rmtree(folder, ignore_errors=True)
    rebuild(state, root, folder)
    ledger = Ledger(folder / "results", "s")
    promises = [n for done in operations if done.name == "promise" for n in done.content]
    try:
        there = history.seen(map(ledger.table, ("trials", "epochs", "gaussianity")))
        for n in range(3):
            assert not there >> n & 1 or ledger.arrays(history.trial(n).trial_id)["codes"][0] == n
        definition = ledger.read_definition()
    except (BadInput, history.Torn, LookupError) as error:
        return f"{type(error).__name__}: {error}"
    lost = history.bits(promises) & ~there
    if lost or (promises and definition is None):
        return f"acknowledged and lost: {lost:b}, definition {definition}"
    return ""


def test_the_ledger_is_whole_in_every_state(tmp_path):
    operations = recorded(tmp_path / "live" / "results")
    checked = 0
    for number, state in states(operations):
        assert not harm(operations[:number], state, tmp_path / "live", tmp_path / "left")
        checked += 1
    print(f"{len(operations)} operations, {checked} states")
    assert checked > 2**6, "each of the files that the first rows need may be there or not"


@pytest.mark.parametrize("mutation", mutations.NAMES)
def test_a_writer_that_skips_a_step_is_found(tmp_path, mutation):
    operations = recorded(tmp_path / "live" / "results", mutation)
    places = tmp_path / "live", tmp_path / "left"
    found = states(operations, backwards=True)
    assert any(harm(operations[:number], state, *places) for number, state in found)


def go_on(folder: Path, log: Log) -> None:
    ledger = Ledger(folder, "s")
    ledger.write_definition({"epochs": 3})
    write(ledger, log, 0, 1)


def assert_who_comes_after_is_safe(folder: Path, kills: Iterable[int]) -> None:
    """A writer is killed after some of its calls; another one goes on; then the power fails."""
    for calls in kills:
        live = folder / str(calls)
        first = recorded(live / "results", calls=calls)
        operations = [done for done in first if done.name != "promise"]
        operations += recorded(live / "results", job=go_on)
        for state in Disk.after(operations).left():
            assert not harm(operations[-1:], state, live, folder / "left"), calls


def test_a_folder_that_a_killed_writer_left_unstored_harms_nobody(tmp_path):
    calls = enumerate(recorded(tmp_path / "whole" / "results"), 1)
    made = [number for number, operation in calls if operation.name == "make folder"]
    assert len(made) == 8
    assert_who_comes_after_is_safe(tmp_path, made)


@pytest.mark.faults
def test_a_writer_killed_at_any_call_harms_nobody_who_comes_after(tmp_path):
    whole = recorded(tmp_path / "whole" / "results")
    assert_who_comes_after_is_safe(tmp_path, range(len(whole)))
