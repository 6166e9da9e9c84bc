"""How stored images become inputs and targets."""

from typing import Any

import pytest
import torch

from bsvae.datasets import load
from bsvae.images import as_numbers, batches, evaluated, mask_noise
from bsvae.pack import Pack
from bsvae.trial import BadInput, Trial


def trial_of(**fields: Any) -> Trial:
    return Trial(**{"family": "bs_autoencoder", "dataset": "digits", "hidden": 8} | fields)


def test_training_inputs_are_masked_and_nothing_else_is() -> None:
    data = load("digits")
    pack = Pack.of([trial_of()])
    pairs = list(batches(pack, data.train, 1))
    x, target = (torch.cat(side) for side in zip(*pairs, strict=True))
    assert target.sum(-1).sort().values.equal((data.train.float() / 255).sum(-1).sort().values)
    white = x != target
    assert (x[white] == 1).all()
    dark = target < 1
    assert (x[dark] == 1).float().mean().item() == pytest.approx(0.7, abs=0.01)
    clean = as_numbers(pack.parts, evaluated(pack.parts, data, "test"))
    assert clean.equal(data.test.float() / 255)


def test_a_fixed_mask_is_drawn_once_and_a_fresh_one_every_epoch() -> None:
    images = load("digits").train
    fixed, fresh, none = (trial_of(mask=mask) for mask in ("fixed", "fresh", "none"))
    masks = {t.mask: [mask_noise(t, 0, images, epoch) for epoch in (1, 2)] for t in (fixed, fresh)}
    assert masks["fixed"][0].equal(masks["fixed"][1])
    assert not masks["fresh"][0].equal(masks["fresh"][1])
    assert mask_noise(none, 0, images, 1) is None
    assert (fixed.mask_probability, none.mask_probability) == (0.7, None)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"mask": "often"}, r"unknown mask 'often': choose one of fixed, fresh, none"),
        ({"mask": "none", "mask_probability": 0.5}, r"mask_probability = 0.5: not used with mask"),
        ({"mask_probability": 1.5}, r"mask_probability = 1.5: must be a number > 0 and <= 1"),
        ({"kl_weight": 1.0}, r"kl_weight = 1.0: not used by family 'bs_autoencoder'"),
        (
            {"family": "pca", "hidden": None, "latent_dim": 2, "epochs": 3},
            r"epochs = 3: .* 1 epoch",
        ),
        ({"family": "pca", "hidden": None, "latent_dim": 65}, r"latent_dim = 65: .* at most 64"),
        ({"dataset": "four_images"}, r"dataset = 'four_images' with family 'bs_autoencoder'"),
        ({"family": "tiny_vae", "hidden": None}, r"dataset = 'digits' with family 'tiny_vae'"),
        ({"family": "pca", "hidden": None, "latent_dim": 2, "bias": 1}, r"bias = 1: must be true"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        trial_of(**fields)


def test_grey_and_binary_families_see_their_own_images() -> None:
    data = load("digits")
    grey = Pack.of([Trial(family="vae_mse", dataset="digits", latent_dim=2, hidden=8)])
    binary = Pack.of([Trial(family="gaussian", dataset="digits", latent_dim=2, hidden=8)])
    assert len(torch.cat([x for x, _ in batches(grey, data.train, 1)]).unique()) == 17
    assert len(torch.cat([x for x, _ in batches(binary, data.train, 1)]).unique()) == 2
    assert evaluated(grey.parts, data, "train") is data.train
    assert evaluated(binary.parts, data, "train") is data.train_binary


def test_the_tiny_model_takes_two_steps_per_epoch_drawn_with_replacement() -> None:
    """So its 1000 epochs are the source's 2000 episodes of one batch each."""
    data, trial = load("four_images"), Trial(family="tiny_vae")
    assert (tuple(data.train.shape), tuple(data.test.shape)) == ((44, 9), (20, 9))
    drawn = list(batches(Pack.of([trial]), data.train, 1))
    assert [len(x) for x, _ in drawn] == [22, 22]
    assert len(torch.cat([x for x, _ in drawn]).unique(dim=0)) < 44
    assert trial.epochs * len(drawn) == 2000
    assert data.train.mean(0).abs().max() < 1e-5
    torch.testing.assert_close(data.train.std(0), torch.ones(9))


def test_betas_are_in_nats_whatever_the_convention() -> None:
    assert Trial(family="vae_mse", latent_dim=2, kl_weight=8e-4).beta == pytest.approx(0.3136)
    assert Trial(family="gaussian", latent_dim=2, kl_weight=4.0).beta == 4.0
    assert Trial(family="tiny_vae", kl_weight=3.0).beta == 3.0
    assert Trial(family="tiny_vae", kl_weight=3.0, as_published=True).beta == 6.0
    assert Trial(family="bs_twin").beta is None
