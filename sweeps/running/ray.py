"""Ray Tune as the engine: one Tune trial is one pack.

The ledger is the truth and Tune is a disposable executor: nothing is restored from Tune's own
state, which lives in a scratch folder.  A fan-in `Searcher` hands out packs and settles them; a
supervisor starts a fresh Tuner until every wanted trial has a row.  Torch is imported by the
workers, and by the driver while Ray starts.
"""

from sweeps.running.ray_life import Slots, start, stop  # first: it sets what Ray reads

# isort: split
import contextlib
import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from ray import tune
from ray.tune.search import Searcher
from ray.tune.stopper import NoopStopper

from bsvae.trial import BadInput, Trial
from sweeps.ledger.checkpoints import discard
from sweeps.plan.planner import Planner
from sweeps.running.job import ATTEMPTS, LOSSES, GaveUp, Job, describe
from sweeps.running.progress import Progress
from sweeps.running.settle import give_up, settle

#: Tuners started in a row without a single new row before the run gives up.
FRUITLESS_ROUNDS = 5

#: More packs than any cluster trains at once: how many it is given is decided here, not by Tune.
NO_LIMIT = 100_000

#: What is known of a pack whose process did not live to say what went wrong.
LOST = f"the process that trained it was lost {LOSSES} times"

#: Seconds between a running pack's reports to the driver.
REPORT_INTERVAL = 1.0

#: Set in a worker in which a pack has failed: a GPU's fault stays with the process that met it.
_spoiled = threading.Event()


class Halt(tune.Stopper):
    """Ends all packs at once when a run cannot go on; they have their checkpoints."""

    def __init__(self, searcher: "PackSearcher") -> None:
        self._searcher = searcher

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """No pack ends for what it reports."""
        return False

    def stop_all(self) -> bool:
        """Whether the run cannot go on."""
        return self._searcher.broken is not None

    def __reduce__(self) -> Any:
        return NoopStopper, ()  # in Tune's own snapshots, which nobody reads


class PackSearcher(Searcher):
    """Hands packs to Tune, and takes each one's committed rows when Tune says that it ended."""

    def __init__(
        self,
        planner: Planner,
        job: Job,
        progress: Progress,
        slots: Slots,
        suspects: Collection[Trial],
    ) -> None:
        super().__init__(metric=None, mode=None)
        self.slots = slots
        self.suspects = set(suspects)
        self.planner = planner
        self.job = job
        self.progress = progress
        self.broken: Exception | None = None
        self._packs: dict[str, list[Trial]] = {}
        self._errors: dict[str, str] = {}

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """The next pack as a Tune configuration; None while running packs must end first."""
        if self.broken:
            return None if self._packs else Searcher.FINISHED
        if any(trial in self.suspects for pack in self._packs.values() for trial in pack):
            return None  # whatever stopped Ray must not stop others with it
        if len(self._packs) >= self.slots.count:
            return None
        pack = self.planner.next_pack()
        if not pack:
            return None if self._packs else Searcher.FINISHED
        self._packs[trial_id] = pack
        self.progress.started(pack)
        trials = [trial.as_dict() for trial in pack]
        return {"key": self.planner.key_of(pack), "pack": trials}

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Follow a running pack."""
        if "bad_input" in result:
            self.broken = BadInput(result["bad_input"])
        elif "gave_up" in result:
            self.broken = GaveUp(result["gave_up"])
        elif "error" in result:
            self._errors[trial_id] = result["error"]
        elif "epoch" in result and trial_id in self._packs:
            self.progress.epoch(self._packs[trial_id], result["epoch"])

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Settle a pack that ended, whether it trained or failed for good."""
        pack = self._packs.pop(trial_id)
        message = self._errors.pop(trial_id, LOST if error else "")
        if self.broken:
            return
        try:
            rows = settle(self.planner, self.job.ledger, pack, message)
        except Exception as failure:  # Tune would take it for a failure of the pack
            self.broken = failure
        else:
            self.progress.settled(pack, rows)

    def save(self, checkpoint_path: str) -> None:
        """Nothing to save: the plan is rebuilt from the ledger."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing to restore."""


