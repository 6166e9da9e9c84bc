"""A search that changes keeps what is known: in a made-up world, and in real runs."""

import json

import pytest
from test_planner import HALVED, play, sweep_of

from bsvae.checks import BadInput
from sweeps.definition.file import read_sweep
from sweeps.definition.parse import parse
from sweeps.ledger.ledger import Ledger
from sweeps.plan.carried import carried_trials, with_carried
from sweeps.plan.planner import Planner
from sweeps.results.redefined import as_run
from sweeps.results.stored import so_far, stored_sweep
from sweeps.running.run import execute

NARROW = {"kl_weight": {"low": 0.5, "high": 5.0, "log": True}}


def stored(sweep):
    """A sweep as it is read again from its stored definition."""
    return parse(sweep.name, json.loads(json.dumps(sweep.document)), {})


def rows_of(rows):
    """Rows with every field of their trials."""
    return [r["trial"].as_dict() | {"finished_at": n} | r for n, r in enumerate(rows.values())]


def changed(rows, before=None, **changes):
    """A changed sweep as it is run after another, given some rows."""
    sweep = with_carried(sweep_of(**changes), before or sweep_of(), lambda: rows_of(rows))
    again = stored(sweep)
    assert (again.carried, again.document) == (sweep.carried, sweep.document)
    return again


def inside(rows, low, high):
    return {
        k for k, r in rows.items() if r["status"] == "done" and low <= r["trial"].kl_weight <= high
    }


def test_a_narrower_range_starts_from_what_lies_within_it():
    rows, _ = play(sweep_of(), 4, 2, 0)
    sweep = changed(rows, search=NARROW)
    known = inside(rows, 0.5, 5.0)
    assert 5 < carried_trials(sweep) == len(known) < 36
    whole, packs = play(sweep, 4, 2, 0, rows=rows.values())
    trained = {trial.trial_id for pack in packs for trial in pack}
    assert len(trained) == sweep.wanted - len(known)
    assert not trained & rows.keys()
    planner = Planner(sweep, whole, lambda trial: 4)
    assert planner.finished
    assert planner.results.keys() == trained | known
    assert play(sweep, 7, 3, 5, rows=rows.values())[0].keys() == whole.keys()


def test_a_wider_range_and_other_rounds_keep_everything_that_is_done():
    rows, _ = play(sweep_of(), 4, 2, 0)
    done = inside(rows, 0, 100)
    wide = {"kl_weight": {"low": 0.01, "high": 100.0, "log": True}}
    rounds = {"trials": 12, "round": 3}
    for changes in ({"search": wide}, {"optuna": rounds}):
        sweep = changed(rows, **changes)
        assert carried_trials(sweep) == len(done)
        _, packs = play(sweep, 4, 2, 0, rows=rows.values())
        assert sum(map(len, packs)) == 36 - len(done)


def test_another_budget_alone_goes_on_as_before():
    rows, _ = play(sweep_of(), 4, 2, 0)
    for trials in (8, 16):
        sweep = changed(rows, trials=trials)
        assert not sweep.carried
        assert "carried" not in sweep.document
    narrow = changed(rows, search=NARROW)
    more = changed({}, before=narrow, search=NARROW, trials=16)
    assert more.carried == narrow.carried


@pytest.mark.parametrize(
    "changes",
    [
        {"optuna": {"trials": 12, "round": 4, "seed": 1}},
        {"optuna": {"trials": 12, "round": 4, "objectives": ["test_kl"]}},
        {"trial": {"dataset": "digits", "hidden": 16}},
        {"seeds": 2},
    ],
)
def test_another_question_starts_from_nothing(changes):
    """Another sampler seed, objective or cell; or seeds of which not all are done."""
    rows, _ = play(sweep_of(), 4, 2, 0)
    assert not changed(rows, search=NARROW, **changes).carried


def test_proposals_count_when_all_their_seeds_are_done():
    rows, _ = play(sweep_of(seeds=2), 4, 2, 0)
    before = sweep_of(seeds=2)
    whole = changed(rows, before, seeds=2, search=NARROW)
    assert carried_trials(whole) == len(inside(rows, 0.5, 5.0))
    lost = next(iter(inside(rows, 0.5, 5.0)))
    kept = {key: row for key, row in rows.items() if key != lost}
    part = changed(kept, before, seeds=2, search=NARROW)
    assert carried_trials(part) == carried_trials(whole) - 2


