"""Successive halving, from its rule to the trials that a pack trains."""

import math

import pytest

from bsvae.halving import Halving
from bsvae.training import train
from bsvae.trial import Trial

EPOCHS = 6
HALVING = Halving(("kl_weight",), "test_neg_elbo", eta=2, min_epochs=2)


def rivals(latent_dim=2, weights=(0.5, 1.0, 4.0, 16.0)):
    size = {"dataset": "digits", "hidden": 16, "epochs": EPOCHS, "latent_dim": latent_dim}
    return [Trial(family="gaussian", kl_weight=weight, **size) for weight in weights]


def ends(trials, data, halving=HALVING):
    """Per trial: why it ended, after how many epochs, and what it showed last."""
    ended = {}
    for epoch in train(trials, data, halving):
        for trial, shown, status in zip(epoch.pack.trials, epoch.curve, epoch.ended, strict=True):
            if status:
                ended[trial] = (status, epoch.number, shown["test_neg_elbo"])
    return ended


def test_half_goes_on_at_every_rung(digits):
    ended = ends(rivals(), digits)
    statuses = sorted((status, number) for status, number, _ in ended.values())
    assert statuses == [("done", EPOCHS), ("stopped", 2), ("stopped", 2), ("stopped", 4)]


def test_who_stops_was_worse_than_who_went_on_when_it_stopped(digits):
    ended = ends(rivals(), digits)
    curves = {trial: [] for trial in rivals()}
    for epoch in train(rivals(), digits):
        for trial, shown in zip(epoch.pack.trials, epoch.curve, strict=True):
            curves[trial].append(shown["test_neg_elbo"])
    for trial, (status, number, shown) in ended.items():
        assert math.isclose(shown, curves[trial][number - 1], rel_tol=1e-6)
        if status == "stopped":
            others = [t for t, (_, last, _) in ended.items() if last > number]
            assert all(curves[other][number - 1] <= shown for other in others)


def test_groups_of_rivals_do_not_compete_with_each_other(digits):
    alone = ends(rivals(2), digits) | ends(rivals(5), digits)
    together = ends(rivals(2) + rivals(5), digits)
    for trial, (status, number, shown) in together.items():
        assert (status, number) == alone[trial][:2]
        assert math.isclose(shown, alone[trial][2], rel_tol=1e-5)


def test_a_trial_without_rivals_is_trained_to_its_end(digits):
    (ended,) = ends(rivals(weights=(1.0,)), digits).values()
    assert ended[:2] == ("done", EPOCHS)


def test_a_value_that_is_not_finite_loses():
    trials = rivals(weights=(1.0, 2.0))
    shown = [{"test_neg_elbo": 1.0}, {"test_neg_elbo": math.nan}]
    assert HALVING.losers(trials, shown, number=2) == {1}
    assert HALVING.losers(trials, shown, number=3) == set()


@pytest.mark.parametrize(("eta", "left"), [(2, 3), (3, 2), (4, 2), (5, 1)])
def test_of_eta_rivals_one_goes_on_rounded_up(eta, left):
    trials = rivals(weights=(1.0, 2.0, 3.0, 4.0, 5.0))
    shown = [{"test_neg_elbo": float(value)} for value in (5, 4, 3, 2, 1)]
    losers = Halving(("kl_weight",), eta=eta).losers(trials, shown, number=1)
    assert losers == set(range(5 - left))
