"""The contract of every family: one list, derived from the families' own table; one body of tests.

Every family trains, evaluates and packs by one path, so what is asked here of one is asked of all.
"""

from dataclasses import replace
from typing import Any

import pytest
import torch

from bsvae import trial as trial_module
from bsvae.datasets import Data, load
from bsvae.evaluation import elbo_terms
from bsvae.families import family as parts_of
from bsvae.networks import Parameters
from bsvae.optimiser import Adam
from bsvae.pack import Pack, initial_weights
from bsvae.training import Epoch, train, train_epoch
from bsvae.trial import FAMILIES, Trial

torch.set_num_threads(1)

#: Small values of the fields that a family uses.
SMALL = {"hidden": 12, "bottleneck": 6, "batch_size": 22, "epochs": 2, "kl_weight": 0.5}
#: What the members of a pack differ in: the first is padded, the third has everything its own.
MEMBERS = (
    {"latent_dim": 2},
    {"latent_dim": 5},
    {"latent_dim": 3, "learning_rate": 3e-3, "kl_weight": 2.0},
)
#: Relative difference allowed between a member of a pack and the same trial alone.
TOLERANCE = 1e-4

every_family = pytest.mark.parametrize("family", FAMILIES)


def trials_of(family: str, **changes: Any) -> list[Trial]:
    """The members of a small pack of a family, as trials."""
    used = FAMILIES[family]
    dataset = used["dataset"] if used["dataset"] == "four_images" else "digits"
    fields = {name: value for name, value in SMALL.items() if name in used}
    if family == "pca":
        del fields["epochs"]
    return [
        Trial(
            family=family,
            **{"dataset": dataset}
            | fields
            | {name: value for name, value in own.items() if name in used}
            | changes,
        )
        for own in MEMBERS
    ]


def data_of(trial: Trial) -> Data:
    """A few images of a trial's data set."""
    data = load(trial.dataset)
    few = {name: getattr(data, name)[:220] for name in ("train", "train_binary", "train_labels")}
    return replace(data, **few)


def final(trials: list[Trial]) -> Epoch:
    *_, last = train(trials, data_of(trials[0]))
    return last


def assert_same(together: dict[str, float], alone: dict[str, float]) -> None:
    """Equal names, and values that differ by no more than rounding."""
    assert together.keys() == alone.keys()
    for name, value in alone.items():
        assert together[name] == pytest.approx(value, rel=TOLERANCE, abs=1e-7), name


@every_family
def test_a_trial_does_not_depend_on_its_pack(family: str) -> None:
    """Padded or not, beside whomever: every metric of every member is that of the trial alone."""
    trials = trials_of(family)
    together = final(trials)
    for member, trial in enumerate(trials):
        assert_same(together.metrics[member], final([trial]).metrics[0])


@every_family
def test_a_diverging_member_touches_nobody(family: str) -> None:
    if "learning_rate" not in FAMILIES[family]:
        pytest.skip("no gradient steps")
    first, last, _ = trials_of(family)
    together = final([first, replace(first, learning_rate=1e30), last])
    assert together.pack.trials == (first, last)
    for member, trial in enumerate(together.pack.trials):
        assert_same(together.metrics[member], final([trial]).metrics[0])


@every_family
def test_padding_has_no_gradient(family: str) -> None:
    trials = trials_of(family)
    pack = Pack.of(trials)
    x = torch.rand(7, data_of(trials[0]).train.shape[1])
    measured = pack.measure(x, x, pack.noise("test").draw(len(x)))
    terms = (measured["distortion"], measured["kl"])
    loss = sum(term.mean(-1).sum() for term in terms)
    gradients = torch.autograd.grad(loss, list(pack.parameters.values()))
    for member, trial in enumerate(trials):
        own = {name: weight.shape for name, weight in initial_weights(trial).items()}
        for (name, weight), gradient in zip(pack.parameters.items(), gradients, strict=True):
            inside = tuple(slice(size) for size in own[name])
            for tensor in (gradient[member].clone(), weight[member].detach().clone()):
                tensor[inside] = 0
                assert not tensor.any(), name


@every_family
def test_gradient_steps_lower_the_objective(family: str) -> None:
    if family == "pca":
        pytest.skip("no gradient steps")
    trial = trials_of(family, epochs=15, learning_rate=3e-3)[1]
    curve = [epoch.curve[0]["train_objective"] for epoch in train([trial], data_of(trial))]
    assert curve[-1] < curve[0]


@every_family
def test_zero_epochs_evaluate_the_untrained_weights(family: str) -> None:
    if family == "pca":
        pytest.skip("its one epoch is its fit")
    trial = trials_of(family, epochs=0)[0]
    data = data_of(trial)
    (only,) = train([trial], data)
    assert (only.number, only.last) == (0, True)
    assert only.metrics == only.curve
    pack = Pack.of([trial])
    binary = pack.parts.pixels == "binary"
    for part in ("train", "test"):
        images = getattr(data, f"{part}_binary" if binary else part)
        for name, value in elbo_terms(pack, images, f"{part} set").items():
            assert only.metrics[0][f"{part}_{name}"] == pytest.approx(value.item()), name


@every_family
def test_every_family_reports_its_own_metrics(family: str) -> None:
    names = {"distortion", "kl", "neg_elbo", "objective"}
    parts = parts_of(trials_of(family)[0])
    if parts.pixels != "binary":
        names |= {"mse", "mae"}
    if family in ("vae_mse", "tiny_vae"):
        names |= {"optimal_sigma_neg_elbo"}
    metrics = final(trials_of(family)[:1]).metrics[0]
    assert metrics.keys() == {f"{part}_{name}" for part in ("train", "test") for name in names}
    if not parts.latent.stochastic:
        assert metrics["test_kl"] == 0


@every_family
def test_several_draws_are_averaged(family: str) -> None:
    if "decoder_draws" not in FAMILIES[family]:
        pytest.skip("not stochastic")
    trials = trials_of(family)
    pack = Pack.of(trials)
    x = torch.rand(7, data_of(trials[0]).train.shape[1])
    noise = pack.noise("test").draw(3 * len(x))
    together = pack.measure(x, x, noise)
    single = [pack.measure(x, x, draw) for draw in noise.split(len(x))]
    for name, values in together.items():
        mean = torch.stack([one[name] for one in single]).mean(0)
        torch.testing.assert_close(values, mean, rtol=1e-4, atol=1e-5)


def test_a_family_without_parts_fails_loudly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(trial_module.FAMILIES, "new", FAMILIES["gaussian"])
    with pytest.raises(AssertionError, match=r"FAMILIES has 'new', this table does not"):
        parts_of(Trial(family="new", latent_dim=2))


def test_the_weights_of_a_constrained_family_end_where_they_may() -> None:
    constrained, free = (trials_of(name)[0] for name in ("bs_autoencoder", "bs_twin"))
    signs = {trial.family: _smallest_kernel_entry(trial) for trial in (constrained, free)}
    assert signs["bs_autoencoder"] == 0
    assert signs["bs_twin"] < 0


def _smallest_kernel_entry(trial: Trial) -> float:
    """Over all kernels, after one optimiser step."""
    pack = Pack.of([trial])
    weights: Parameters = pack.parameters
    train_epoch(pack, Adam(weights.values(), [1e-3]), data_of(trial).train[:22], 1)
    return min(w.min().item() for name, w in weights.items() if not name.endswith("bias"))