def test_no_more_are_carried_than_are_wanted():
    rows, _ = play(sweep_of(), 4, 2, 0)
    sweep = changed(rows, search=NARROW, trials=2)
    assert carried_trials(sweep) == sweep.wanted == 6
    planner = Planner(sweep, rows, lambda trial: 1)
    assert (planner.finished, planner.done) == (True, 6)


def test_a_carried_trial_that_lost_its_row_is_trained_again_and_without_rivals():
    rows, _ = play(sweep_of(**HALVED), 4, 2, 0)
    sweep = changed(rows, sweep_of(**HALVED), search=NARROW, **HALVED)
    lost = next(iter(inside(rows, 0.5, 5.0)))
    kept = [row for key, row in rows.items() if key != lost]
    _, packs = play(sweep, 1, 1, 0, rows=kept)
    assert sorted(map(len, packs))[0] == 1
    assert [[trial.trial_id for trial in pack] for pack in packs].count([lost]) == 1


def test_carried_trials_are_never_each_others_rivals():
    """A pack of a halving sweep compares its trials at every rung, whoever asked for them."""
    rows, _ = play(sweep_of(**HALVED), 4, 2, 0)
    sweep = changed(rows, sweep_of(**HALVED), search=NARROW, **HALVED)
    (cell, proposals) = next((c, found) for c, found in sweep.carried if len(found) > 1)
    lost = {trial.trial_id for values in proposals for trial in sweep.trials_of(cell, values)}
    planner = Planner(sweep, {k: r for k, r in rows.items() if k not in lost}, lambda trial: 8)
    packs = []
    while pack := planner.next_pack():
        packs.append({trial.trial_id for trial in pack})
    assert all(len(pack) == 1 for pack in packs if pack & lost)
    assert set.union(*packs) >= lost


def test_a_sweep_file_cannot_say_what_is_carried(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text('carried = []\n[trial]\nfamily = "gaussian"\nlatent_dim = 2\n')
    with pytest.raises(BadInput, match=r"carried: a run chooses it and writes it to sweep\.json"):
        read_sweep(str(path))
    document = sweep_of().document | {"carried": [{"cell": {}, "proposals": [{"kl_weight": "x"}]}]}
    with pytest.raises(BadInput, match="carried: not what a run stores"):
        parse("s", document, {})


def real(low, high, trials, seeds=2):
    trial = {"dataset": "digits", "family": "gaussian", "hidden": 4, "epochs": 1, "latent_dim": 2}
    document = {
        "seeds": seeds,
        "trial": trial | {"validation": 300},
        "search": {"kl_weight": {"low": low, "high": high, "log": True}},
        "optuna": {"trials": trials, "round": 3},
    }
    return parse("s", document, {})


def test_real_runs_train_only_what_is_not_known(tmp_path, capsys):
    ledger = Ledger(tmp_path, "s")
    execute(real(0.1, 10.0, 6), ledger, None, None, "serial")
    first = ledger.trials()
    fit = first[first["kl_weight"].between(0.5, 10.0)]
    assert 0 < len(fit) < 12
    capsys.readouterr()
    planner = execute(real(0.5, 10.0, 7), ledger, None, None, "serial")
    assert f"{len(fit)} trials of earlier definitions of s fit" in capsys.readouterr().out
    both = ledger.trials()
    assert len(both) == 12 + 14 - len(fit)
    assert set(fit["trial_id"]) < planner.results.keys()
    assert set(both["trial_id"]) - set(first["trial_id"]) < planner.results.keys()

    sweep, _ = stored_sweep("s", str(tmp_path))
    assert carried_trials(sweep) == len(fit)
    rows = ledger.rows()
    assert Planner(sweep, rows, lambda trial: 1).results.keys() == planner.results.keys()
    again = execute(real(0.5, 10.0, 7), ledger, None, None, "serial")
    assert again.results.keys() == planner.results.keys()
    assert as_run(real(0.5, 10.0, 7), ledger).document == ledger.read_definition()
    fresh = real(0.5, 10.0, 7)  # as if there had been no definition before
    assert so_far(fresh, ledger).results.keys() < so_far(sweep, ledger).results.keys()
    assert so_far(sweep, ledger).results.keys() == planner.results.keys()

    more = execute(real(0.5, 10.0, 9), ledger, None, None, "serial")
    assert len(ledger.trials()) == len(both) + 4
    assert planner.results.keys() < more.results.keys()
    back = execute(real(0.1, 10.0, 6), ledger, None, None, "serial")
    assert back.results.keys() == set(first["trial_id"])
    assert len(ledger.trials()) == len(both) + 4
