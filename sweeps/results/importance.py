"""How much each field mattered to a search, by Optuna's own evaluators over the stored rows."""

import math
import warnings
from typing import Any

import pandas as pd

from sweeps.results.effects import KIND, free_fields, points
from sweeps.results.outcome import Outcome

#: Fewest proposals of which an importance says anything, and most whose forest grows in a second.
FEWEST, MOST = 6, 1000
TREES = 32

#: Columns that name a study.
BY = [*KIND, "family"]


def importances(outcome: Outcome, metric: str) -> pd.DataFrame:
    """Shares of a metric's variance that each varied or searched field explains, by fANOVA.

    For each kind of trials (data set, likelihood) one study over the fields that all of them have,
    and where there are several families one per family, over its own fields too.  A proposal counts
    with its mean over seeds.

    Returns:
        Rows ``dataset, likelihood, family, field, importance, proposals``; ``family`` is empty for
        a study of several.  Without rows where a sweep searches nothing, too little is done, or
        Optuna is not installed.
    """
    columns = [*BY, "field", "importance", "proposals"]
    if not outcome.sweep.search:
        return pd.DataFrame(columns=columns)
    rows_of = points(outcome, metric).groupby(KIND)
    found: list[dict[str, Any]] = []
    for kind, group in rows_of:
        families = list(dict.fromkeys(group["family"]))
        studies = {"": group} if len(families) > 1 else {}
        studies |= {str(name): rows for name, rows in group.groupby("family", sort=False)}
        for family, rows in studies.items():
            shares = _shares(outcome, rows)
            at = dict(zip(BY, (*kind, family), strict=True))
            found += [
                at | {"field": name, "importance": share, "proposals": len(rows)}
                for name, share in shares.items()
            ]
    return pd.DataFrame(found, columns=columns)


def _shares(outcome: Outcome, found: pd.DataFrame) -> dict[str, float]:
    """Importances of the fields in which some proposals differ, most important first."""
    names = [name for name in free_fields(outcome.sweep) if found[name].nunique(dropna=False) > 1]
    names = [name for name in names if found[name].notna().all()]
    if len(found) < FEWEST or not names or found["mean"].nunique() < 2:
        return {}
    if len(names) == 1:
        return {names[0]: 1.0}
    try:
        import optuna
    except ModuleNotFoundError:
        return {}
    found = found.sample(MOST, random_state=0) if len(found) > MOST else found
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study = optuna.create_study()
        spaces = {name: _space(outcome, found[name], name) for name in names}
        for row in found.to_dict("records"):
            values = {name: _plain(row[name]) for name in names}
            trial = optuna.trial.create_trial(
                params=values, distributions=spaces, value=float(row["mean"])
            )
            study.add_trial(trial)
        evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=TREES, seed=0)
        shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {} if any(math.isnan(share) for share in shares.values()) else dict(shares)


def _space(outcome: Outcome, column: pd.Series, name: str) -> Any:
    """A field as Optuna's parameter: its range if it is searched, else a choice of its values."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    if name not in outcome.sweep.search or outcome.sweep.search[name].low > column.min():
        return CategoricalDistribution([_plain(value) for value in pd.unique(column)])
    span = outcome.sweep.search[name]
    return FloatDistribution(span.low, max(span.high, column.max()), log=span.log)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
