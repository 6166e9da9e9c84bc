"""Linear autoencoders and principal components on MNIST: two ways to one optimum."""

import os

import pytest
import torch

from bsvae.datasets import Data, load
from bsvae.training import train
from bsvae.trial import Trial

torch.set_num_threads(1)

#: Mean squared error per pixel on MNIST, (train, test), by latent dimension and centring.
ROWS = {
    (2, True): (0.055953, 0.05567),
    (20, True): (0.023970, 0.02354),
    (2, False): (0.057817, 0.057748),
    (20, False): (0.023993, 0.023560),
}


@pytest.fixture(scope="module")
def mnist() -> Data:
    if not os.environ.get("BSVAE_DATA"):
        pytest.skip("BSVAE_DATA does not name a folder with MNIST")
    return load("mnist")


@pytest.mark.slow
@pytest.mark.parametrize("bias", [True, False])
def test_principal_components_of_mnist(mnist: Data, bias: bool) -> None:
    trials = [Trial(family="pca", latent_dim=size, bias=bias) for size in (2, 20)]
    (epoch,) = train(trials, mnist)
    for trial, metrics in zip(trials, epoch.metrics, strict=True):
        training, test = ROWS[trial.latent_dim, bias]
        assert metrics["train_mse"] == pytest.approx(training, abs=1e-6)
        assert metrics["test_mse"] == pytest.approx(test, abs=5e-6)


@pytest.mark.slow
@pytest.mark.parametrize("bias", [True, False])
def test_a_linear_autoencoder_reaches_its_closed_form(mnist: Data, bias: bool) -> None:
    """With biases the principal components', without them the uncentred one, 3.7 % worse."""
    trial = Trial(
        family="linear_autoencoder",
        latent_dim=2,
        bias=bias,
        learning_rate=1e-2,
        batch_size=200,
        epochs=4,
    )
    *_, last = train([trial], mnist)
    assert last.metrics[0]["test_mse"] == pytest.approx(ROWS[2, bias][1], rel=0.02)
