"""Whether what a sweep asks for can be had, and may be chosen by: asked before anything is
trained."""

from collections.abc import Iterable, Mapping
from typing import Any

from bsvae.catalogue import DATASETS
from bsvae.metrics import EPOCH_METRICS, METRICS
from bsvae.panel_codes import why_no_panel
from bsvae.reported import reported_metrics, why_never
from bsvae.trial import BadInput, Trial
from sweeps.definition.cells import Cell
from sweeps.definition.sweep import Sweep


def check_selection(sweep: Sweep) -> None:
    """Refuse to select on the images that the selected is judged on, unless that is meant.

    Raises:
        BadInput: saying what to add.
    """
    for objective in sweep.objectives if sweep.selects else ():
        if objective.startswith("valid_"):
            for cell in filter(sweep.searched, sweep.cells):
                if not cell.get("validation"):
                    count = DATASETS[cell["dataset"]].train // 6
                    raise BadInput(
                        f"the search chooses by {objective}, and no training images are held out "
                        f"for it: add validation = {count} to [trial], or select_on_test = true"
                    )
        elif not objective.startswith("train_") and not sweep.select_on_test:
            raise BadInput(
                f"optuna.objectives = {list(sweep.objectives)}: {objective} is measured on test "
                "images; choose by one of valid_* with validation = N in [trial], or say "
                "select_on_test = true"
            )


def check_panel(extras: Iterable[object], cells: Iterable[Cell]) -> None:
    """Refuse an extra that some trial cannot have.

    Raises:
        BadInput: naming the first such trial's reason.
    """
    for cell in cells if "gaussianity" in extras else ():
        if problem := why_no_panel(Trial.resolved(cell)):
            raise BadInput(f"extras = {extras!r}: {problem}, or drop the extra")


def check_measured(sweep: Sweep) -> None:
    """Refuse an objective that some cell which is ranked by it never reports.

    A search ranks the cells that it searches, any other sweep all of them.

    Raises:
        BadInput: naming the objective, the reason and what could be chosen.
    """
    ranked = filter(sweep.searched, sweep.cells) if sweep.budget else sweep.cells
    kinds = [Trial.resolved(fields) for fields in _kinds(ranked)]
    for metric in sweep.objectives:
        for trial in kinds:
            if metric not in reported_metrics(trial):
                why = why_never(trial, metric)
                if len(sweep.objectives) > 1:
                    why = why.replace("measures it", f"measures {metric}")
                raise BadInput(f"{_key(sweep)}: {why}; choose one of {_choices(sweep, kinds)}")


def _kinds(cells: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What decides which metrics a trial reports, each combination once."""
    told = ("family", "kl_estimator", "validation")
    found = {tuple(cell.get(name) for name in told) for cell in cells}
    return [dict(zip(told, values, strict=True)) for values in sorted(found, key=str)]


def _key(sweep: Sweep) -> str:
    """What a sweep ranks by, as its file says it."""
    if sweep.budget:
        return f"optuna.objectives = {list(sweep.objectives)}"
    return f"rank_by = {sweep.objectives[0]!r}"


def _choices(sweep: Sweep, kinds: Iterable[Trial]) -> str:
    """What every cell reports, of the part of the data that was asked for if there is any."""
    everywhere = frozenset.intersection(*map(reported_metrics, kinds))
    names = [name for name in METRICS if name in everywhere]
    if sweep.halving:
        names = [name for name in names if name in EPOCH_METRICS]
    part = sweep.objectives[0].partition("_")[0]
    return ", ".join([name for name in names if name.startswith(part)] or names)
