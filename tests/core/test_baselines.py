"""What learning nothing is worth, and the models that are worth no more."""

from dataclasses import replace

import pytest
import torch

from bsvae.families import family
from bsvae.measures import final_metrics
from bsvae.measures.baselines import (
    COLLAPSED,
    code_gain,
    collapsed,
    independent_pixels,
    mean_image_mse,
)
from bsvae.measures.codes import read
from bsvae.pack import Pack
from bsvae.training import train
from bsvae.trial import Trial


def pack_of(name, **fields):
    hidden = {} if name in ("pca", "conv_vae", "linear_autoencoder") else {"hidden": 16}
    return Pack.of([Trial(family=name, dataset="digits", latent_dim=2, **hidden | fields)])


def constants(name, train_images):
    if name == "bs_twin":
        return train_images.median(0).values
    mean = train_images.mean(0).clamp(1e-6, 1 - 1e-6)
    return torch.logit(mean) if name in ("gaussian", "conv_vae") else mean


@pytest.mark.parametrize("name", ["gaussian", "conv_vae", "autoencoder", "bs_twin", "vae_mse"])
def test_no_constant_decoder_is_better(name, digits):
    """Found by the family's own likelihood; the baseline smooths a Bernoulli's, so it is near."""
    pack = pack_of(name)
    train_images = digits.train.float() / 255
    test = read(pack, digits, "test")
    best = constants(name, train_images)
    worth = independent_pixels(pack, digits)
    likelihood = family(pack.trials[0]).likelihood
    others = [best, best + 0.02, best - 0.02]
    found = [-likelihood(c.expand(1, *test.shape), test).mean().item() for c in others]
    assert worth == pytest.approx(found[0], abs=0.1)
    assert worth < min(found[1:]) + 0.05


def test_independent_pixels_of_mnist_are_the_known_number(mnist):
    pack = Pack.of([Trial(family="gaussian", latent_dim=2, hidden=8)])
    assert independent_pixels(pack, mnist) == pytest.approx(205.78, abs=0.01)
    assert mean_image_mse(pack, mnist) == pytest.approx(0.06747, abs=1e-5)


def test_held_out_images_teach_the_baseline_nothing(digits):
    whole, part = (pack_of("gaussian", validation=n) for n in (None, 1400))
    assert independent_pixels(part, digits) > independent_pixels(whole, digits) + 0.05
    rest = replace(digits.split(1400), valid=digits.valid)
    assert independent_pixels(part, digits) == independent_pixels(whole, rest)


def test_a_trained_model_is_not_collapsed_and_one_without_room_for_its_code_is(digits):
    """The second is the prior for every image: its KL weight forbids anything else."""
    sizes = {"dataset": "digits", "latent_dim": 8, "hidden": 64, "epochs": 20}
    trials = [Trial(family="logit_normal", kl_weight=weight, **sizes) for weight in (0.3, 5.0)]
    *_, last = train(trials, digits)
    for member, wanted in enumerate((False, True)):
        measured = final_metrics(last.pack.keep([member]), digits)
        numbers = {name: values.item() for name, values in measured.items()}
        assert collapsed(numbers) is wanted
        distortion, worth = last.metrics[member]["test_distortion"], numbers
        baseline = worth["test_independent_pixels"]
        assert (distortion > baseline - COLLAPSED) is wanted


def test_a_relaxed_latent_whose_kl_has_a_floor_is_collapsed_all_the_same(digits):
    """Prior hotter than the posterior: 5 nats of KL that carry nothing."""
    trial = Trial(
        family="concrete",
        dataset="digits",
        latent_dim=10,
        hidden=32,
        epochs=5,
        posterior_temperature=0.3,
        prior_temperature=1.0,
    )
    *_, last = train([trial], digits)
    assert last.metrics[0]["test_kl"] > 5
    assert abs(code_gain(last.pack, digits, "test").item()) < COLLAPSED


def test_the_gain_is_zero_if_codes_are_ignored_and_what_swapped_codes_cost(digits):
    pack = pack_of("autoencoder")
    ignored = replace(
        pack,
        parameters={k: w.detach() * (not k.startswith("head")) for k, w in pack.parameters.items()},
    )
    assert code_gain(ignored, digits, "test").item() == pytest.approx(0, abs=1e-4)
    *_, last = train([replace(pack.trials[0], epochs=20, learning_rate=1e-2)], digits)
    assert code_gain(last.pack, digits, "test").item() > COLLAPSED
