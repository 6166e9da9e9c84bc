from bsvae.catalogue import FAMILIES
from bsvae.pack import count_parameters, initial_weights
from bsvae.trial import Trial
from sweeps.definition.parse import parse
from sweeps.plan.estimate import estimate, notices
from sweeps.plan.planner import Planner


def test_seeds_are_one_kind_of_trial_and_not_one_line_each():
    grid = [{"latent_dim": [2, 3], "seeds": 3}, {"hidden": [8], "latent_dim": [2]}]
    trial = {"family": "gaussian", "dataset": "digits", "hidden": 4, "epochs": 1}
    planner = Planner(parse("s", {"trial": trial, "grid": grid}, {}), {}, lambda trial: 16)
    rows, seconds = estimate(planner, "cpu")
    assert [row[1:3] for row in rows] == [["6", "6"], ["1", "1"]]
    assert seconds > 0


def test_one_pack_takes_its_time_however_many_slots_are_idle(monkeypatch):
    """34 s an epoch, 4 epochs, one trial, two slots: "about 68 seconds" was said."""
    monkeypatch.setattr("sweeps.plan.estimate.seconds_per_epoch", lambda pack, device: 34.0)
    trial = {"family": "gaussian", "dataset": "digits", "hidden": 4, "epochs": 4}

    def seconds(grid, slots, size=1, trained=0):
        sweep = parse("s", {"trial": trial, "grid": [grid]}, {})
        (first, *_) = Planner(sweep, {}, lambda trial: size, slots).packs()
        under_way = {"key": first} if trained else {}
        planner = Planner(sweep, {}, lambda trial: size, slots, under_way)
        return estimate(planner, "cpu", {"key": trained})[1]

    assert seconds({"latent_dim": [2]}, slots=2) == 136
    assert seconds({"latent_dim": [2, 3, 4]}, slots=2) == 272
    assert seconds({"latent_dim": [2, 3, 4]}, slots=2, size=2) == 136
    assert seconds({"latent_dim": [2, 3, 4]}, slots=1, size=2) == 272
    assert seconds({"latent_dim": [2]}, slots=2, trained=3) == 34
    assert seconds({"latent_dim": [2], "epochs": [0]}, slots=2) == 0


def test_rounds_of_a_search_follow_each_other(monkeypatch):
    monkeypatch.setattr("sweeps.plan.estimate.seconds_per_epoch", lambda pack, device: 1.0)
    trial = {
        "family": "gaussian",
        "dataset": "digits",
        "hidden": 4,
        "epochs": 10,
        "latent_dim": 2,
        "validation": 9,
    }
    search = {"kl_weight": {"low": 0.1, "high": 1.0}}
    document = {"trial": trial, "search": search, "optuna": {"trials": 12, "round": 4}}
    planner = Planner(parse("s", document, {}), {}, lambda trial: 4, 1)
    assert estimate(planner, "cpu")[1] == 30


def test_parameters_are_counted_by_what_they_depend_on():
    sizes = {"categoricals": 2, "latent_dim": 4}
    for family, used in FAMILIES.items():
        for width in (4, 8):
            fields = {name: width for name in sizes if name in used and family != "tiny_vae"}
            fields |= {"categoricals": 2} if "categoricals" in used else {}
            trial = Trial.of({"family": family, **fields})
            counted = sum(weight.numel() for weight in initial_weights(trial).values())
            assert count_parameters(trial) == counted, trial


def test_a_notice_is_said_once_for_a_pair_of_temperatures_of_the_trial_that_pays_most():
    grid = [{"posterior_temperature": [0.5], "prior_temperature": [0.4, 1.0]}]
    grid = [cell | {"latent_dim": [2, 40], "seeds": 2} for cell in grid]
    (notice,) = notices(parse("s", {"trial": {"family": "concrete"}, "grid": grid}, {}))
    assert "already costs 21.9 nats" in notice
