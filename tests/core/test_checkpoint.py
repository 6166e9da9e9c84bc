"""Going on from a checkpoint is going on, to the bit."""

import pickle

import pytest
import torch

from bsvae.checkpoint import Checkpoint
from bsvae.halving import Halving
from bsvae.seal import Damaged, seal
from bsvae.training import train, train_on
from bsvae.trial import Trial

SIZE = {"dataset": "digits", "hidden": 16, "epochs": 4}
HALVING = Halving(("kl_weight",), eta=2, min_epochs=1)
PACKS = {
    "gaussian": [{"latent_dim": 2, "learning_rate": 1e-2}, {"latent_dim": 70}],
    "concrete": [{"latent_dim": 4, "initial_temperature": 2.0, "anneal_epochs": 3}],
    "logit_normal": [{"latent_dim": 3, "kl_warmup": 3}, {"latent_dim": 5}],
    "bs_autoencoder": [{"latent_dim": 8, "mask": "fresh", "mask_probability": 0.4}],
}


def stored(epoch):
    return Checkpoint.from_bytes(Checkpoint.of(epoch, {"seen": epoch.number}).to_bytes())


@pytest.mark.parametrize("family", PACKS)
def test_from_every_epoch_the_rest_is_the_same_to_the_bit(family, digits):
    trials = [Trial(family=family, **SIZE, **own) for own in PACKS[family]]
    whole = list(train(trials, digits))
    checkpoints = [stored(epoch) for epoch in train(trials, digits) if not epoch.last]
    assert [c.number for c in checkpoints] == [c.notes["seen"] for c in checkpoints] == [1, 2, 3]
    for checkpoint in checkpoints:
        rest = list(train_on(*checkpoint.restore(), digits, checkpoint.number + 1))
        assert [e.metrics for e in rest] == [e.metrics for e in whole[checkpoint.number :]]
        for name, weight in rest[-1].pack.parameters.items():
            assert weight.equal(whole[-1].pack.parameters[name])


def test_who_has_left_stays_away_and_the_padding_stays(digits):
    sizes = [{"latent_dim": 2}, {"latent_dim": 6, "learning_rate": 1e30}]
    trials = [Trial(family="gaussian", kl_weight=w, **SIZE, **s) for w in (1, 9) for s in sizes]
    whole = list(train(trials, digits, HALVING))
    checkpoint = stored(whole[0])
    assert checkpoint.trials == (trials[0],)
    assert checkpoint.width == 6
    rest = list(train_on(*checkpoint.restore(), digits, 2, HALVING))
    assert [e.metrics for e in rest] == [e.metrics for e in whole[1:]]


def test_damaged_bytes_are_refused(digits):
    trial = Trial(family="gaussian", latent_dim=2, **SIZE)
    content = Checkpoint.of(next(train([trial], digits))).to_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    code = pickle.dumps(print)
    for damaged in (b"", b"<html>", content[:-1], bytes(flipped), code, seal(code)):
        with pytest.raises(Damaged):
            Checkpoint.from_bytes(damaged)


def test_the_weights_are_read_without_running_code(digits, monkeypatch):
    trial = Trial(family="gaussian", latent_dim=2, **SIZE)
    content = Checkpoint.of(next(train([trial], digits))).to_bytes()
    asked = []
    load = torch.load
    monkeypatch.setattr(torch, "load", lambda f, **how: asked.append(how) or load(f, **how))
    Checkpoint.from_bytes(content)
    assert asked == [{"weights_only": True}]
