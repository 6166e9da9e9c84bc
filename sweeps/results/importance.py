"""How much each field mattered to a search, by Optuna's own evaluators over the stored rows."""

import math
import warnings
from typing import Any

import pandas as pd

from sweeps.results.effects import KIND, configurations, varied
from sweeps.results.outcome import Outcome

#: Fewest proposals of which an importance says anything, and most whose forest grows in a second.
FEWEST, MOST = 6, 1000
TREES = 32


def importances(outcome: Outcome, metric: str) -> pd.DataFrame:
    """Shares of a metric's variance that each varied or searched field explains, by fANOVA.

    For each kind of trials (data set, measure) one study over the fields that all of them have, and
    where there are several families one per family, over its own fields too.  A proposal counts with
    its mean over seeds.

    Returns:
        Rows ``dataset, measure, family, field, importance, proposals``; ``family`` is empty for a
        study of several.  Without rows where a sweep searches nothing, too little is done, or Optuna
        is not installed.
    """
    columns = [*KIND, "family", "field", "importance", "proposals"]
    if not outcome.sweep.search:
        return pd.DataFrame(columns=columns)
    points = configurations(outcome.done, metric)
    found: list[dict[str, Any]] = []
    for kind, group in points.groupby(KIND):
        families = list(dict.fromkeys(group["family"]))
        studies = {"": group} if len(families) > 1 else {}
        studies |= {str(name): rows for name, rows in group.groupby("family", sort=False)}
        for family, rows in studies.items():
            shares = _shares(outcome, rows)
            at = dict(zip([*KIND, "family"], (*kind, family), strict=True))
            found += [
                at | {"field": name, "importance": share, "proposals": len(rows)}
                for name, share in shares.items()
            ]
    return pd.DataFrame(found, columns=columns)


def _shares(outcome: Outcome, points: pd.DataFrame) -> dict[str, float]:
    """Importances of the fields in which some proposals differ, most important first."""
    names = [name for name in varied(outcome.sweep) if points[name].nunique(dropna=False) > 1]
    names = [name for name in names if points[name].notna().all()]
    if len(points) < FEWEST or not names or points["mean"].nunique() < 2:
        return {}
    if len(names) == 1:
        return {names[0]: 1.0}
    try:
        import optuna
    except ModuleNotFoundError:
        return {}
    points = points.sample(MOST, random_state=0) if len(points) > MOST else points
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study = optuna.create_study()
        spaces = {name: _space(outcome, points[name], name) for name in names}
        for row in points.to_dict("records"):
            values = {name: _plain(row[name]) for name in names}
            trial = optuna.trial.create_trial(
                params=values, distributions=spaces, value=float(row["mean"])
            )
            study.add_trial(trial)
        evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=TREES, seed=0)
        shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {} if any(math.isnan(share) for share in shares.values()) else dict(shares)


def _space(outcome: Outcome, column: pd.Series, name: str) -> Any:
    """A field as Optuna's parameter: its range where it is searched, else a choice of its values."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    if name not in outcome.sweep.search or outcome.sweep.search[name].low > column.min():
        return CategoricalDistribution([_plain(value) for value in pd.unique(column)])
    span = outcome.sweep.search[name]
    return FloatDistribution(span.low, max(span.high, column.max()), log=span.log)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
