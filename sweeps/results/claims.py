"""What the sources claim, and what we measured: pure functions of the results' tables.

Each claim becomes a row: the claim in the source's sense, the measurement in words with its
numbers, and a verdict computed from them: held, did not hold, or no result yet.
"""

from collections.abc import Callable
from dataclasses import astuple, dataclass

import pandas as pd

PIXELS = 784

#: A z-score of the Gaussianity panel beyond this is no chance: its null has 20 draws.
LARGE_Z = 5.0

#: Metrics of the panel that see different departures: tails, clusters, shells, units, directions.
PRIMARY = ("mardia_kurtosis", "mardia_skewness", "radius_ks", "zca_ks", "ica_kurtosis")


@dataclass(frozen=True)
class Claim:
    """One claim of a source beside the measurement."""

    claim: str
    measured: str
    verdict: str


def claims(sweep: str, done: pd.DataFrame, panel: pd.DataFrame) -> pd.DataFrame:
    """The claims that a shipped sweep tests, one row each; empty for any other sweep.

    Args:
        sweep: the sweep's name.
        done: the rows of trials that are done.
        panel: the Gaussianity panel's rows of these trials.
    """
    kinds: dict[str, Callable[[], list[Claim]]] = {
        "logit_normal": lambda: _logit_normal(done),
        "concrete": lambda: _concrete(done),
        "kl_weight": lambda: _kl_weight(done),
        "latent_dimension": lambda: _latent_dimension(done),
        "whitening": lambda: _whitening(done, panel),
        "tiny": lambda: _tiny(done),
        "pca": lambda: _pca(done),
    }
    rows = kinds[sweep]() if sweep in kinds and not done.empty else []
    return pd.DataFrame([astuple(row) for row in rows], columns=["claim", "measured", "verdict"])


def _verdict(holds: bool) -> str:
    return "held" if holds else "did not hold"


def _logit_normal(done: pd.DataFrame) -> list[Claim]:
    rows = []
    by_scale = done[done["family"] == "logit_normal"].groupby("prior_scale")["test_neg_elbo"].mean()
    if len(by_scale) == 4:
        numbers = ", ".join(f"{scale:g}: {value:.2f}" for scale, value in by_scale.items())
        best = bool(by_scale.idxmin() == 1.78)
        claim = "prior scale 1.78 has the best general performance"
        rows.append(Claim(claim, f"mean -ELBO by prior scale: {numbers}", _verdict(best)))
    best_prior = done[(done["prior_scale"] == 1.78) | (done["family"] == "gaussian")]
    table = best_prior.pivot_table("test_neg_elbo", "latent_dim", "family")
    if {"gaussian", "logit_normal"} <= set(table) and {4, 40} <= set(table.index):
        ahead = (table["gaussian"] - table["logit_normal"]).round(2)
        holds = bool(ahead[4] > 0 > ahead[40])
        claim = "the logit-normal is better at 4 dimensions, the Gaussian at 40"
        text = f"logit-normal ahead by {ahead[4]:+.2f} nats at 4, {ahead[40]:+.2f} at 40"
        rows.append(Claim(claim, text, _verdict(holds)))
    return rows


def _concrete(done: pd.DataFrame) -> list[Claim]:
    def one(**fields: object) -> pd.Series | None:
        chosen = done
        for name, value in fields.items():
            chosen = chosen[chosen[name] == value]
        return None if chosen.empty else chosen.iloc[0]

    rows = []
    published = one(classes=40, posterior_temperature=0.5)
    if published is not None:
        text = f"-ELBO {published.test_neg_elbo:.2f} nats, of which KL {published.test_kl:.1f}"
        holds = abs(published.test_neg_elbo - 227.97) < 1
        rows.append(Claim("-ELBO 227.97 with 40 classes", text, _verdict(holds)))
    right = one(classes=40, kl_estimator="categorical")
    if right is not None:
        text = (
            "with the KL of the discrete variable the same code reaches "
            f"{right.test_discrete_nll:.1f} nats (discrete, 100 samples)"
        )
        claim = "it is not clear why Concrete results were not replicated"
        rows.append(Claim(claim, text, "explained: the prior's temperature"))
    annealed = one(categoricals=20, kl_estimator="categorical")
    if annealed is not None:
        text = f"20 x 10, annealed: {annealed.test_discrete_nll:.1f} nats (discrete, 100 samples)"
        claim = "Concrete is not on par with the others"
        rows.append(Claim(claim, text, _verdict(annealed.test_discrete_nll > 115)))
    return rows


