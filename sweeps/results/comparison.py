"""Published tables beside ours: pure functions of the trials' table."""

import pandas as pd

from sweeps.definition.sweep import Sweep
from sweeps.results.baselines import baseline, baseline_note
from sweeps.results.claims.logit_normal import BEST
from sweeps.results.claims.table_3 import PUBLISHED, TITLE
from sweeps.results.formats import ERROR, Table
from sweeps.results.summary import protocol

#: The shipped sweep that repeats the source's tables, on this data set.
SWEEP, DATASET = "logit_normal", "mnist"

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


def has_published(sweep: Sweep, done: pd.DataFrame) -> bool:
    """Whether there are published numbers beside which a sweep's can stand."""
    return sweep.name == SWEEP and set(done["dataset"]) <= {DATASET}


def logit_normal(done: pd.DataFrame) -> list[Table]:
    """Tables 1 to 3 of the source, each cell beside the mean and standard error of our seeds."""
    ours = _longest(done)
    logit_normal = ours[ours["family"] == "logit_normal"]
    best_prior = ours["prior_scale"].isna() | (ours["prior_scale"] == BEST)
    lines = protocol(ours)
    beside = (baseline_note("mnist"),)
    return [
        Table(
            f"Table 1. Negative ELBO of the logit-normal, by latent dimension and prior scale; "
            f"{lines}",
            _beside("logit_normal_elbo", logit_normal, "prior_scale", "elbo", "test_neg_elbo"),
            (f"published: {TITLE}, Table 1, 200 epochs, one seed", *beside),
        ),
        Table(
            f"Table 2. KL of the logit-normal, by latent dimension and prior scale; {lines}",
            _beside("logit_normal_kl", logit_normal, "prior_scale", "kl", "test_kl"),
            (f"published: {TITLE}, Table 2, 200 epochs, one seed",),
        ),
        Table(
            f"Table 3. Negative ELBO by family, logit-normal with prior scale 1.78; {lines}",
            _beside("family_elbo", ours[best_prior], "family", "elbo", "test_neg_elbo"),
            (
                f"published: {TITLE}, Table 3, 200 epochs, one seed",
                *beside,
                *_concrete_notes(ours),
            ),
        ),
    ]


def _longest(done: pd.DataFrame) -> pd.DataFrame:
    """For every model the rows of its longest training."""
    longest = done.groupby(MODEL, dropna=False)["epochs"].transform("max")
    return done[done["epochs"] == longest]


def _beside(
    published: str, ours: pd.DataFrame, across: str, value: str, column: str
) -> pd.DataFrame:
    """Latent dimension down, ``across`` across, and under each: published, ours, mean of seeds,
    and its standard error where there is one."""
    theirs = pd.read_csv(PUBLISHED / f"{published}.csv")
    seeds = ours.groupby(["latent_dim", across])[column]
    means = pd.DataFrame({"ours": seeds.mean(), f"ours{ERROR}": seeds.sem()}).reset_index()
    both = theirs.rename(columns={value: "published"}).merge(
        means, on=["latent_dim", across], how="left"
    )
    order = list(dict.fromkeys(theirs[across]))
    sides = ["published", "ours", f"ours{ERROR}"]
    sides = sides if both[sides[-1]].notna().any() else sides[:-1]
    wide = both.pivot(index="latent_dim", columns=across, values=sides)
    return wide.swaplevel(axis="columns")[[(key, side) for key in order for side in sides]]


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
        f"has distortion {baseline('mnist', 'independent_pixels'):.1f}. The published 227.97 at 40 "
        "classes is this collapse, not a trained model.",
    )
