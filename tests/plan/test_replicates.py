"""Searches whose proposals are trained once per seed, in a made-up world; and a stored one."""

import math
import statistics
from pathlib import Path

import pytest
from optuna.trial import TrialState
from test_planner import HALVED, play, row_of, sweep_of

from sweeps.ledger.ledger import Ledger
from sweeps.plan.planner import Planner
from sweeps.results.stored import stored_sweep

RESULTS = Path(__file__).parents[2] / "results"
GRID = [{"family": ["gaussian"], "latent_dim": [2]}]
OPTUNA = {"trials": 4, "round": 4, "objectives": ["test_neg_elbo", "test_kl"]}


def told(planner, **statuses):
    """Tell a planner of its next packs: rows whose score depends on seed and KL weight.

    Args:
        planner: what is told.
        statuses: by ``s1`` and the like, how the trials of that seed end.
    """
    while pack := planner.next_pack():
        for trial in pack:
            score = trial.kl_weight + 10 * trial.seed**2
            row = {"trial_id": trial.trial_id, "status": "done", "test_neg_elbo": score}
            row |= {"test_kl": -score, "epochs_trained": 3, "error": None}
            planner.tell([row | statuses.get(f"s{trial.seed}", {})])


def study_of(planner, **statuses):
    """The only search of a sweep, after it was told of everything; and what Optuna knows."""
    (study,) = {id(s): s for s in planner._owner.values()}.values()
    told(planner, **statuses)
    return study._study.trials


def planner_of(seeds=3, size=2, **changes):
    return Planner(sweep_of(grid=GRID, seeds=seeds, **changes), {}, lambda trial: size)


def test_optuna_is_told_the_mean_over_the_seeds_of_every_objective():
    known = study_of(planner_of(optuna=OPTUNA))
    assert len(known) == 4
    for trial in known:
        mean = trial.params["kl_weight"] + statistics.fmean((0, 10, 40))
        assert trial.values == pytest.approx([mean, -mean])


def test_every_proposal_is_trained_once_per_seed_and_counted_so():
    sweep = sweep_of(seeds=[3, 0])
    rows, packs = play(sweep, 5, 2, 0)
    assert len(rows) == sweep.wanted == 72
    assert any(len({trial.seed for trial in pack}) > 1 for pack in packs)
    pairs = {}
    for row in rows.values():
        trial = row["trial"]
        pairs.setdefault((trial.family, trial.latent_dim, trial.kl_weight), []).append(trial.seed)
    assert len(pairs) == 36
    assert {tuple(sorted(seeds)) for seeds in pairs.values()} == {(0, 3)}
    assert play(sweep, 16, 4, 1)[0].keys() == rows.keys()


def test_a_failed_seed_fails_its_proposal_and_a_diverged_one_makes_it_the_worst():
    failed = study_of(planner_of(), s1={"status": "failed", "test_neg_elbo": None})
    assert {trial.state for trial in failed} == {TrialState.FAIL}
    diverged = study_of(planner_of(), s1={"status": "diverged", "test_neg_elbo": None})
    assert {trial.state for trial in diverged} == {TrialState.COMPLETE}
    assert {trial.value for trial in diverged} == {1e9}


def test_a_stopped_proposal_is_told_as_pruned_with_its_mean():
    statuses = {f"s{seed}": {"status": "stopped"} for seed in range(3)}
    known = study_of(planner_of(**HALVED), **statuses)
    assert {trial.state for trial in known} == {TrialState.PRUNED}
    for trial in known:
        mean = trial.params["kl_weight"] + statistics.fmean((0, 10, 40))
        assert trial.intermediate_values == {3: pytest.approx(mean)}


def test_the_seeds_of_a_round_of_rivals_are_one_unit():
    for size in (1, 5, 100):
        _, packs = play(sweep_of(seeds=3, **HALVED), size, 2, 0)
        for pack in packs:
            rounds = {(trial.family, trial.latent_dim) for trial in pack}
            assert len(pack) == 4 * 3 * len(rounds)
    rows, _ = play(sweep_of(seeds=3, **HALVED), 4, 2, 0)
    lost = next(iter(rows))
    kept = [row for key, row in rows.items() if key != lost]
    _, packs = play(sweep_of(seeds=3, **HALVED), 4, 2, 0, rows=kept)
    assert [len(pack) for pack in packs] == [12]


def test_a_point_of_a_sweep_with_rivals_has_none():
    """Its seeds need not share a pack, and one that lacks its row is trained alone."""
    grid = [*GRID, {"family": ["gaussian"], "latent_dim": [8], "kl_weight": [1]}]
    sweep = sweep_of(grid=grid, seeds=3, **HALVED)
    rows, _ = play(sweep, 1, 2, 0)
    lost = next(key for key, row in rows.items() if row["trial"].latent_dim == 8)
    kept = [row for key, row in rows.items() if key != lost]
    _, packs = play(sweep, 1, 2, 0, rows=kept)
    assert [[trial.trial_id for trial in pack] for pack in packs] == [[lost]]


def test_the_first_seed_alone_proposes_what_it_did_without_seeds():
    """So that sweeps that were stored before there were several find their rows."""
    one, _ = play(sweep_of(seeds=1, trials=8, optuna={"trials": 8, "round": 8}), 4, 1, 0)
    several, _ = play(sweep_of(seeds=3, trials=8, optuna={"trials": 8, "round": 8}), 4, 1, 0)
    assert one.keys() < several.keys()


def test_the_committed_search_finds_all_its_rows():
    """Most of them were trained before there were seeds."""
    sweep, ledger = stored_sweep("kl_weight", str(RESULTS))
    rows = Ledger(RESULTS, "kl_weight").rows()
    planner = Planner(sweep, rows, lambda trial: 1)
    assert ledger.sweep == sweep.name
    assert planner.results.keys() == rows.keys()
    assert 19 <= len(rows) <= sweep.wanted


def test_the_made_up_world_has_trials_that_end_badly():
    """Or the tests of replay above would show less than they seem to."""
    rows, _ = play(sweep_of(seeds=2), 4, 2, 0)
    assert {row["status"] for row in rows.values()} > {"done"}
    assert all(row_of(row["trial"])["status"] == row["status"] for row in rows.values())
    assert not any(math.isnan(row["test_neg_elbo"] or 0.0) for row in rows.values())
