"""Ray Tune as the engine: one Tune trial is one pack.

The ledger is the truth and Tune is a disposable executor: nothing is restored from Tune's own
state, which lives in a scratch folder.  A fan-in `Searcher` hands out packs and settles them; a
supervisor starts a fresh Tuner until every wanted trial has a row.  Torch is imported by the
workers, and by the driver while Ray starts.
"""

import contextlib
import hashlib
import logging
import os
import secrets
import shutil
import socket
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module
from pathlib import Path
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
from ray.exceptions import RayError
from ray.tune.search import Searcher

from bsvae.trial import BadInput, Trial
from sweeps.job import ATTEMPTS, GaveUp, Job, describe
from sweeps.planner import Planner
from sweeps.progress import Progress
from sweeps.settle import give_up, settle
from sweeps.stored_packs import discard

#: Tuners started in a row without a single new row before the run gives up.
FRUITLESS_ROUNDS = 5

#: The resource by which a head announces the GPUs of its cluster when all nodes are up.
GPUS_AT_MOST = "gpus_at_most"

#: Seconds between a running pack's reports to the driver.
REPORT_INTERVAL = 1.0


class PackSearcher(Searcher):
    """Hands packs to Tune, and takes each one's committed rows when Tune says that it ended."""

    def __init__(
        self, planner: Planner, job: Job, progress: Progress, suspects: Collection[Trial]
    ) -> None:
        super().__init__(metric=None, mode=None)
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
        pack = self.planner.next_pack()
        if not pack:
            return None if self._packs else Searcher.FINISHED
        self._packs[trial_id] = pack
        self.progress.started(pack)
        return {"pack": [trial.as_dict() for trial in pack]}

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Follow a running pack."""
        if "bad_input" in result:
            self.broken = BadInput(result["bad_input"])
        elif "error" in result:
            self._errors[trial_id] = result["error"]
        elif "epoch" in result and trial_id in self._packs:
            self.progress.epoch(self._packs[trial_id], result["epoch"])

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Settle a pack that ended, whether it trained or failed for good."""
        pack = self._packs.pop(trial_id)
        message = self._errors.pop(trial_id, "the process that trained it was lost")
        if self.broken:
            return
        try:
            rows = settle(self.planner, self.job.ledger, pack, message if error else "")
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
        slots, device = _slots()
        planner = new_planner(slots, device)
        suspects = _quarantine(planner, job, crashes)
        if planner.finished:
            return planner
        before = planner.done
        progress = Progress(planner)
        failure = _fit(PackSearcher(planner, job, progress, suspects), slots, device)
        progress.close()
        if planner.finished:
            return planner
        stop()
        crashes.update(planner.running.values())
        fruitless = fruitless + 1 if planner.done == before else 0
        if fruitless == FRUITLESS_ROUNDS:
            raise GaveUp(f"no new result in {fruitless} attempts: {failure}")
        print(f"Ray stopped early ({failure}); starting again", flush=True)


def start() -> None:
    """Start Ray on this machine, or join the cluster at RAY_ADDRESS, unless that has been done.

    Starting Ray is mostly waiting: another thread imports meanwhile what the driver needs next.

    Raises:
        BadInput: if the cluster cannot be reached.
        GaveUp: if Ray does not start in time.
    """
    if ray.is_initialized():
        return
    with ThreadPoolExecutor(1) as thread:
        thread.submit(import_module, "sweeps.worker")
        _start()  # in this thread: the kernel ends Ray with the thread that started it


def stop() -> None:
    """Stop Ray, or leave the cluster."""
    ray.shutdown()


def _quarantine(planner: Planner, job: Job, crashes: Counter[Trial]) -> list[Trial]:
    """Have trials that were running each time Ray stopped trained alone, and at last given up.

    The first time was anyone's fault: their packs go on, from where they have checkpoints.
    """
    suspects = [trial for pack in planner.groups() for trial in pack if crashes[trial] > 1]
    planner.isolate(suspects)
    if suspects:
        discard(job.ledger.files, suspects)
    for trial in suspects:
        if crashes[trial] > ATTEMPTS + 1:
            give_up(job.ledger, trial, "Ray stopped each time that it was trained")
            planner.tell(job.ledger.rows([trial.trial_id]).values())
    return suspects


def _fit(searcher: PackSearcher, slots: int, device: str) -> str:
    """Run one Tuner to its end; returns why it stopped early, or nothing."""
    resources: dict[str, float] = {"cpu": 1, "gpu": 1} if device == "cuda" else {"cpu": 1}
    job = searcher.job
    with _scratch(job) as scratch:
        tuner = tune.Tuner(
            tune.with_resources(partial(_train, job=job), resources),
            tune_config=tune.TuneConfig(
                search_alg=searcher,
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
        except Exception as failure:
            if searcher.broken:
                raise searcher.broken from None
            return describe(failure)
    if searcher.broken:
        raise searcher.broken
    return "" if searcher.planner.finished else "not every trial got a result"


def _train(config: dict[str, Any], job: Job) -> None:
    """The Tune trainable: one pack, in a Ray worker."""
    from sweeps.worker import train_pack

    trials = [Trial.of(values) for values in config["pack"]]
    reported = time.monotonic()

    def report(epoch: Any) -> None:
        nonlocal reported
        if epoch.last or time.monotonic() - reported >= REPORT_INTERVAL:
            reported = time.monotonic()
            tune.report({"epoch": epoch.number})

    try:
        train_pack(trials, job, report)
    except BadInput as failure:
        tune.report({"bad_input": str(failure)})
    except Exception as failure:
        tune.report({"error": describe(failure)})
        raise


def _pack_name(trial: Any) -> str:
    return f"pack_{trial.trial_id}"


def _slots() -> tuple[int, str]:
    """Packs that the cluster can train at once, and on what.

    A cluster that grows on demand has no GPU yet when a sweep starts; its head then says how many
    there can be, as a custom resource.
    """
    total = ray.cluster_resources()
    if gpus := int(max(total.get("GPU", 0), total.get(GPUS_AT_MOST, 0))):
        return gpus, "cuda"
    return max(1, int(total.get("CPU", 1))), "cpu"


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


def _start() -> None:
    address = os.environ.get("RAY_ADDRESS") or "local"
    here = {"include_dashboard": False, "object_store_memory": 200_000_000}
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    _protect_token(create=address == "local")
    try:
        _check_reachable(address)
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
            **(here if address == "local" else {}),
        )
    except (OSError, ValueError, RuntimeError, RayError) as error:
        raise BadInput(
            f"cannot reach Ray at {address!r} ({describe(error)}): check RAY_ADDRESS and "
            "RAY_AUTH_TOKEN, or unset RAY_ADDRESS to run on this machine"
        ) from None
    except Exception as error:  # Ray has no other word for a machine too busy to start it in time
        raise GaveUp(f"Ray did not start ({describe(error)})") from None


def _protect_token(create: bool) -> None:
    """Let nobody else read the access token in the home folder, which Ray would make readable."""
    folder = Path.home() / ".ray"
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    token = folder / "auth_token"
    if create and not token.exists():
        with tempfile.NamedTemporaryFile("w", dir=folder) as file:  # mode 0600
            file.write(secrets.token_hex(32))
            file.flush()
            with contextlib.suppress(FileExistsError):  # another run was faster
                os.link(file.name, token)
    with contextlib.suppress(FileNotFoundError):
        token.chmod(0o600)


def _check_reachable(address: str) -> None:
    """Fail at once where Ray itself would try for minutes; only HOST:PORT can be checked."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal() and "/" not in address:
        socket.create_connection((host, int(port)), timeout=5).close()
