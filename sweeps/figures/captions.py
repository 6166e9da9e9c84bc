"""What a figure shows of a sweep, in words computed from the same rows."""

import pandas as pd

from sweeps.figures.curves import MOST_LINES as MOST_CURVES
from sweeps.figures.curves import curves_of
from sweeps.figures.effects import MOST_LINES, panels_of
from sweeps.figures.tradeoffs import rates, sizes_of
from sweeps.results.outcome import Outcome
from sweeps.results.words import field_words, listed, metric_words

#: Models that a caption names before it only counts them.
MOST_NAMED = 6


def effects_caption(outcome: Outcome) -> str:
    """Of `sweeps.figures.effects.field_effects`."""
    shown = panels_of(outcome)
    fields = listed(dict.fromkeys(field_words(panel.field) for panel in shown))
    scores = listed(dict.fromkeys(metric_words(panel.objective) for panel in shown))
    text = f"How {scores} depends on {fields}. {_mean(outcome)}"
    search = outcome.sweep.search
    if search:
        text += f" Every mark over {listed(map(field_words, search))} is one proposal"
        text += ", joined in the order of its value." if len(search) == 1 else "."
        text += " Hollow: stopped early." if "stopped" in set(outcome.trials["status"]) else ""
        text += " " + _in_a_search(outcome)
    if any(len(p.lines) > MOST_LINES and p.field not in search for p in shown):
        text += " Where all else has many combinations they are grey, and black is their mean."
    return f"{text.strip()} Values far off may lie outside the frame."


def curves_caption(outcome: Outcome) -> str:
    """Of `sweeps.figures.curves.learning_curves`."""
    curves = curves_of(outcome)
    if curves is None:
        return ""
    trials = curves.rows["trial_id"].nunique()
    text = f"{_start(metric_words(curves.metric))} after every epoch"
    if outcome.sweep.search:
        stopped = curves.rows.loc[curves.rows["status"] == "stopped", "trial_id"].nunique()
        text += f", one line per proposal ({trials} trials), coloured by what was searched; thick: "
        text += "the best"
        text += f"; rings: where {stopped} were stopped early." if stopped else "."
    else:
        models = curves.rows["label"].nunique()
        some = f", {MOST_CURVES} of {models} models" if models > MOST_CURVES else ""
        text += f", one line per model{some} ({trials} trials). {_mean(outcome)}"
    return text + " The first epochs may lie outside the frame."


def history_caption(outcome: Outcome) -> str:
    """Of `sweeps.figures.curves.search_history`."""
    status = outcome.trials["status"].value_counts()
    stopped = int(status.get("stopped", 0))
    text = f"{_start(metric_words(outcome.objective))} of "
    text += f"{int(status.get('done', 0))} finished trials"
    text += f" and {stopped} stopped early (hollow, at their last epoch)" if stopped else ""
    return f"{text}, as they came. Steps: the best of each cell so far. {_mean(outcome)}"


def plane_caption(outcome: Outcome) -> str:
    """Of `sweeps.figures.tradeoffs.rate_distortion`."""
    rows = rates(outcome)
    moving = int((~rows["settled"].astype(bool)).sum())
    text = f"{len(rows)} {_what(outcome)} by rate and distortion; along a grey line the ELBO is the"
    text += f" same. {_mean(outcome)}"
    text += (
        " Larger marks: more latent dimensions." if sizes_of(outcome, rows).nunique() > 1 else ""
    )
    if moving:
        front = "no front is drawn" if len(rows) - moving < 2 else "the front leaves them out"
        text += f" Hollow: {moving} that had not converged; {front}."
    else:
        text += " The Pareto front joins those that no other beats in both."
    return text


def objectives_caption(outcome: Outcome) -> str:
    """Of `sweeps.figures.tradeoffs.objectives_plane`."""
    x, y = outcome.sweep.objectives[:2]
    both = f"{metric_words(x)} and {metric_words(y)}"
    return f"Every proposal by {both}, and their Pareto front. {_mean(outcome)}"


def published_caption(outcome: Outcome) -> str:
    """Of figures beside published values."""
    return f"One mark per cell of this sweep; hollow marks are published values. {_mean(outcome)}"


def of_models(outcome: Outcome, rows: pd.DataFrame, each: str = "label") -> str:
    """Which trials pictures are of: the best of each model, or family."""
    best = outcome.best(each, rows=rows).dropna(subset=outcome.objective)
    if best.empty:
        return ""
    named = [
        f"{row.label}, {row.latent_dim} dim. ({getattr(row, outcome.objective):.4g})"
        for row in best.head(MOST_NAMED).itertuples()
    ]
    more = f" and {len(best) - len(named)} more" if len(best) > len(named) else ""
    what = "model" if each == "label" else each
    score = metric_words(outcome.objective)
    return f" The best trial of each {what} by {score}: {'; '.join(named)}{more}."


def _mean(outcome: Outcome) -> str:
    seeds = outcome.done.groupby("cell")["seed"].nunique()
    most = int(seeds.max()) if len(seeds) else 0
    if most < 2:
        return "One seed: no error is known."
    return f"Means of {most} seeds with their standard error."


def _what(outcome: Outcome) -> str:
    return "proposals" if outcome.sweep.search else "cells"


def _in_a_search(outcome: Outcome) -> str:
    cells = len(outcome.sweep.cells)
    return "Other fields are compared by the chosen proposals." if cells > 1 else ""


def _start(text: str) -> str:
    """A text with a capital, to begin a sentence."""
    return text[:1].upper() + text[1:]
