"""How a pack ends: every trial of it gets a row, or another chance."""

from collections.abc import Sequence

from bsvae.trial import Trial
from sweeps.ledger.checkpoints import discard
from sweeps.ledger.ledger import Ledger
from sweeps.ledger.notes import forget
from sweeps.plan.planner import Planner
from sweeps.plan.studies import Row
from sweeps.running.record import trial_row

#: How torch and Python say that a device's or this machine's memory did not suffice.
OUT_OF_MEMORY = ("OutOfMemoryError", "MemoryError", "DefaultCPUAllocator: can't allocate memory")


def settle(planner: Planner, ledger: Ledger, pack: Sequence[Trial], error: str) -> list[Row]:
    """Close a pack: tell the plan its committed rows, and give what has none another chance.

    Trials that failed together are handed back to be trained alone, since one of them may have
    failed the others; those that together were too large for the memory, in two halves; a trial
    that failed alone gets a failed row.  None goes on from a checkpoint that it failed with.
    Ledger first, tell second: a result that a search has heard of is always on disk.
    """
    trials = {trial.trial_id: trial for trial in pack}
    forget(ledger.files, planner.key_of(pack))  # if it could not do so itself
    rows = ledger.rows(trials)
    ended = {k: row for k, row in rows.items() if not error or row["status"] != "failed"}
    missing = [trial for trial_id, trial in trials.items() if trial_id not in ended]
    if missing:
        discard(ledger.files, planner.key_of(pack))
    if len(missing) > 1 and any(sign in error for sign in OUT_OF_MEMORY):
        print(f"\na pack of {len(pack)} ran out of memory: going on with halves", flush=True)
        planner.halve(missing)
    elif len(pack) > 1:
        planner.split(missing)
    elif missing:
        give_up(ledger, missing[0], error)
        ended = ledger.rows(trials)
    planner.tell(ended.values())
    return list(ended.values())


def give_up(ledger: Ledger, trial: Trial, error: str) -> None:
    """Record a trial that cannot be trained as failed, unless its result has come after all."""
    row = trial_row(trial) | {"status": "failed", "error": error or "no result"}
    if any(known["status"] != "failed" for known in ledger.rows([trial.trial_id]).values()):
        return
    ledger.commit(row)
