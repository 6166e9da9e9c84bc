"""The planner against a made-up world in which a trial's score is a function of its fields."""

import math
import random

import pytest

from sweeps.definition.parse import parse
from sweeps.plan.planner import Planner, key_of

SEARCH = {
    "trial": {"dataset": "digits"},
    "grid": [
        {"family": ["gaussian"], "latent_dim": [2, 4]},
        {"family": ["logit_normal"], "latent_dim": [2]},
    ],
    "search": {"kl_weight": {"low": 0.1, "high": 10.0, "log": True}},
    "optuna": {"trials": 12, "round": 4},
    "select_on_test": True,
}


def sweep_of(trials=12, **changes):
    document = SEARCH | {"optuna": SEARCH["optuna"] | {"trials": trials}} | changes
    return parse("s", document, {})


def row_of(trial):
    score = (math.log(trial.kl_weight) - 0.3 * trial.latent_dim) ** 2
    row = {"trial_id": trial.trial_id, "status": "done", "test_neg_elbo": score}
    if trial.kl_weight > 8:
        row |= {"status": "diverged", "test_neg_elbo": None}
    elif trial.kl_weight < 0.15:
        row |= {"status": "failed", "test_neg_elbo": None}
    return row | {"trial": trial}


def play(sweep, size, slots, order, rows=(), stop=math.inf):
    """Run a plan to its end, finishing running packs in a random order; returns rows and packs."""
    known = {row["trial_id"]: row for row in rows}
    planner = Planner(sweep, dict(known), lambda trial: size, slots)
    rest, packs = play_on(planner, order, stop)
    return known | rest, packs


def play_on(planner, order=0, stop=math.inf):
    """Run a planner on; returns what it was told, and its packs."""
    known = {}
    shuffle, running, packs = random.Random(order), [], []
    while not planner.finished and len(packs) < stop:
        while len(running) < planner.slots and (pack := planner.next_pack()):
            running.append(pack)
            packs.append(pack)
        assert running, "a plan that is not finished has something to run"
        pack = running.pop(shuffle.randrange(len(running)))
        results = [row_of(trial) for trial in pack]
        known |= {row["trial_id"]: row for row in results}
        planner.tell(results)
    return known, packs


def test_proposals_depend_on_results_alone_not_on_scheduling():
    sweep = sweep_of()
    reference, _ = play(sweep, size=1, slots=1, order=0)
    assert len(reference) == sweep.wanted == 36
    for size, slots, order in [(4, 1, 1), (8, 2, 2), (3, 5, 3), (100, 7, 4)]:
        other, _ = play(sweep, size, slots, order)
        assert other.keys() == reference.keys()


def test_a_finished_plan_is_replayed_without_training():
    rows, _ = play(sweep_of(), 4, 2, 0)
    planner = Planner(sweep_of(), rows, lambda trial: 4)
    assert planner.finished
    assert planner.next_pack() == []
    assert planner.results.keys() == rows.keys()


def test_a_broken_off_plan_goes_on_where_it_stopped():
    whole, _ = play(sweep_of(), 4, 2, 0)
    for stop in (1, 3, 6):
        part, _ = play(sweep_of(), 4, 2, stop, stop=stop)
        rest, packs = play(sweep_of(), 4, 2, 9, rows=part.values())
        assert rest.keys() == whole.keys()
        assert sum(map(len, packs)) == len(whole) - len(part)


def test_raising_the_budget_trains_the_difference():
    small, _ = play(sweep_of(trials=6), 4, 2, 0)
    large, packs = play(sweep_of(trials=12), 4, 2, 0, rows=small.values())
    assert small.keys() < large.keys()
    assert sum(map(len, packs)) == len(large) - len(small)


def test_packs_share_a_fusion_key_and_are_never_too_large():
    _, packs = play(sweep_of(), 3, 2, 0)
    for pack in packs:
        assert len({trial.fusion_key for trial in pack}) == 1
        assert len(pack) <= 3


def test_work_is_shared_out_before_packs_are_filled():
    document = {"trial": {"family": "gaussian"}, "grid": [{"latent_dim": list(range(1, 9))}]}
    planner = Planner(parse("s", document, {}), {}, lambda trial: 100, slots=2)
    assert [len(planner.next_pack()) for _ in range(2)] == [4, 4]


