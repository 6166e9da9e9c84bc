"""Successive halving, from its rule to the trials that a pack trains."""

import math
from dataclasses import replace

import pytest

from bsvae.halving import Halving
from bsvae.training import train
from bsvae.trial import Trial
from sweeps.definition.parse import parse
from sweeps.ledger.ledger import Ledger
from sweeps.running.run import execute

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


def of_seeds(costs, seeds=(0, 1, 2)):
    """Trials of several proposals, one for each seed, and the negative ELBO that each shows."""
    trials = [replace(t, seed=seed) for t in rivals(weights=tuple(costs)) for seed in seeds]
    values = [value for shown in costs.values() for value in shown]
    return trials, [{"test_neg_elbo": value, "valid_neg_elbo": value} for value in values]


def test_proposals_are_ranked_by_the_mean_over_their_seeds():
    """The second has the best seed of all, and the worse mean."""
    trials, shown = of_seeds({1.0: (5.0, 5.0, 5.0), 2.0: (1.0, 7.0, 8.0)})
    assert HALVING.losers(trials, shown, number=2) == {3, 4, 5}
    valid = replace(HALVING, objective="valid_neg_elbo")
    assert valid.losers(trials, shown, number=2) == {3, 4, 5}
    order = [3, 0, 4, 1, 5, 2]
    mixed = [[side[place] for place in order] for side in (trials, shown)]
    assert HALVING.losers(*mixed, number=2) == {0, 2, 4}


def test_a_proposal_of_which_a_seed_diverged_is_the_worst():
    """In this epoch, or in an earlier one, when that seed has left the pack."""
    trials, shown = of_seeds({1.0: (1.0, 1.0, math.nan), 2.0: (9.0, 9.0, 9.0)})
    assert HALVING.losers(trials, shown, number=2) == {0, 1, 2}
    assert HALVING.losers(trials[:2] + trials[3:], shown[:2] + shown[3:], number=2) == {0, 1}
    (alone,) = HALVING.groups(trials)
    assert alone == trials
    assert HALVING.losers(trials[:3], shown[:3], number=2) == set()


def test_all_seeds_of_a_proposal_stop_at_one_rung(digits):
    trials = [replace(trial, seed=seed) for trial in rivals() for seed in (0, 1)]
    ended = ends(trials, digits)
    ways = {weight: set() for weight in (0.5, 1.0, 4.0, 16.0)}
    for trial, (status, number, _) in ended.items():
        ways[trial.kl_weight].add((status, number))
    assert all(len(way) == 1 for way in ways.values())
    assert sorted(way for (way,) in ways.values()) == sorted(
        [("done", EPOCHS), ("stopped", 2), ("stopped", 2), ("stopped", 4)]
    )


SIZE = {"dataset": "digits", "validation": 300, "hidden": 16, "epochs": EPOCHS}
SEARCH = {
    "trial": {"family": "gaussian", **SIZE},
    "grid": [{"latent_dim": [2, 5]}],
    "search": {"kl_weight": {"low": 0.1, "high": 10.0, "log": True}},
    "optuna": {"trials": 8, "round": 4},
}


@pytest.mark.parametrize("seeds", [1, 2])
def test_a_search_stops_the_same_trials_however_it_is_packed(tmp_path, seeds):
    sweep = parse("s", SEARCH | {"seeds": seeds, "halving": {"eta": 2, "min_epochs": 2}}, {})
    tables = []
    for pack_limit in (1, 8):
        ledger = Ledger(tmp_path / str(pack_limit), "s")
        execute(sweep, ledger, None, pack_limit, "serial")
        tables.append(ledger.trials())
    one, many = tables
    assert list(one["trial_id"]) == list(many["trial_id"])
    assert list(one["status"]) == list(many["status"])
    assert one["status"].value_counts().to_dict() == {"stopped": 12 * seeds, "done": 4 * seeds}
    assert one.groupby("kl_weight")["status"].nunique().max() == 1
    assert one["test_neg_elbo"].tolist() == pytest.approx(many["test_neg_elbo"].tolist(), rel=1e-5)
    curves = Ledger(tmp_path / "1", "s").table("epochs")
    lengths = curves.groupby("trial_id").size().sort_index()
    assert lengths.tolist() == one.sort_values("trial_id")["epochs_trained"].tolist()


def test_without_halving_stopped_trials_are_trained_to_their_end(tmp_path):
    ledger = Ledger(tmp_path, "s")
    execute(parse("s", SEARCH | {"halving": {"eta": 2}}, {}), ledger, None, None, "serial")
    assert (ledger.trials()["status"] == "stopped").any()
    planner = execute(parse("s", SEARCH, {}), ledger, None, None, "serial")
    assert {row["status"] for row in planner.results.values()} == {"done"}