def run(new_planner: Callable[[int, str], Planner], job: Job) -> Planner:
    """Train on Ray until every wanted trial has a row; Ray may run already, and still does then.

    Args:
        new_planner: builds the plan from the ledger as it is, for a number of parallel packs and
            a kind of device (``cpu`` or ``cuda``).
        job: what the packs share; every node must see its results folder.

    Raises:
        BadInput: if the cluster cannot be reached, or its workers cannot use the data.
        GaveUp: if several Tuners in a row bring no new row.
    """
    fruitless, crashes = 0, Counter[Trial]()
    while True:
        start()
        slots = Slots()
        planner = new_planner(slots.count, slots.device)
        suspects = _quarantine(planner, job, crashes)
        if planner.finished:
            return planner
        before = planner.done
        with Progress(planner) as progress:
            failure = _fit(PackSearcher(planner, job, progress, slots, suspects))
        if planner.finished:
            return planner
        stop()
        crashes.update(planner.running.values())
        fruitless = fruitless + 1 if planner.done == before else 0
        if fruitless == FRUITLESS_ROUNDS:
            raise GaveUp(f"no new result in {fruitless} attempts: {failure}")
        print(f"Ray stopped early ({failure}); starting again", flush=True)


def _quarantine(planner: Planner, job: Job, crashes: Counter[Trial]) -> list[Trial]:
    """Have trials that were running each time Ray stopped trained alone, and at last given up.

    The first time was anyone's fault: their packs go on, from where they have checkpoints.
    """
    suspects = [trial for pack in planner.groups() for trial in pack if crashes[trial] > 1]
    planner.isolate(suspects)
    for key, pack in planner.under_way.items():
        if not set(pack).isdisjoint(suspects):
            discard(job.ledger.files, key)
    for trial in suspects:
        if crashes[trial] > ATTEMPTS + 1:
            give_up(job.ledger, trial, "Ray stopped each time that it was trained")
            planner.tell(job.ledger.rows([trial.trial_id]).values())
    return suspects


def _fit(searcher: PackSearcher) -> str:
    """Run one Tuner to its end; returns why it stopped early, or nothing."""
    cuda = searcher.slots.device == "cuda"
    resources: dict[str, float] = {"cpu": 1, "gpu": 1} if cuda else {"cpu": 1}
    job = searcher.job
    with _scratch(job) as scratch:
        tuner = tune.Tuner(
            tune.with_resources(partial(_train, job=job), resources),
            tune_config=tune.TuneConfig(
                search_alg=searcher,
                num_samples=-1,
                max_concurrent_trials=NO_LIMIT,
                reuse_actors=True,
                trial_name_creator=_pack_name,
                trial_dirname_creator=_pack_name,
            ),
            run_config=tune.RunConfig(
                name="packs",
                stop=Halt(searcher),
                storage_path=scratch,
                verbose=0,
                failure_config=tune.FailureConfig(max_failures=LOSSES - 1),
            ),
        )
        try:
            tuner.fit()
        except Exception as failure:
            if searcher.broken:
                raise searcher.broken from None
            return describe(failure)
    if searcher.broken:
        raise searcher.broken
    return "" if searcher.planner.finished else "not every trial got a result"


def _train(config: dict[str, Any], job: Job) -> None:
    """The Tune trainable: one pack, in a Ray worker."""
    from sweeps.running.worker import attempt

    if _spoiled.is_set():
        os._exit(1)  # a new process takes over
    trials = [Trial.of(values) for values in config["pack"]]
    reported = time.monotonic()

    def report(epoch: Any) -> None:
        nonlocal reported
        if epoch.last or time.monotonic() - reported >= REPORT_INTERVAL:
            reported = time.monotonic()
            tune.report({"epoch": epoch.number})

    try:
        if error := attempt(trials, job, report, config["key"]):
            _spoiled.set()
            tune.report({"error": error})
    except BadInput as failure:
        tune.report({"bad_input": str(failure)})
    except GaveUp as failure:
        tune.report({"gave_up": str(failure)})


def _pack_name(trial: Any) -> str:
    return f"pack_{trial.trial_id}"


@contextlib.contextmanager
def _scratch(job: Job) -> Iterator[str]:
    """A folder for Tune's own files, one for each sweep, so that a killed run's is taken over."""
    name = hashlib.sha256(f"{job.results}/{job.sweep}".encode()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"bsvae-tune-{os.getuid()}-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield str(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