def test_a_pack_waits_to_be_filled_only_while_its_key_can_grow():
    planner = Planner(sweep_of(), {}, lambda trial: 6, slots=1)
    first = planner.next_pack()
    assert len(first) == 6
    assert planner.next_pack()[0].family == "logit_normal"
    assert planner.next_pack() == []
    planner.tell([row_of(trial) for trial in first])
    assert len(planner.next_pack()) == 6


def test_a_pack_does_not_wait_for_what_cannot_come():
    """The round is the last one, so nothing will join the two trials that are left."""
    grid = [{"family": ["gaussian"], "latent_dim": [2]}]
    sweep = sweep_of(trials=8, grid=grid, optuna={"trials": 8, "round": 8})
    planner = Planner(sweep, {}, lambda trial: 3, slots=2)
    first, second = planner.next_pack(), planner.next_pack()
    planner.tell([row_of(trial) for trial in first])
    assert [len(first), len(second), len(planner.next_pack())] == [3, 3, 2]


def test_a_wide_code_does_not_widen_everyone():
    sizes = [2, 4, 8, 4000]
    document = {"trial": {"family": "gaussian"}, "grid": [{"latent_dim": sizes}]}
    size = {2: 8, 4: 8, 8: 8, 4000: 1}
    planner = Planner(parse("s", document, {}), {}, lambda trial: size[trial.latent_dim])
    assert [t.latent_dim for t in planner.next_pack()] == [2, 4, 8]
    assert [t.latent_dim for t in planner.next_pack()] == [4000]


def test_trials_that_failed_together_are_trained_alone():
    planner = Planner(sweep_of(), {}, lambda trial: 6)
    pack = planner.next_pack()
    planner.tell([row_of(pack[0])])
    planner.split(pack[1:])
    alone = [planner.next_pack() for _ in pack[1:]]
    assert alone == [[trial] for trial in pack[1:]]
    assert len(planner.running) == len(pack) - 1


def test_several_objectives_are_replayed_too():
    optuna = {"trials": 12, "round": 4, "objectives": ["test_neg_elbo", "test_kl"]}
    sweep = sweep_of(optuna=optuna)
    planner, rows = Planner(sweep, {}, lambda trial: 3, slots=2), {}
    while pack := planner.next_pack():
        told = [row_of(trial) | {"test_kl": trial.kl_weight} for trial in pack]
        rows |= {row["trial_id"]: row for row in told}
        planner.tell(told)
    assert Planner(sweep, rows, lambda trial: 1).finished


def test_the_search_finds_the_valley():
    rows, _ = play(sweep_of(trials=32), 4, 1, 0)
    for size in (2, 4):
        cell = [r for r in rows.values() if r["status"] == "done"]
        cell = [r for r in cell if r["trial"].latent_dim == size]
        best = min(cell, key=lambda row: row["test_neg_elbo"])
        assert best["test_neg_elbo"] < 0.05


def test_a_cell_is_what_it_says_not_how_it_says_it():
    """Defaults spelled out, or the size said otherwise, make no other cell and no other asks."""
    document = {"trial": {"family": "concrete"}, "grid": [{"latent_dim": [8]}, {"classes": [8]}]}
    assert parse("s", document, {}).wanted == 1
    plain, _ = play(sweep_of(), 4, 1, 0)
    spelled, _ = play(sweep_of(trial={"dataset": "digits", "batch_size": 50, "seed": 0}), 4, 1, 0)
    assert plain.keys() == spelled.keys()


def test_a_grid_that_sets_a_searched_field_is_not_searched():
    grid = [*SEARCH["grid"], {"family": ["gaussian"], "latent_dim": [8], "kl_weight": [1, 2]}]
    sweep = sweep_of(grid=grid)
    assert sweep.wanted == 36 + 2
    rows, _ = play(sweep, 4, 2, 0)
    assert len(rows) == 38


@pytest.mark.parametrize("status", ["diverged", "failed"])
def test_a_cell_where_nothing_works_still_ends(status):
    planner = Planner(sweep_of(), {}, lambda trial: 4)
    while pack := planner.next_pack():
        planner.tell(
            {"trial_id": t.trial_id, "status": status, "test_neg_elbo": None} for t in pack
        )
    assert planner.finished


HALVED = {"halving": {"eta": 2, "min_epochs": 3}}


