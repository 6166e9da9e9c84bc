"""Generated images: shapes, ends and what must not change."""

import pytest
import torch

from bsvae.datasets import Data, load
from bsvae.measures.codes import centers, codes, pixel_means, read
from bsvae.measures.gallery import gallery
from bsvae.measures.generation import (
    denoising_chain,
    interpolate,
    latent_grid,
    prior_codes,
    prior_images,
    reconstruct,
    restore,
)
from bsvae.pack import Pack
from bsvae.trial import Trial

COMMON = {"dataset": "digits", "hidden": 16}
PACKS = {
    "gaussian": [Trial(family="gaussian", latent_dim=d, **COMMON) for d in (2, 3)],
    "logit_normal": [Trial(family="logit_normal", latent_dim=d, **COMMON) for d in (2, 3)],
    "concrete": [Trial(family="concrete", latent_dim=d, **COMMON) for d in (2, 5)],
    "binary_concrete": [Trial(family="binary_concrete", latent_dim=d, **COMMON) for d in (2, 3)],
}
for family in ("bs_autoencoder", "autoencoder", "pca", "vae_mse", "conv_vae"):
    PACKS[family] = [Trial(family=family, dataset="digits", latent_dim=d) for d in (2, 3)]
every_family = pytest.mark.parametrize("trials", PACKS.values(), ids=PACKS.keys())
PIXELS = 64


@pytest.fixture(scope="module")
def data() -> Data:
    return load("digits")


@every_family
def test_interpolation_ends_at_the_two_reconstructions(trials: list[Trial], data: Data) -> None:
    pack = Pack.of(trials)
    start, end = data.test_binary[:3].float(), data.test_binary[3:6].float()
    times = torch.tensor([0.0, 0.5, 1.0, 3.3])
    frames = interpolate(pack, start, end, times)
    assert frames.shape == (2, 3, 4, PIXELS)
    torch.testing.assert_close(frames[:, :, 0], reconstruct(pack, start))
    torch.testing.assert_close(frames[:, :, 2], reconstruct(pack, end))
    assert torch.isfinite(frames).all()
    middle = (centers(pack, start) + centers(pack, end)) / 2
    torch.testing.assert_close(frames[:, :, 1], pixel_means(pack, middle))


@every_family
def test_a_member_makes_the_same_images_alone(trials: list[Trial], data: Data) -> None:
    together, alone = gallery(Pack.of(trials), data)[0], gallery(Pack.of(trials[:1]), data)[0]
    assert together.keys() == alone.keys()
    for name, images in together.items():
        assert (images.int() - alone[name].int()).abs().max() <= 1, name


@every_family
def test_the_gallery_is_bytes_of_the_documented_shapes(trials: list[Trial], data: Data) -> None:
    shapes = {
        "prior": (64,),
        "outside": (64,),
        "interpolation": (2, 34),
        "grid": (15, 15),
        "reconstructions": (2, 16),
        "chain": (6, 16),
        "restoration": (3, 16),
    }
    for trial, images in zip(trials, gallery(Pack.of(trials), data), strict=True):
        missing = {"outside"} if "concrete" in trial.family else set()
        if trial.latent_dim != 2 or trial.family == "concrete":
            missing |= {"grid"}
        assert images.keys() == shapes.keys() - missing
        for name, image in images.items():
            assert image.dtype == torch.uint8
            assert image.shape == (*shapes[name], 1, 8, 8)


def test_the_logit_normal_grid_is_the_inverse_prior_distribution() -> None:
    """A cell's z is where the logit-normal distribution function is (i + 1/2) / side."""
    trial = Trial(family="logit_normal", latent_dim=2, prior_scale=1.78, **COMMON)
    pack = Pack.of([trial])
    grid = latent_grid(pack, load("digits"), 4)
    assert grid is not None
    assert grid.shape == (1, 4, 4, PIXELS)
    normal = torch.distributions.Normal(0.0, 1.78**0.5)
    logit = normal.icdf(torch.tensor([[[0.125, 0.625]]]))
    torch.testing.assert_close(grid[0, 0, 2], pixel_means(pack, logit)[0, 0])


def test_a_concrete_code_has_no_grid() -> None:
    assert latent_grid(Pack.of(PACKS["concrete"]), load("digits"), 4) is None


def test_normalised_images_are_stored_in_their_own_range() -> None:
    data = load("four_images")
    (images,) = gallery(Pack.of([Trial(family="tiny_vae")]), data)
    inputs = images["reconstructions"][0].flatten(-2).float() / 255
    assert images["grid"].shape == (15, 15, 1, 3, 3)
    assert inputs.min() < 0.2
    assert inputs.max() > 0.8


def test_a_deterministic_code_is_drawn_from_a_fitted_gaussian(data: Data) -> None:
    pack = Pack.of(PACKS["autoencoder"])
    noise = torch.randn(20_000, pack.width, generator=torch.Generator().manual_seed(0))
    drawn = prior_codes(pack, data, noise)
    fitted = codes(pack, read(pack, data, "train"))
    for member, trial in enumerate(pack.trials):
        ours, theirs = drawn[member].T.cov(), fitted[member].T.cov()
        assert (ours - theirs).abs().max() < 0.05 * theirs.abs().max()
        assert (drawn[member, :, trial.latent_dim :].abs() < 1e-6).all()


def test_a_categorical_prior_draws_prototypes() -> None:
    trial = Trial(family="concrete", latent_dim=5, kl_estimator="categorical", **COMMON)
    pack = Pack.of([trial])
    draws = prior_images(pack, load("digits"), 200)[0]
    prototypes = pixel_means(pack, 1000 * torch.eye(5)[None])[0]
    assert (draws[:, None] - prototypes).abs().amax(-1).amin(-1).max() < 1e-5


def test_far_draws_are_farther_out() -> None:
    pack = Pack.of(PACKS["gaussian"])
    near, far = prior_images(pack, load("digits"), 50), prior_images(pack, load("digits"), 50, 5.0)
    middle = pixel_means(pack, torch.zeros(2, 1, pack.width))
    assert ((far - middle).square().mean((1, 2)) > (near - middle).square().mean((1, 2))).all()


@every_family
def test_restoration_keeps_what_is_known(trials: list[Trial], data: Data) -> None:
    x = data.test_binary[:4].float()
    missing = torch.arange(PIXELS) >= 32
    restored = restore(Pack.of(trials), x, missing, torch.full((PIXELS,), 0.5), steps=3)
    assert restored.shape == (2, 4, PIXELS)
    assert (restored[..., :32] == x[:, :32]).all()
    assert torch.isfinite(restored).all()


@every_family
def test_the_chain_starts_at_its_noise(trials: list[Trial]) -> None:
    noise = torch.rand(3, PIXELS, generator=torch.Generator().manual_seed(0))
    pack = Pack.of(trials)
    chain = denoising_chain(pack, noise, steps=2, share=0.6)
    assert chain.shape == (2, 3, 3, PIXELS)
    assert (chain[:, 0] == noise).all()
    torch.testing.assert_close(chain[:, 1], reconstruct(pack, noise))
