"""Published tables beside ours: pure functions of the trials' table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bsvae.metrics import METRICS
from bsvae.trial import FIELDS, BadInput, unknown
from sweeps.results.claims import claims

PUBLISHED = Path(__file__).parent / "published"
SOURCE = '"Project AI: Discrete Variational Autoencoders with Logit-normals"'

#: Test distortion of a decoder that ignores its code: independent pixels with the training means.
INDEPENDENT_PIXELS = 205.8

#: Columns that together say which model a row is, whatever its seed, length and cost.
MODEL = [
    "family",
    "dataset",
    "latent_dim",
    "categoricals",
    "prior_scale",
    "posterior_temperature",
    "prior_temperature",
    "kl_weight",
]


@dataclass(frozen=True)
class Table:
    """A table to read: its title, its cells, and what a reader must know of them."""

    title: str
    frame: pd.DataFrame
    notes: tuple[str, ...] = ()


def tables(
    sweep: str, trials: pd.DataFrame, panel: pd.DataFrame, objective: str = "test_neg_elbo"
) -> list[Table]:
    """The tables of a sweep: the published ones with ours, or a summary; panel; claims.

    Args:
        sweep: the sweep's name.
        trials: its trials.
        panel: the Gaussianity panel of its trials, maybe without rows.
        objective: the metric by which a summary ranks trials.
    """
    done = trials[trials["status"] == "done"]
    if sweep == "logit_normal" and set(done["dataset"]) <= {"mnist"}:
        found = _logit_normal(done)
    else:
        found = [summary(done, objective)]
    if not panel.empty:
        found.append(panel_table(done, panel))
    held = claims(sweep, done, panel)
    if not held.empty:
        shown = held.set_index("claim")[["measured", "verdict"]]
        found.append(Table(f"The source's claims; {_protocol(done)}", shown))
    return found


def panel_table(done: pd.DataFrame, panel: pd.DataFrame) -> Table:
    """z-scores of whitened codes, metric down and model across, median over seeds."""
    models = done[["trial_id", "family", "epochs"]]
    scores = panel.merge(models, on="trial_id")
    order = list(dict.fromkeys(scores["metric"]))
    wide = scores.pivot_table("z", "metric", ["family", "epochs"], aggfunc="median", sort=False)
    return Table(
        "Gaussianity of whitened held-out codes: z-scores against exactly Gaussian codes of the "
        "same size, clipped to 10,000; below about 5 is chance",
        wide.reindex(order),
        ("columns: family and epochs; 0 epochs are the starting weights",),
    )


def summary(done: pd.DataFrame, objective: str) -> Table:
    """The best trial by a metric for every family, latent dimension and prior scale."""
    keys = ["family", "latent_dim", "prior_scale"]
    order = done.sort_values(objective, ascending=METRICS[objective].better == "lower")
    best = order.groupby(keys, dropna=False, sort=True).head(1).sort_values(keys)
    columns = [*keys, "kl_weight", objective, "test_neg_elbo", "test_distortion", "test_kl"]
    columns = list(dict.fromkeys([*columns, "test_mse", "test_discrete_nll", "test_nll"]))
    counts = done.groupby(keys, dropna=False).size().rename("trials").reset_index()
    frame = best[columns].merge(counts, on=keys, how="left")
    frame = frame.dropna(axis="columns", how="all")
    return Table(
        f"Best trial of each cell by {objective}, {METRICS[objective].unit}; {_protocol(done)}",
        frame.set_index([key for key in keys if key in frame]),
    )


def best_trials(
    trials: pd.DataFrame, sort: str, count: int, objectives: Sequence[str] = ()
) -> pd.DataFrame:
    """The first ``count`` trials by a column, best first, with the columns that tell them apart.

    Args:
        trials: rows to choose from.
        sort: a column.
        count: rows to give at most.
        objectives: metrics to show besides the column and the usual ones.

    Raises:
        BadInput: for an unknown column.
    """
    if sort not in trials.columns:
        raise BadInput(unknown("column", sort, trials.columns))
    ascending = sort not in METRICS or METRICS[sort].better == "lower"
    chosen = trials.sort_values(sort, ascending=ascending, na_position="last").head(count)
    varying = [name for name in FIELDS if trials[name].nunique(dropna=False) > 1]
    shown = ["trial_id", "status", *varying, "test_neg_elbo", "test_distortion", "test_kl"]
    columns = list(dict.fromkeys([*shown, *objectives, sort, "device_seconds"]))
    return chosen[columns].dropna(axis="columns", how="all")


def _logit_normal(done: pd.DataFrame) -> list[Table]:
    ours = _longest(done)
    logit_normal = ours[ours["family"] == "logit_normal"]
    best_prior = ours["prior_scale"].isna() | (ours["prior_scale"] == 1.78)
    protocol = _protocol(ours)
    return [
        Table(
            f"Table 1. Negative ELBO of the logit-normal, by latent dimension and prior scale; "
            f"{protocol}",
            _beside("logit_normal_elbo", logit_normal, "prior_scale", "elbo", "test_neg_elbo"),
            (f"published: {SOURCE}, Table 1, 200 epochs, one seed",),
        ),
        Table(
            f"Table 2. KL of the logit-normal, by latent dimension and prior scale; {protocol}",
            _beside("logit_normal_kl", logit_normal, "prior_scale", "kl", "test_kl"),
            (f"published: {SOURCE}, Table 2, 200 epochs, one seed",),
        ),
        Table(
            f"Table 3. Negative ELBO by family, logit-normal with prior scale 1.78; {protocol}",
            _beside("family_elbo", ours[best_prior], "family", "elbo", "test_neg_elbo"),
            (f"published: {SOURCE}, Table 3, 200 epochs, one seed", *_concrete_notes(ours)),
        ),
    ]


def _longest(done: pd.DataFrame) -> pd.DataFrame:
    """For every model the rows of its longest training."""
    longest = done.groupby(MODEL, dropna=False)["epochs"].transform("max")
    return done[done["epochs"] == longest]


def _beside(
    published: str, ours: pd.DataFrame, across: str, value: str, column: str
) -> pd.DataFrame:
    """Latent dimension down, ``across`` across, and under each: published, ours, mean of seeds."""
    theirs = pd.read_csv(PUBLISHED / f"{published}.csv")
    means = ours.groupby(["latent_dim", across])[column].mean().rename("ours").reset_index()
    both = theirs.rename(columns={value: "published"}).merge(
        means, on=["latent_dim", across], how="left"
    )
    order = list(dict.fromkeys(theirs[across]))
    sides = ["published", "ours"]
    wide = both.pivot(index="latent_dim", columns=across, values=sides)
    return wide.swaplevel(axis="columns")[
        [(k, who) for k in order for who in ("published", "ours")]
    ]


def _protocol(rows: pd.DataFrame) -> str:
    """Epochs and seeds of some rows, in words."""
    if rows.empty:
        return "ours: no trial done yet"
    epochs = sorted(set(rows["epochs"]))
    span = f"{epochs[0]}" if len(epochs) == 1 else f"{epochs[0]} to {epochs[-1]}"
    seeds = rows["seed"].nunique()
    return f"ours: {span} epoch{'s' * (epochs != [1])}, {seeds} seed{'s' * (seeds != 1)}"


def _concrete_notes(ours: pd.DataFrame) -> tuple[str, ...]:
    """What a reader must know of the Concrete column, with our own numbers."""
    concrete = ours[
        (ours["family"] == "concrete") & (ours["prior_temperature"] > ours["posterior_temperature"])
    ]
    if concrete.empty:
        return ()
    row = concrete.sort_values("latent_dim").iloc[-1]
    return (
        "Concrete: the prior's temperature (1) is above the posterior's (0.5), so the KL stays "
        "far above zero even when the code says nothing. Here, with "
        f"{row['latent_dim']} classes: distortion {row['test_distortion']:.1f} + KL "
        f"{row['test_kl']:.1f} = {row['test_neg_elbo']:.1f} nats; a decoder that ignores its code "
        f"has distortion {INDEPENDENT_PIXELS}. The published 227.97 at 40 classes is this "
        "collapse, not a trained model.",
    )
