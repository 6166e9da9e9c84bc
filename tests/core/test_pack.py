import dataclasses
import math

import pytest
import torch

from bsvae.cost import pack_bytes
from bsvae.optimiser import Adam
from bsvae.pack import Pack, count_parameters, initial_weights, suggested_size
from bsvae.training import train
from bsvae.trial import BadInput, Trial

MIXED = {
    "gaussian": [{"latent_dim": 2}, {"latent_dim": 70}, {"latent_dim": 2, "kl_weight": 4.0}],
    "logit_normal": [{"latent_dim": 3}, {"latent_dim": 5, "prior_scale": 0.32}],
    "concrete": [{"latent_dim": 4}, {"latent_dim": 10, "prior_temperature": 1.0}],
}


def trials_of(family, **extra):
    fields = {"dataset": "digits", "hidden": 24, "epochs": 2} | extra
    return [Trial(family=family, **fields, **own) for own in MIXED[family]]


def final(trials, data):
    *_, last = train(trials, data)
    return last


@pytest.mark.parametrize("family", MIXED)
def test_a_trial_does_not_depend_on_its_pack(family, digits):
    trials = trials_of(family)
    together = final(trials, digits)
    for member, trial in enumerate(trials):
        alone = final([trial], digits)
        for name, value in alone.metrics[0].items():
            assert math.isclose(together.metrics[member][name], value, rel_tol=1e-5), name


def test_members_keep_their_own_learning_rates(digits):
    rates = (1e-3, 1e-3, 3e-3, 1e-3)
    trials = [dataclasses.replace(trials_of("gaussian")[0], learning_rate=rate) for rate in rates]
    together = final(trials, digits)
    for member, trial in enumerate(trials):
        alone = final([trial], digits).metrics[0]["test_neg_elbo"]
        assert math.isclose(together.metrics[member]["test_neg_elbo"], alone, rel_tol=1e-5)
    assert together.metrics[2] != together.metrics[0]


def test_a_diverging_member_leaves_and_touches_nobody(digits):
    good, other = trials_of("gaussian")[:2]
    bad = dataclasses.replace(good, learning_rate=1e30)
    first, last = train([good, bad, other], digits)
    assert first.ended == [None, "diverged", None]
    assert last.pack.trials == (good, other)
    for member, trial in enumerate(last.pack.trials):
        alone = final([trial], digits).metrics[0]["test_neg_elbo"]
        assert math.isclose(last.metrics[member]["test_neg_elbo"], alone, rel_tol=1e-5)


def test_training_stops_when_everyone_diverged(digits):
    bad = Trial(
        family="gaussian", dataset="digits", latent_dim=2, hidden=8, learning_rate=1e30, epochs=9
    )
    last = final([bad], digits)
    assert (last.number, last.ended) == (1, ["diverged"])


def test_padding_stays_exactly_zero_while_training(digits):
    trials = trials_of("gaussian")
    pack = Pack.of(trials)
    optimiser = Adam(pack.parameters.values(), [t.learning_rate for t in trials])
    x = digits.train_binary[:50].float()
    for _ in range(3):
        measured = pack.measure(x, x, pack.noise("test").draw(50))
        terms = (measured["distortion"], measured["kl"])
        loss = sum(term.mean(-1).sum() for term in terms)
        optimiser.step(torch.autograd.grad(loss, list(pack.parameters.values())))
    narrow = trials[0].latent_dim
    assert not pack.parameters["heads.weight"][0, ..., narrow:].any()
    assert not pack.parameters["decoder.0.weight"][0, narrow:].any()
    assert pack.parameters["decoder.0.weight"][0, :narrow].all()


def test_weights_come_from_the_trials_own_seed_and_shapes():
    trial = Trial(family="gaussian", latent_dim=2, hidden=8)
    wide = dataclasses.replace(trial, latent_dim=9)
    pack = Pack.of([trial, wide])
    for name, weight in initial_weights(trial).items():
        own = pack.parameters[name][0][tuple(slice(n) for n in weight.shape)]
        assert own.equal(weight)
    other = initial_weights(dataclasses.replace(trial, seed=1))
    assert not other["heads.weight"].equal(initial_weights(trial)["heads.weight"])


def test_trials_of_different_fusion_keys_are_refused():
    trial = Trial(family="gaussian", latent_dim=2)
    with pytest.raises(BadInput, match="different fusion keys"):
        Pack.of([trial, dataclasses.replace(trial, hidden=8)])


def test_adam_is_torchs():
    torch.manual_seed(0)
    start = torch.randn(3, 4, 5)
    rates = [1e-3, 1e-3, 1e-2]
    ours = start.clone().requires_grad_()
    optimiser = Adam([ours], rates)
    theirs = [start[m].clone().requires_grad_() for m in range(3)]
    reference = [torch.optim.Adam([p], lr=rate) for p, rate in zip(theirs, rates, strict=True)]
    for gradient in torch.randn(20, 3, 4, 5):
        optimiser.step([gradient])
        for member, (p, adam) in enumerate(zip(theirs, reference, strict=True)):
            p.grad = gradient[member].clone()
            adam.step()
    for member in range(3):
        torch.testing.assert_close(ours[member], theirs[member])


def test_members_that_stay_are_updated_as_if_alone():
    torch.manual_seed(0)
    start, gradients = torch.randn(3, 4, 5), torch.randn(20, 3, 4, 5)
    rates = [1e-3, 1e-2, 1e-3]
    ours = start.clone().requires_grad_()
    optimiser = Adam([ours], rates)
    for gradient in gradients[:10]:
        optimiser.step([gradient])
    kept = ours.detach()[[0, 2]].clone().requires_grad_()
    optimiser = optimiser.keep([kept], [0, 2])
    for gradient in gradients[10:]:
        optimiser.step([gradient[[0, 2]]])
    for row, member in enumerate((0, 2)):
        alone = start[[member]].clone().requires_grad_()
        reference = Adam([alone], [rates[member]])
        for gradient in gradients:
            reference.step([gradient[[member]]])
        torch.testing.assert_close(kept[row], alone[0])


def test_parameters_are_counted_without_padding_and_without_memory():
    trial = Trial(family="gaussian", latent_dim=20)
    layers = [(784, 500), (500, 500), (500, 40), (20, 500), (500, 500), (500, 784)]
    assert count_parameters(trial) == sum(i * o + o for i, o in layers)
    assert count_parameters(dataclasses.replace(trial, hidden=10**7)) > 10**14
    assert pack_bytes([trial]) > 16 * count_parameters(trial)


def test_large_models_share_a_core_with_fewer_and_convolutions_with_none():
    small = Trial(family="gaussian", dataset="digits", latent_dim=8, hidden=64)
    assert suggested_size(small) == 16
    assert suggested_size(Trial(family="gaussian", latent_dim=8)) == 9
    assert suggested_size(Trial(family="conv_vae", latent_dim=2)) == 1
    assert suggested_size(small, "cuda") == 256
