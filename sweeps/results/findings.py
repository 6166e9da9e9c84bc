"""What a sweep found, in plain sentences that are computed from its table."""

import pandas as pd

from bsvae.metrics import CHECKS, METRICS
from sweeps.results.claims import claims
from sweeps.results.outcome import Outcome
from sweeps.results.words import axis_label, in_words, likelihood_of


def findings(outcome: Outcome) -> list[str]:
    """Sentences: how many trials ended how, what was best, what the search found, what failed."""
    if outcome.done.empty:
        return []
    return [*_best(outcome), *_searched(outcome), *_checks(outcome.done)]


def verdicts(outcome: Outcome) -> list[dict[str, str]]:
    """The sources' claims with what was measured and the verdict; see `sweeps.results.claims`."""
    panel = outcome.panel[["trial_id", "metric", "value", "null_mean", "null_sd", "z"]]
    done = outcome.done.drop(columns=["label", "cell"])
    held = claims(outcome.sweep.name, done, panel)
    return [dict(zip(held.columns, row, strict=True)) for row in held.itertuples(index=False)]


def ended(outcome: Outcome) -> dict[str, int]:
    """How many trials ended how, and how many have no result yet."""
    found = outcome.trials["status"].value_counts()
    order = [name for name in ("done", "stopped", "diverged", "failed") if name in found]
    order += [name for name in found.index if name not in order]
    counts = {name: int(found[name]) for name in order}
    missing = outcome.sweep.wanted - len(outcome.trials)
    return counts | ({"no result yet": missing} if missing > 0 else {})


def _best(outcome: Outcome) -> list[str]:
    """The best model at each latent dimension; distortions of one kind alone are compared."""
    rows = outcome.done.dropna(subset=outcome.objective)
    metric, sentences = METRICS[outcome.objective], []
    word = "Lowest" if metric.better == "lower" else "Highest"
    kinds = rows["family"].map(likelihood_of)
    for (dataset, pixels), group in rows.groupby([rows["dataset"], kinds]):
        best = outcome.best("label", "latent_dim", rows=group)
        best = best.sort_values(outcome.objective, ascending=metric.better == "lower")
        first = best.iloc[0]
        name = axis_label(outcome.objective).replace("\n", " ")
        text = f"{word} {name} on {dataset} ({pixels}): {first[outcome.objective]:.5g}"
        text += f", {first['label']}, {first['latent_dim']} dimensions"
        others = best[best["label"] != first["label"]]
        if not others.empty:
            second = others.iloc[0]
            text += f"; the next model, {second['label']}, reaches {second[outcome.objective]:.5g}"
            text += f" with {second['latent_dim']} dimensions"
        sentences.append(f"{text}.")
    return sentences


def _searched(outcome: Outcome) -> list[str]:
    """Where the search ended, for every field."""
    asked = [n for n, cell in enumerate(outcome.sweep.cells) if outcome.sweep.searched(cell)]
    best = outcome.best("cell", rows=outcome.done[outcome.done["cell"].isin(asked)])
    sentences = []
    for name in outcome.sweep.search:
        for family, group in best.groupby("family", sort=False):
            low, high = group[name].min(), group[name].max()
            where = f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
            words = name.replace("_", " ")
            cells = "one cell" if len(group) == 1 else f"{len(group)} cells"
            sentences.append(f"Best {words} found for {in_words(str(family))}: {where} ({cells}).")
    return sentences


def _checks(done: pd.DataFrame) -> list[str]:
    """How many trials pass the reliability checks, and which fail most."""
    checked = done[list(CHECKS)].dropna(how="all")
    if checked.empty:
        return []
    passed = int(checked.fillna(True).astype(bool).all(axis=1).sum())
    failed = {name: int((checked[name] == False).sum()) for name in CHECKS}  # noqa: E712
    worst = [f"{name.replace('_', ' ')} ({count})" for name, count in failed.items() if count]
    text = f"{passed} of {len(checked)} trials pass all four reliability checks"
    return [text + (f"; failed: {', '.join(worst)}." if worst else ".")]
