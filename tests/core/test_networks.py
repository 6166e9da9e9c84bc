"""Networks against their sources: sizes, paddings, and what a layer computes."""

from typing import Any

import pytest
import torch

from bsvae.datasets import load
from bsvae.latents import Gaussian
from bsvae.latents.members import Members
from bsvae.networks import Boolean, Linear, Parameters, Tiny
from bsvae.networks.boolean import bit_planes
from bsvae.networks.conv import SAME_STRIDED
from bsvae.networks.convolution import convolve, convolve_back
from bsvae.networks.linear import principal_components
from bsvae.pack import count_parameters, initial_weights
from bsvae.training import train
from bsvae.trial import Trial

ENCODER = ("conv", "dense", "heads", "encoder", "code")


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize(
    ("fields", "encoder", "decoder"),
    [
        ({"family": "bs_autoencoder"}, 1_254_500 + 20_100 + 3 * 40_100, 1_461_272),
        ({"family": "bs_twin"}, 1_254_500 + 20_100 + 3 * 40_100, 1_461_272),
        ({"family": "conv_vae", "latent_dim": 2}, 69_076, 65_089),
        ({"family": "conv_vae", "latent_dim": 6}, 69_008 + 34 * 6, 55_681 + 3136 * 7),
        ({"family": "conv_autoencoder", "latent_dim": 6}, 69_008 + 17 * 6, 37_249 + 1568 * 7),
        (
            {"family": "conv_vae", "latent_dim": 6, "bottleneck": 128},
            18_816 + 3137 * 128 + 2 * 129 * 6,
            55_681 + 3136 * 7,
        ),
        ({"family": "linear_autoencoder", "latent_dim": 20}, 785 * 20, 21 * 784),
        ({"family": "pca", "latent_dim": 20, "bias": False}, 784 * 20, 20 * 784),
        ({"family": "autoencoder", "latent_dim": 2}, 643_000 + 501 * 2, 1_500 + 643_284),
    ],
)
def test_parameters_are_the_published_number(
    fields: dict[str, Any], encoder: int, decoder: int
) -> None:
    trial = Trial(**fields)
    sizes = {name: weight.numel() for name, weight in initial_weights(trial).items()}
    counted = sum(size for name, size in sizes.items() if name.startswith(ENCODER))
    assert (counted, sum(sizes.values()) - counted) == (encoder, decoder)
    assert count_parameters(trial) == encoder + decoder


def test_the_boolean_network_has_the_published_size() -> None:
    assert count_parameters(Trial(family="bs_autoencoder")) == 2_856_172


def test_strided_convolutions_pad_at_the_end_only() -> None:
    """Keras SAME, stride 2, kernel 3, on 4 x 4: windows start at 0 and 2; row 4 is zero."""
    x = torch.arange(16.0).view(1, 1, 4, 4)
    layer = {"f.weight": torch.ones(1, 1, 1, 3, 3), "f.bias": torch.zeros(1, 1)}
    y = convolve(layer, "f", x, stride=2, padding=SAME_STRIDED)
    rows_0_to_2 = [0 + 1 + 2 + 4 + 5 + 6 + 8 + 9 + 10, 2 + 3 + 6 + 7 + 10 + 11]
    rows_2_and_3 = [8 + 9 + 10 + 12 + 13 + 14, 10 + 11 + 14 + 15]
    assert y.tolist() == [[[rows_0_to_2, rows_2_and_3]]]


def test_transposed_convolutions_are_cropped_at_the_end_only() -> None:
    """Keras SAME, stride 2, kernel 3, on 2 x 2: windows start at 0 and 2; row 4 is cut off."""
    x = torch.tensor([[[[1.0, 2.0], [4.0, 8.0]]]])
    layer = {"f.weight": torch.ones(1, 1, 1, 3, 3), "f.bias": torch.zeros(1, 1)}
    y = convolve_back(layer, "f", x, stride=2, crop=SAME_STRIDED)
    top, middle, bottom = [1.0, 1.0, 3.0, 2.0], [5.0, 5.0, 15.0, 10.0], [4.0, 4.0, 12.0, 8.0]
    assert y.tolist() == [[[top, top, middle, bottom]]]


def test_a_transposed_convolution_is_the_convolutions_adjoint() -> None:
    """<conv(x), y> = <x, conv^T(y)>, the definition, for three members with their own weights."""
    weight = torch.randn(3, 5, 2, 3, 3, generator=generator(), dtype=torch.float64)
    there = {"f.weight": weight, "f.bias": torch.zeros(3, 5)}
    back = {"f.weight": weight, "f.bias": torch.zeros(3, 2)}
    x = torch.randn(4, 3 * 2, 8, 8, generator=generator(), dtype=torch.float64)
    y = torch.randn(4, 3 * 5, 4, 4, generator=generator(), dtype=torch.float64)
    left = convolve(there, "f", x, stride=2, padding=SAME_STRIDED) * y
    right = x * convolve_back(back, "f", y, stride=2, crop=SAME_STRIDED)
    torch.testing.assert_close(left.sum((2, 3)).sum(1), right.sum((2, 3)).sum(1))