def test_rivals_of_a_round_share_a_pack_whatever_its_size():
    for size in (1, 3, 6, 100):
        _, packs = play(sweep_of(**HALVED), size, 2, 0)
        for pack in packs:
            rounds = {(trial.family, trial.latent_dim) for trial in pack}
            assert len(pack) == 4 * len(rounds)
        assert max(map(len, packs)) <= max(size, 4)


def test_a_round_of_rivals_without_all_its_rows_is_trained_again_whole():
    rows, _ = play(sweep_of(**HALVED), 4, 2, 0)
    lost = next(iter(rows))
    rest, packs = play(sweep_of(**HALVED), 4, 2, 0, rows=[r for k, r in rows.items() if k != lost])
    assert rest.keys() == rows.keys()
    assert [len(pack) for pack in packs] == [4]
    assert lost in {trial.trial_id for trial in packs[0]}


def test_a_stopped_trial_counts_only_where_it_would_stop_now():
    rows, _ = play(sweep_of(**HALVED), 4, 2, 0)
    stopped = next(key for key, row in rows.items() if row["status"] == "done")
    rows[stopped] |= {"status": "stopped", "epochs_trained": 6}
    assert Planner(sweep_of(**HALVED), rows, lambda trial: 4).finished
    later = {"halving": {"eta": 2, "min_epochs": 4}}
    for changed in ({}, later):
        planner = Planner(sweep_of(**changed), rows, lambda trial: 4)
        assert stopped in {trial.trial_id for trial in planner.next_pack()}


def test_rivals_that_may_have_failed_each_other_are_trained_alone():
    planner = Planner(sweep_of(**HALVED), {}, lambda trial: 4)
    pack = planner.next_pack()
    planner.split(pack)
    assert [planner.next_pack() for _ in pack] == [[trial] for trial in pack]


def test_packs_under_way_are_formed_again_as_they_were():
    sweep = sweep_of()
    whole, packs = play(sweep, 8, 1, 0)
    known = {t.trial_id: whole[t.trial_id] for t in packs[0][:2]}  # two of its rows came later
    planner = Planner(sweep, known, lambda trial: 3, 1, {"key": packs[0]})
    assert planner.next_pack() == packs[0]
    assert planner.key_of(packs[0]) == "key"
    assert planner.key_of(packs[0][:2]) == key_of(packs[0][:2])
    planner.tell([row_of(trial) for trial in packs[0]])
    rest, _ = play_on(planner)
    assert rest.keys() | known.keys() | {t.trial_id for t in packs[0]} == whole.keys()


def test_a_pack_under_way_that_is_done_or_not_wanted_is_not_formed():
    sweep = sweep_of()
    whole, packs = play(sweep, 8, 1, 0)
    known = {t.trial_id: whole[t.trial_id] for t in packs[0]}
    planner = Planner(sweep, known, lambda trial: 3, 1, {"key": packs[0]})
    assert not set(planner.next_pack()) & set(packs[0])
    other = parse("s", SEARCH | {"trial": {"dataset": "digits", "seed": 1}}, {})
    planner = Planner(other, {}, lambda trial: 3, 1, {"key": packs[0]})
    assert planner.unformed == [packs[0]]


def test_rivals_go_on_from_their_checkpoint_while_those_who_lost_keep_their_rows():
    sweep = sweep_of(**HALVED)
    rows, packs = play(sweep, 4, 1, 0)
    lost, left = packs[0][:2], packs[0][2:]
    known = {t.trial_id: rows[t.trial_id] for t in lost}
    assert Planner(sweep, known, lambda trial: 4, 1, {"key": left}).next_pack() == left
    assert Planner(sweep, known, lambda trial: 4, 1).next_pack() == packs[0]


def test_a_pack_that_was_too_large_is_halved_and_rivals_stay_together():
    planner = Planner(sweep_of(), {}, lambda trial: 8)
    pack = planner.next_pack()
    planner.halve(pack)
    assert [planner.next_pack(), planner.next_pack()] == [pack[:4], pack[4:]]
    planner = Planner(sweep_of(**HALVED), {}, lambda trial: 8)
    pack = planner.next_pack()
    planner.halve(pack)
    halves = [planner.next_pack(), planner.next_pack()]
    assert [{trial.latent_dim for trial in half} for half in halves] == [{2}, {4}]
    planner.halve(halves[0])
    assert planner.next_pack() == halves[0][:1]
