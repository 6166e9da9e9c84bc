"""Ray Tune as the engine: one Tune trial is one pack.

The ledger is the truth and Tune is a disposable executor: nothing is restored from Tune's own
state, which lives in a scratch folder.  A fan-in `Searcher` hands out packs and settles them; a
supervisor starts a fresh Tuner until every wanted trial has a row.  This is the only file that
imports Ray.
"""

import contextlib
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

# Read by Ray when it is imported or started: a quiet Tune whose interrupt handling is ours, and, on
# one machine, listeners on the loopback interface alone (a side effect of the last switch).
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")
os.environ.setdefault("TUNE_DISABLE_SIGINT_HANDLER", "1")
os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
os.environ.setdefault("RAY_CHDIR_TO_TRIAL_DIR", "0")
os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")

import ray
from ray import tune
from ray.tune.search import Searcher

from bsvae.trial import BadInput, Trial
from sweeps.progress import Progress
from sweeps.search import Planner
from sweeps.worker import ATTEMPTS, Job, describe, settle, train_pack

#: Tuners started in a row without a single new row before the run gives up.
FRUITLESS_ROUNDS = 3

#: Seconds between a running pack's reports to the driver.
REPORT_INTERVAL = 1.0


class PackSearcher(Searcher):
    """Hands packs to Tune, and takes each one's committed rows when Tune says that it ended."""

    def __init__(self, planner: Planner, job: Job, progress: Progress) -> None:
        super().__init__(metric=None, mode=None)
        self.planner = planner
        self.job = job
        self.progress = progress
        self._packs: dict[str, list[Trial]] = {}
        self._errors: dict[str, str] = {}

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """The next pack as a Tune configuration; None while running packs must end first."""
        pack = self.planner.next_pack()
        if not pack:
            return None if self._packs else Searcher.FINISHED
        self._packs[trial_id] = pack
        self.progress.started(pack)
        return {"pack": [trial.as_dict() for trial in pack]}

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Follow a running pack."""
        if "error" in result:
            self._errors[trial_id] = result["error"]
        elif "epoch" in result:
            self.progress.epoch(self._packs[trial_id], result["epoch"])

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Settle a pack that ended, whether it trained or failed for good."""
        pack = self._packs.pop(trial_id)
        message = self._errors.pop(trial_id, "the process that trained it was lost")
        self.progress.settled(pack, settle(self.planner, self.job.ledger, pack, message))

    def save(self, checkpoint_path: str) -> None:
        """Nothing to save: the plan is rebuilt from the ledger."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing to restore."""


def run(new_planner: Callable[[int], Planner], job: Job) -> Planner:
    """Train on Ray until every wanted trial has a row.

    Args:
        new_planner: builds the plan from the ledger as it is, for a number of parallel packs.
        job: what the packs share; every node must see its results folder.

    Raises:
        BadInput: if the cluster cannot be reached.
        RuntimeError: if several Tuners in a row bring no new row.
    """
    fruitless = 0
    with _ray():
        while True:
            slots, resources = _slots()
            planner = new_planner(slots)
            if planner.finished:
                return planner
            before = planner.done
            progress = Progress(planner)
            failure = _fit(planner, job, progress, slots, resources)
            progress.close()
            if planner.finished:
                return planner
            fruitless = fruitless + 1 if planner.done == before else 0
            if fruitless == FRUITLESS_ROUNDS:
                raise RuntimeError(f"no new result in {fruitless} attempts: {failure}")
            print(f"Ray stopped early ({failure}); starting again", flush=True)
            time.sleep(1.0)


def _fit(
    planner: Planner,
    job: Job,
    progress: Progress,
    slots: int,
    resources: dict[str, float],
) -> str:
    """Run one Tuner to its end; returns why it stopped early, or nothing."""
    with tempfile.TemporaryDirectory(prefix="bsvae-tune-") as scratch:
        tuner = tune.Tuner(
            tune.with_resources(partial(_train, job=job), resources),
            tune_config=tune.TuneConfig(
                search_alg=PackSearcher(planner, job, progress),
                num_samples=-1,
                max_concurrent_trials=slots,
                reuse_actors=True,
                trial_name_creator=_pack_name,
                trial_dirname_creator=_pack_name,
            ),
            run_config=tune.RunConfig(
                name="packs",
                storage_path=scratch,
                verbose=0,
                failure_config=tune.FailureConfig(max_failures=ATTEMPTS - 1),
            ),
        )
        try:
            tuner.fit()
        except BadInput:
            raise
        except Exception as failure:
            return describe(failure)
    return ""


def _train(config: dict[str, Any], job: Job) -> None:
    """The Tune trainable: one pack, in a Ray worker."""
    trials = [Trial.of(values) for values in config["pack"]]
    reported = time.monotonic()

    def report(epoch: Any) -> None:
        nonlocal reported
        if epoch.last or time.monotonic() - reported >= REPORT_INTERVAL:
            reported = time.monotonic()
            tune.report({"epoch": epoch.number})

    try:
        train_pack(trials, job, report)
    except Exception as failure:
        tune.report({"error": describe(failure)})
        raise


def _pack_name(trial: Any) -> str:
    return f"pack_{trial.trial_id}"


def _slots() -> tuple[int, dict[str, float]]:
    """Packs that the cluster can train at once, and what each needs."""
    total = ray.cluster_resources()
    if gpus := int(total.get("GPU", 0)):
        return gpus, {"cpu": 1, "gpu": 1}
    return max(1, int(total.get("CPU", 1))), {"cpu": 1}


@contextlib.contextmanager
def _ray() -> Iterator[None]:
    """Ray on this machine, or the cluster at RAY_ADDRESS, for the time of a run.

    Files that Ray writes here, its access token among them, are readable by this user alone.
    """
    address = os.environ.get("RAY_ADDRESS") or "local"
    here = {"include_dashboard": False, "object_store_memory": 200_000_000}
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    mask = os.umask(0o077)
    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
            **(here if address == "local" else {}),
        )
    except (ConnectionError, OSError, ValueError) as error:
        raise BadInput(
            f"cannot reach Ray at {address!r} ({describe(error)}): check RAY_ADDRESS and "
            "RAY_AUTH_TOKEN, or unset RAY_ADDRESS to run on this machine"
        ) from None
    finally:
        os.umask(mask)
    try:
        yield
    finally:
        ray.shutdown()
