"""The time left weighs trials by what they cost."""

import datetime

import pytest

from sweeps.definition.parse import parse
from sweeps.results.pace import Left, Part, outlook

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
CONSTANTS = {"dataset": "digits", "family": "gaussian", "hidden": 8}


def sweep_of(*grids):
    return parse("s", {"trial": CONSTANTS, "grid": list(grids)}, {})


def row(epochs, seconds, at, latent_dim=2, family="gaussian"):
    return {
        "family": family,
        "latent_dim": latent_dim,
        "epochs": epochs,
        "epochs_trained": epochs,
        "seconds": seconds,
        "device_seconds": seconds,
        "finished_at": NOW + datetime.timedelta(seconds=at),
    }


def test_equal_trials_take_equal_time():
    sweep = sweep_of({"latent_dim": [2], "epochs": [9], "kl_weight": [1, 2, 3, 4, 5, 6]})
    rows = [row(9, 30.0, at) for at in (0, 30, 30)]
    assert outlook(sweep, rows) == (
        "3.0 trials per minute over the last 1 min of work; about 1 min left"
    )


def test_untrained_trials_are_no_measure_of_those_that_are_trained():
    """Ten of eleven trials are untrained and done in a second: not a tenth of a second is left."""
    sweep = sweep_of(
        {"latent_dim": [2], "epochs": [0], "kl_weight": list(range(1, 11))},
        {"latent_dim": [2], "epochs": [99]},
    )
    rows = [row(0, 0.1, 0.1 * n) for n in range(1, 11)]
    assert "about 10 s left" in outlook(sweep, rows)


def test_trials_are_weighed_by_those_like_them():
    sweep = sweep_of(
        {"latent_dim": [2], "epochs": [9], "kl_weight": [1, 2]},
        {"latent_dim": [64], "epochs": [9], "kl_weight": [1, 2]},
    )
    rows = [row(9, 1.0, 1), row(9, 100.0, 101, latent_dim=64), row(9, 1.0, 102)]
    assert "about 1 min 40 s left" in outlook(sweep, rows)


def test_what_is_trained_of_a_running_trial_is_not_left():
    sweep = sweep_of({"latent_dim": [2], "epochs": [9], "kl_weight": [1, 2]})
    whole, half = Part(("gaussian", 2, 9), 0), Part(("gaussian", 2, 9), 5)
    work = Left(sweep, [row(9, 10.0, 10)])
    assert work.cost() == work.cost([whole]) == 10.0
    assert work.cost([half]) == 5.0


def test_before_the_first_row_packs_in_training_tell_the_pace():
    class Pack:
        parts = [Part(("gaussian", 2, 9), 5)] * 2
        seconds = 50.0

    sweep = sweep_of({"latent_dim": [2], "epochs": [9], "kl_weight": [1, 2]})
    assert outlook(sweep, [], [Pack()]) == "2 trials in training for 50 s; about 50 s left"
    assert outlook(sweep, []) == ""


@pytest.mark.parametrize("trained", [3, 9])
def test_rivals_that_stop_early_shorten_what_is_expected(trained):
    sweep = sweep_of({"latent_dim": [2], "epochs": [9], "kl_weight": [1, 2]})
    ended = row(9, 10.0, 10) | {"epochs_trained": trained}
    assert Left(sweep, [ended]).cost() == pytest.approx(
        10.0 * 10 / (1 + trained) * trained / 9, rel=1e-6
    )
