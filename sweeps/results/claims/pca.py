"""Shankar and Gupta: is a linear autoencoder PCA?

PCA centres its data, as the source does; a linear autoencoder without biases, as the source has it,
minimises the same error about the origin instead: its best plane is that of PCA without centring.
"""

import pandas as pd

from sweeps.results.baselines import baseline
from sweeps.results.claims.claim import Claim, Part, Protocol, Row
from sweeps.results.claims.evidence import Difference, Estimate, chosen, mean_of
from sweeps.results.claims.kl_weight import TITLE

#: Excess over the closed form that is put down to the optimiser, a share.
MARGIN = 0.01

#: An angle that is not there, but for rounding, degrees.
NO_ANGLE = 1.0


def rows(done: pd.DataFrame, _panel: pd.DataFrame) -> list[Row]:
    """Without biases and with, for every dimension that both models have."""
    sizes = sorted(set(chosen(done, family="linear_autoencoder")["latent_dim"]))
    found = [_without(done, size) for size in sizes] + [_with(done, size) for size in sizes]
    return [row for row in found if row]


def _without(done: pd.DataFrame, size: int) -> Row | None:
    claim = Claim(
        claim=f"a linear autoencoder without biases is PCA ({size} dimensions)",
        source=f"{TITLE}, Linear Autoencoders as PCA",
        words="we consider the case with no bias ... Which is then equivalent to the "
        "aforementioned objective for PCA",
        criterion=f"the best plane of the objective without biases lies at less than "
        f"{NO_ANGLE:g}° from PCA's: a matter of the images alone, which needs no seed",
        protocol=Protocol("mnist"),
        seeds=1,
    )
    centred, plain, ours = _models(done, size, bias=False)
    angle = baseline("mnist", f"plane_angle_{size}")
    if centred is None or plain is None or ours.empty or angle != angle:
        return None
    text = (
        f"the planes lie {angle:.0f}° apart; test MSE of the closed form without centring "
        f"{plain:.6f}, of PCA {centred:.6f}; trained {mean_of(ours, 'test_mse').text(6)}"
    )
    part = Part("angle", Difference(NO_ANGLE - angle, 0.0, len(ours)))
    return claim.judged(ours, text, [part])


def _with(done: pd.DataFrame, size: int) -> Row | None:
    claim = Claim(
        claim=f"a linear autoencoder with biases is PCA ({size} dimensions)",
        source="derived, not published",
        words="",
        criterion=f"trained, its test MSE exceeds that of PCA by less than {MARGIN:.0%}, by more "
        "than two standard errors",
        protocol=Protocol("mnist"),
    )
    centred, _, ours = _models(done, size, bias=True)
    if centred is None or ours.empty:
        return None
    excess = mean_of(ours.assign(excess=ours["test_mse"] / centred - 1), "excess")
    text = f"test MSE {mean_of(ours, 'test_mse').text(6)}, PCA {centred:.6f}: {_percent(excess)}"
    part = Part("excess", Difference(MARGIN - excess.value, excess.error, excess.n))
    return claim.judged(ours, text, [part])


def _models(
    done: pd.DataFrame, size: int, bias: bool
) -> tuple[float | None, float | None, pd.DataFrame]:
    """Test MSE of PCA with and without centring, and the autoencoder's rows."""
    pca = chosen(done, family="pca", latent_dim=size)
    errors = {bool(row["bias"]): float(row["test_mse"]) for _, row in pca.iterrows()}
    ours = chosen(done, family="linear_autoencoder", latent_dim=size)
    return errors.get(True), errors.get(False), ours[ours["bias"].astype(bool) == bias]


def _percent(excess: Estimate) -> str:
    error = "" if excess.n == 1 else f" ± {100 * excess.error:.2f}"
    return f"{100 * excess.value:+.2f}{error} %"