def _kl_weight(done: pd.DataFrame) -> list[Claim]:
    rows = []
    sizes = {8e-4: "far too high", 5e-5: "appropriate", 1e-8: "far too low, like an autoencoder"}
    for weight, claim in sizes.items():
        chosen = done[done["kl_weight"] == weight]
        if chosen.empty:
            continue
        row = chosen.iloc[0]
        beta = weight * PIXELS / (2 * row.test_mse)
        text = (
            f"beta = {beta:.2g} at the best decoder variance; KL {row.test_kl:.1f}, "
            f"MSE {row.test_mse:.4f}, coverage of prior draws {row.sample_coverage:.2f}"
        )
        holds = {8e-4: beta > 2, 5e-5: 0.2 < beta < 5, 1e-8: beta < 0.01}[weight]
        rows.append(Claim(f"KL weight {weight:g} is {claim}", text, _verdict(holds)))
    searched = done[~done["kl_weight"].isin(sizes)]
    if not searched.empty:
        best = searched.sort_values("test_optimal_sigma_neg_elbo").iloc[0]
        derived = 2 * best.test_mse / PIXELS
        text = f"search: {best.kl_weight:.3g} ({len(searched)} trials); 2 MSE / 784: {derived:.3g}"
        holds = 0.5 < best.kl_weight / derived < 2
        claim = "the best weight is 2 MSE / 784 (derived, not published)"
        rows.append(Claim(claim, text, _verdict(holds)))
    return rows


def _latent_dimension(done: pd.DataFrame) -> list[Claim]:
    rows = []
    vae = done[done["family"] == "conv_vae"]
    for bottleneck, group in vae.groupby("bottleneck"):
        means = group.groupby("latent_dim")["test_neg_elbo"].mean()
        text = ", ".join(f"{size}: {value:.1f}" for size, value in means.items())
        claim = f"6 dimensions are best (bottleneck {bottleneck})"
        text = f"test -ELBO by dimension: {text}"
        rows.append(Claim(claim, text, _verdict(bool(means.idxmin() == 6))))
    return rows


def _whitening(done: pd.DataFrame, panel: pd.DataFrame) -> list[Claim]:
    """Codes are Gaussian if no primary metric, of any seed, says that they are not."""
    primary = panel[panel["metric"].isin(PRIMARY)].merge(done, on="trial_id")
    rows = []
    for (family, epochs), group in primary.groupby(["family", "epochs"]):
        name = (
            f"{family}, untrained"
            if epochs == 0
            else f"{family}, {epochs} epoch{'s' * (epochs != 1)}"
        )
        sizes = group["z"].abs()
        radius = group[group["metric"] == "radius_ks"]
        text = (
            f"|z| of {len(PRIMARY)} primary metrics {sizes.min():.0f} to {sizes.max():.0f}; "
            f"KS of the radius {radius['value'].mean():.3f}, "
            f"of Gaussian codes {radius['null_mean'].mean():.3f}"
        )
        claim = f"whitened codes are Gaussian ({name})"
        rows.append(Claim(claim, text, _verdict(bool(sizes.max() < LARGE_Z))))
    return rows


def _tiny(done: pd.DataFrame) -> list[Claim]:
    errors = done.groupby("as_published")["test_mse"].agg(["mean", "min", "max", "count"])
    if len(errors) < 2:
        return []
    right, slips = errors.loc[False], errors.loc[True]
    text = (
        f"test MSE {slips['mean']:.2f} ({slips['min']:.2f} to {slips['max']:.2f}); corrected "
        f"{right['mean']:.2f} ({right['min']:.2f} to {right['max']:.2f}); "
        f"{right['count']:.0f} seeds each"
    )
    holds = bool(slips["mean"] < 1.1 * right["mean"])
    return [Claim("the program as published trains a VAE", text, _verdict(holds))]


def _pca(done: pd.DataFrame) -> list[Claim]:
    table = done.pivot_table("test_mse", ["latent_dim", "bias"], "family").dropna()
    rows = []
    columns = ["latent_dim", "bias", "linear_autoencoder"]
    for size, bias, ours in table.reset_index()[columns].to_numpy():
        centred = done[(done["family"] == "pca") & done["bias"].astype(bool)]
        pca = centred.set_index("latent_dim")["test_mse"].get(size)
        if pca is None:
            continue
        ratio = ours / pca
        kind = "with" if bias else "without"
        text = f"test MSE {ours:.5f}, PCA {pca:.5f} ({ratio - 1:+.1%})"
        claim = f"a linear autoencoder {kind} biases is PCA ({size} dimensions)"
        rows.append(Claim(claim, text, _verdict(bool(ratio < 1.02))))
    return rows
