"""What a reader should not trust of a sweep, in sentences computed from its rows."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bsvae.checks import BadInput
from bsvae.metrics import EPOCH_METRICS
from sweeps.definition.file import read_sweep, shipped
from sweeps.results.answers import best
from sweeps.results.cells import cells
from sweeps.results.effects import with_kind
from sweeps.results.outcome import Outcome
from sweeps.results.words import field_words
from sweeps.text import counted

#: Fewest seeds of which an error says much.
FEW_SEEDS = 3

#: A curve that fell by more than this share of its value in its last tenth has not converged.
STILL_FALLING = 0.005

#: How near the end of a searched range is at its edge, as a share of the range.
EDGE = 0.03


def doubts(outcome: Outcome) -> list[str]:
    """Sentences, the gravest first; none where there is nothing to doubt."""
    if outcome.done.empty:
        return []
    return [
        *_unfinished(outcome),
        *_on_test(outcome),
        *_seeds(outcome),
        *_undecided(outcome),
        *_short(outcome),
        *_collapsed(outcome),
        *_edges(outcome),
        *_kinds(outcome),
        *_others(outcome),
    ]


def converged(outcome: Outcome) -> set[str]:
    """Ids of done trials whose loss changed by less than `STILL_FALLING` in their last tenth."""
    curves = outcome.epochs[outcome.epochs["trial_id"].isin(outcome.done["trial_id"])]
    curves = curves[["trial_id", "epoch", "train_objective"]].dropna()
    last = curves.groupby("trial_id")["epoch"].transform("max")
    late = curves[curves["epoch"] >= (0.9 * last).clip(upper=last - 1)].sort_values("epoch")
    grouped = late.groupby("trial_id")["train_objective"]
    ends = pd.DataFrame({"first": grouped.first(), "last": grouped.last(), "n": grouped.size()})
    settled = (ends["first"] - ends["last"]).abs() <= STILL_FALLING * ends["last"].abs()
    return set(ends.index[settled & (ends["n"] > 1)])


def _unfinished(outcome: Outcome) -> Iterator[str]:
    missing = outcome.sweep.wanted - len(outcome.trials)
    if missing > 0:
        yield f"{missing} of {outcome.sweep.wanted} trials without a result yet."
    status = outcome.trials["status"]
    bad = status.isin(("diverged", "failed"))
    if bad.any():
        kinds = ", ".join(f"{count} {name}" for name, count in status[bad].value_counts().items())
        yield f"{kinds}: they are in no mean, table or figure."
    if stopped := int((status == "stopped").sum()):
        yield (
            f"{stopped} of {len(outcome.trials)} trials were stopped early and are never ranked "
            "beside finished ones."
        )


def _on_test(outcome: Outcome) -> Iterator[str]:
    if outcome.sweep.selects_on_test:
        yield "Selected on test images: the best score is too good by the luck of the choice."


def _seeds(outcome: Outcome) -> Iterator[str]:
    counts = cells(outcome)["n"]
    counts = counts[counts > 0]
    if counts.empty:
        return
    if counts.max() == 1:
        yield "One seed: no error is known, and a small difference may be chance."
    elif counts.min() < FEW_SEEDS:
        few = int((counts < FEW_SEEDS).sum())
        yield f"{few} of {len(counts)} cells have fewer than {FEW_SEEDS} seeds."


def _undecided(outcome: Outcome) -> Iterator[str]:
    for one in best(outcome):
        if one.next and not one.decided and "±" in one.next:
            yield f"The best is undecided ({one.kind}): the next is within two standard errors."


def _short(outcome: Outcome) -> Iterator[str]:
    """Below the epochs of the shipped sweep, or not converged."""
    if outcome.sweep.name in shipped():
        try:
            asked = read_sweep(outcome.sweep.name).cells
        except BadInput:
            asked = ()
        longest = max((cell.get("epochs") or 0 for cell in asked), default=0)
        ours = int(outcome.done["epochs"].max())
        if ours < longest:
            yield f"Trained for {ours} of the {longest} epochs that the shipped sweep asks for."
    curves = outcome.epochs.groupby("trial_id")["epoch"].max()
    trained = outcome.done[outcome.done["trial_id"].isin(curves.index)]
    moving = len(set(trained["trial_id"]) - converged(outcome))
    if moving:
        yield (
            f"{moving} of {len(trained)} finished trials had not converged: their loss still "
            f"moved by more than {STILL_FALLING:.1%} in the last tenth of their epochs."
        )


def _collapsed(outcome: Outcome) -> Iterator[str]:
    if "collapsed" not in outcome.done:
        return
    count = int((outcome.done["collapsed"] == True).sum())  # noqa: E712
    if count:
        yield (
            f"{count} of {len(outcome.done)} finished trials collapsed: their decoder ignores "
            "the code, and is no better than a model of independent pixels."
        )


def _edges(outcome: Outcome) -> Iterator[str]:
    """Chosen proposals at an end of what was searched."""
    frame = cells(outcome)
    for name, span in outcome.sweep.search.items():
        values = pd.Series(frame[name].dropna(), dtype=float)
        mine = [n for n in values.index if name in outcome.sweep.searched(outcome.sweep.cells[n])]
        values = values.loc[mine]
        share = _share(values, span.low, span.high, span.log)
        edge = int(((share < EDGE) | (share > 1 - EDGE)).sum())
        if edge:
            yield (
                f"The best {field_words(name)} of {edge} of {len(values)} cells lies at the edge "
                "of its range: a wider one may have better."
            )


def _share(values: pd.Series, low: float, high: float, log: bool) -> pd.Series:
    if log:
        return (np.log(values) - np.log(low)) / (np.log(high) - np.log(low))
    return (values - low) / (high - low)


def _kinds(outcome: Outcome) -> Iterator[str]:
    kinds = with_kind(outcome.done, outcome.sweep)["likelihood"].nunique()
    if kinds > 1 and outcome.objective in EPOCH_METRICS:
        yield f"{kinds} kinds of distortion: numbers of different likelihoods are not compared."


def _others(outcome: Outcome) -> Iterator[str]:
    if outcome.others:
        rows = counted(outcome.others, "row")
        yield f"Left out: {rows} of other definitions of this sweep."