def test_bit_planes_are_those_of_the_stored_byte() -> None:
    levels = torch.arange(256)
    bits = bit_planes((levels.to(torch.uint8).float() / 255)[:, None])
    assert bits.shape == (256, 8)
    assert (bits @ (2.0 ** torch.arange(8)) == levels).all()


def test_the_boolean_network_is_the_doubled_one() -> None:
    """Layers on concatenated [h, -h] with stacked kernels [A; B], written out."""
    network = Boolean(pixels=3, hidden=4, constrained=True)
    own = network.initial(5, 1, generator())
    own = {name: torch.rand_like(weight, dtype=torch.float64) for name, weight in own.items()}

    def dense(name: str, *inputs: torch.Tensor) -> torch.Tensor:
        h = torch.cat(inputs, -1)
        kernel = torch.cat([own[f"{name}.positive"], own[f"{name}.negative"]]).flatten(1)
        return torch.cat([h, -h], -1) @ kernel + own[f"{name}.bias"].flatten()

    x = torch.rand(6, 3, generator=generator(), dtype=torch.float64)
    h0 = dense("encoder.0", bit_planes(x)).relu()
    h1 = dense("encoder.1", h0).relu()
    h2 = dense("encoder.2", h1, h0).relu()
    h3 = dense("encoder.3", h2, h0).relu()
    z = dense("code", h3, h0).relu()
    h5 = dense("decoder.0", z).relu()
    h = dense("decoder.1", h5).relu()
    for name in ("decoder.2", "decoder.3", "decoder.4", "decoder.5"):
        h = dense(name, h, h5).relu()
    image = dense("bits", h).sigmoid().view(6, 3, 8) @ (2.0 ** torch.arange(8)).double() / 256
    pack: Parameters = {name: weight[None] for name, weight in own.items()}
    torch.testing.assert_close(network.encode(pack, x)[0, :, 0], z)
    decoded = network.decode({name: w.float() for name, w in pack.items()}, z[None].float())
    torch.testing.assert_close(decoded[0], image.float())


def test_the_published_draw_has_its_defects() -> None:
    """z = mu + sigma^2 eps, and dz / d sigma^2 = 1; corrected, sigma eps and eps / (2 sigma)."""
    members = Members.of([Trial(family="tiny_vae", latent_dim=1)])
    noise = torch.tensor([[3.0]])
    for published in (True, False):
        latent = Gaussian(as_published=published)
        raw = torch.tensor([[[[0.5], [0.7]]]], requires_grad=True)
        mu, variance = latent.moments(raw)
        z = latent.sample(raw, noise, members)
        spread = variance if published else variance.sqrt()
        torch.testing.assert_close(z, mu + spread * noise)
        slope = 1.0 if published else 1.5 / variance.item() ** 0.5
        by_hand = slope * torch.sigmoid(torch.tensor(0.7)).item()  # d softplus
        assert torch.autograd.grad(z, raw)[0].flatten().tolist() == pytest.approx([1.0, by_hand])


def test_the_tiny_network_has_a_bias_per_output_position() -> None:
    parameters = Tiny().initial(2, 2, generator())
    shapes = {name: tuple(w.shape) for name, w in parameters.items() if name.endswith("bias")}
    assert shapes["conv.0.bias"] == (6, 2, 2)
    assert shapes["back.1.bias"] == (1, 3, 3)


@pytest.mark.parametrize("centred", [True, False])
def test_no_linear_map_beats_the_principal_components(centred: bool) -> None:
    x = torch.randn(200, 6, generator=generator()) @ torch.randn(6, 6, generator=generator()) + 1
    network = Linear(6, bias=centred)
    weights = principal_components(x, [2], centred)[0]
    pack = {name: weight[None].clone().requires_grad_() for name, weight in weights.items()}
    z = network.encode(pack, x)[:, :, 0]
    error = (network.decode(pack, z) - x).square().sum(-1).mean()
    for gradient in torch.autograd.grad(error, list(pack.values())):
        assert gradient.abs().max() < 1e-4  # stationary, and
    moment = (x - x.mean(0) * centred).double()
    dropped = torch.linalg.eigvalsh(moment.T @ moment / len(x))[:-2].sum()
    assert error.item() == pytest.approx(dropped.item(), rel=1e-4)  # the least


def test_the_tiny_model_learns_its_four_images() -> None:
    """Of pixels with variance 1, a mean squared error of 0.20 was measured after 100 epochs."""
    trial = Trial(family="tiny_vae", epochs=100)
    *_, last = train([trial], load("four_images"))
    assert last.metrics[0]["test_mse"] < 0.4
    assert last.metrics[0]["test_kl"] > 0.5
