"""Packs in training, and packs that will go on, as the files beside the results tell of them."""

import math
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bsvae.metrics import METRICS
from bsvae.trial import Trial
from sweeps.ledger.checkpoints import stored_epochs, stored_trials
from sweeps.ledger.ledger import Ledger
from sweeps.ledger.notes import Note, Notes
from sweeps.results.pace import Part, kind_of

#: Epochs and values of a metric after them.
Curve = tuple[tuple[int, float], ...]

#: What is shown of a pack whose epochs do not measure the sweep's objective: the first there is.
INSTEAD = ("valid_neg_elbo", "test_neg_elbo", "train_objective")

#: Latent dimensions of a pack that are listed one by one.
LISTED = 5


@dataclass(frozen=True)
class RunningPack:
    """Trials that are trained together, or will go on together, as far as they have come.

    Attributes:
        key: names the pack.
        label: its trials in words, ``3 gaussian, latent_dim 2, 4, 8``.
        trial_ids: its trials; those that have ended already are left out.
        kind: family, latent dimension and epochs of the first of them.
        epoch: epochs trained; for a pack that goes on, at its last checkpoint.
        epochs: epochs wanted.
        metric: what ``latest`` and the curves show; empty before the first epoch.
        latest: its value for the best of the trials after the last epoch; None before the first.
        curves: the metric of every trial after each epoch, some epochs left out; the best first.
        seconds: for how long it has been trained, in all.
        heard: seconds since it was last heard of; infinite for one that is not in training.
    """

    key: str
    label: str
    trial_ids: tuple[str, ...]
    kind: tuple[str, int | None, int]
    epoch: int
    epochs: int
    metric: str = ""
    latest: float | None = None
    curves: tuple[Curve, ...] = ()
    seconds: float = 0.0
    heard: float = math.inf

    @property
    def in_training(self) -> bool:
        """Whether it is being trained, as opposed to lying there to go on."""
        return math.isfinite(self.heard)

    @property
    def parts(self) -> list[Part]:
        """Its trials, for `sweeps.results.pace`."""
        return [Part(self.kind, self.epoch)] * len(self.trial_ids)


class Packs:
    """Looks at a sweep's packs again and again, and reads again only what has changed."""

    def __init__(self) -> None:
        self._notes = Notes()
        self._stored: dict[str, list[Trial]] = {}

    def look(
        self, ledger: Ledger, objective: str, ended: Collection[str] = (), driver: bool = True
    ) -> list[RunningPack]:
        """The packs as they are now: first those in training, then those that will go on.

        Args:
            ledger: the sweep's.
            objective: the metric that ranks its trials.
            ended: trials that have a row.
            driver: whether a run holds the sweep; notes that nobody is there to write are old.
        """
        notes = self._notes.read(ledger.files) if driver else {}
        packs = [_noted(key, note, objective, ended) for key, note in notes.items()]
        running = [pack for pack in packs if pack]
        return [*running, *self._going_on(ledger, ended, {pack.key for pack in running})]

    def _going_on(
        self, ledger: Ledger, ended: Collection[str], running: Collection[str]
    ) -> Iterator[RunningPack]:
        """Every pack's file is read once, for its trials; those that left it since have rows."""
        epochs = {k: n for k, n in stored_epochs(ledger.files).items() if k not in running}
        known = {key: trials for key, trials in self._stored.items() if key in epochs and trials}
        new = {key: stored_trials(ledger.files, key) for key in epochs.keys() - known.keys()}
        self._stored = known | new
        for key, epoch in epochs.items():
            trials = [t for t in self._stored[key] if t.trial_id not in ended]
            if trials:
                fields = [vars(trial) for trial in trials]
                ids = tuple(trial.trial_id for trial in trials)
                kind = kind_of(fields[0])
                yield RunningPack(key, _label(fields), ids, kind, epoch, trials[0].epochs)


def running_packs(ledger: Ledger, objective: str = "test_neg_elbo") -> list[RunningPack]:
    """The packs that are in training now, of a sweep that some run holds."""
    if not ledger.driver():
        return []
    return [pack for pack in Packs().look(ledger, objective) if pack.in_training]


def _noted(key: str, note: Note, objective: str, ended: Collection[str]) -> RunningPack | None:
    """A pack by its note; None if its trials have all ended, or the note says something else."""
    try:
        trials = [t for t in note["trials"] if t["trial_id"] not in ended]
        if not trials:
            return None
        fields, latest = [t["fields"] for t in trials], [t["latest"] for t in trials]
        metric = next((n for n in (objective, *INSTEAD) if any(n in shown for shown in latest)), "")
        order = _best_first([shown.get(metric) for shown in latest], metric)
        return RunningPack(
            key,
            _label(fields),
            tuple(t["trial_id"] for t in trials),
            kind_of(fields[0]),
            note["epoch"],
            fields[0].get("epochs") or 0,
            metric,
            latest[order[0]].get(metric),
            tuple(_curve(trials[place]["curve"], metric) for place in order),
            max(t["seconds"] for t in trials),
            max(0.0, time.time() - note["updated"]),
        )
    except (KeyError, TypeError, AttributeError):  # of another version
        return None


def _best_first(values: Sequence[float | None], metric: str) -> list[int]:
    """Places of values, best first; those that are missing last."""
    costs = [METRICS[metric].cost(value) if metric else 0.0 for value in values]
    return sorted(range(len(costs)), key=costs.__getitem__)


def _curve(points: Mapping[str, Sequence[Any]], metric: str) -> Curve:
    pairs = zip(points.get("epoch", ()), points.get(metric, ()), strict=False)
    return tuple((epoch, value) for epoch, value in pairs if value is not None)


def _label(trials: Sequence[Mapping[str, Any]]) -> str:
    """Trials of one fusion key in words.

    >>> _label([{"family": "gaussian", "latent_dim": d} for d in (4, 2, 4)])
    '3 gaussian, latent_dim 2, 4'
    """
    sizes = sorted({t["latent_dim"] for t in trials if t.get("latent_dim")})
    some = [*map(str, sizes)] if len(sizes) <= LISTED else [f"{sizes[0]} to {sizes[-1]}"]
    return f"{len(trials)} {trials[0]['family']}" + (
        f", latent_dim {', '.join(some)}" if sizes else ""
    )
