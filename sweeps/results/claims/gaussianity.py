"""What the Gaussianity panel says of trained codes, in a number and in words."""

import math

import pandas as pd

from sweeps.results.baselines import baseline

#: A z-score of the Gaussianity panel beyond this is no chance. Its null has 20 draws; of 490 more
#: codes that were Gaussian, one in a hundred exceeded it in some primary metric.
LARGE_Z = 5.0

#: Metrics of the panel that see different departures: tails, clusters, shells, units, directions.
PRIMARY = ("mardia_kurtosis", "mardia_skewness", "radius_ks", "zca_ks", "ica_kurtosis")

#: Largest share of exact zeros in a unit that rounding explains; a continuous law has none.
ATOM = 1e-3

RULE = (
    f"no primary metric of the panel beyond |z| = {LARGE_Z:g}, no exact atom, no dead unit, full "
    "rank; one trained network that fails refutes it, three that pass support it"
)


def untrained(rows: pd.DataFrame) -> str:
    """Why a network of the source's kind has learned nothing; empty if it has."""
    if rows["family"].iloc[0] not in ("bs_autoencoder", "bs_twin") or not rows["epochs"].max():
        return ""
    error, constant = rows["train_mae"].max(), baseline("mnist", "median_image_mae_train")
    if not error > 0.95 * constant:
        return ""
    return f"training MAE {error:.4f} is that of the constant median image, {constant:.4f}"


def surprise(rows: pd.DataFrame, panel: pd.DataFrame) -> pd.Series:
    """For every trial its largest |z|, infinite with an exact atom, a dead unit or a lost rank."""
    mine = panel[panel["trial_id"].isin(rows["trial_id"])]
    primary = mine[mine["metric"].isin(PRIMARY)]
    sizes = primary.groupby("trial_id")["z"].agg(lambda z: z.abs().max())
    exact = mine.pivot_table("value", "trial_id", "metric")
    exact = exact.reindex(index=sizes.index, columns=["atom_share", "dead_units", "rank"])
    width = rows.set_index("trial_id")["latent_dim"].reindex(sizes.index)
    broken = (exact["atom_share"] > ATOM) | (exact["dead_units"] > 0) | (exact["rank"] < width)
    return sizes.mask(broken, math.inf)


def shape(rows: pd.DataFrame, panel: pd.DataFrame) -> str:
    """What the panel saw, in words."""
    mine = panel[panel["trial_id"].isin(rows["trial_id"])]
    sizes = mine[mine["metric"].isin(PRIMARY)]["z"].abs()
    if sizes.empty:
        return "no panel"
    values = mine.groupby("metric")["value"].mean()
    nulls = mine.groupby("metric")["null_mean"].mean()
    parts = [f"|z| of {len(PRIMARY)} primary metrics {sizes.min():.0f} to {sizes.max():.0f}"]
    for name, word in (("radius_ks", "radius"), ("zca_ks", "ZCA axes")):
        if name in values:
            parts.append(f"KS of the {word} {values[name]:.3f} (Gaussian {nulls[name]:.3f})")
    if "atom_share" in values:
        parts.append(f"largest share of exact zeros in a unit {values['atom_share']:.2f}")
    if "dead_units" in values:
        parts.append(f"{values['dead_units']:.0f} dead units")
    if "rank" in values:
        parts.append(f"rank {values['rank']:.0f} of {rows['latent_dim'].iloc[0]:.0f}")
    return "; ".join(parts)
