"""The documentation of numpy-neural-network: a VAE on four noisy images of 3 x 3 pixels."""

import pandas as pd

from sweeps.results.baselines import baseline
from sweeps.results.claims.claim import Claim, Part, Protocol, Row
from sweeps.results.claims.evidence import Difference, above, below, chosen, mean_of

TITLE = '"Variational Autoencoder (VAE)", the documentation of numpy-neural-network'
PROTOCOL = Protocol("four_images", epochs=1000)
ERROR = "test_mse"

LEARNS = Claim(
    claim="the program as published learns to map codes to images",
    source=f"{TITLE}, Variational Autoencoder Structure",
    words="the decoder is optimized to correctly map these sampled latent space vectors to the "
    "original target vectors",
    criterion="its test MSE is below half that of the mean image, by more than two standard errors",
    protocol=PROTOCOL,
    seeds=5,
)
SLIPS = Claim(
    claim="the program's three defects together do no harm",
    source="derived, not published",
    words="",
    criterion="its test MSE is not above that of the corrected program by more than two standard "
    "errors paired by seed; the three are repeated together, so none is blamed alone",
    protocol=PROTOCOL,
    seeds=5,
)


def rows(done: pd.DataFrame, _panel: pd.DataFrame) -> list[Row]:
    """The program with its defects, and beside it the corrected one."""
    slips, right = (chosen(done, as_published=flag) for flag in (True, False))
    if slips.empty:
        return []
    blind = baseline("four_images", "mean_image_mse")
    error = mean_of(slips, ERROR)
    learns = Part("error", Difference(blind / 2 - error.value, error.error, error.n))
    text = f"test MSE {error.text()} ({_span(slips)}), mean image {blind:.2f}"
    found = [LEARNS.judged(slips, text, [learns])]
    if len(right):
        harm = above(slips, right, ERROR)
        text = f"test MSE {error.text()} ({_span(slips)}), corrected {mean_of(right, ERROR).text()}"
        text += f" ({_span(right)}): {harm.value:.2f} ± {harm.error:.2f} apart"
        part = Part("error", below(slips, right, ERROR))
        found.append(SLIPS.judged(pd.concat([slips, right]), text, [part]))
    return found


def _span(rows: pd.DataFrame) -> str:
    return f"{rows[ERROR].min():.2f} to {rows[ERROR].max():.2f}"
