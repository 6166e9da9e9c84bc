"""A sweep for other programs: what Optuna and pandas read back is what the table says."""

from dataclasses import replace

import optuna
import pandas as pd
import pytest
from answered import answered
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from bsvae.trial import BadInput
from sweeps.definition.file import read_sweep
from sweeps.definition.parse import parse
from sweeps.ledger.ledger import Ledger
from sweeps.results.export import distributions, export
from sweeps.results.outcome import read_outcome
from sweeps.results.stored import stored_sweep
from sweeps.results.summary import sheet
from sweeps.results.writing import new_file


def study_in(path):
    """The one study of a file, as Optuna reads it."""
    sqlite = path.suffix == ".db"
    storage = f"sqlite:///{path}" if sqlite else JournalStorage(JournalFileBackend(str(path)))
    (name,) = optuna.get_all_study_names(storage)
    return optuna.load_study(study_name=name, storage=storage)


@pytest.mark.parametrize("name", ["study.db", "study.log"])
def test_optuna_reads_the_whole_sweep_back_as_one_study(small_results, tmp_path, name):
    outcome = read_outcome(*stored_sweep("small", str(small_results)))
    assert export(outcome, tmp_path / name) == len(outcome.trials) == 28
    assert [path.name for path in tmp_path.iterdir()] == [name]
    study = study_in(tmp_path / name)
    assert (study.study_name, len(study.trials)) == ("small", 28)
    assert study.best_value == pytest.approx(outcome.done[outcome.objective].min())
    rows = outcome.done.set_index("trial_id")
    for trial in study.trials:
        (trial_id,) = trial.user_attrs["trial_ids"]
        row = rows.loc[trial_id]
        fields = {"family", "latent_dim", "kl_weight"}
        fields |= {"prior_scale"} if row["family"] == "logit_normal" else set()
        assert trial.params == {field: row[field] for field in fields}
        assert trial.values == [row[outcome.objective]]
        assert list(trial.intermediate_values) == [1, 2]
        assert trial.datetime_start < trial.datetime_complete
        assert trial.user_attrs["seeds"] == [0]
        assert trial.user_attrs["test_neg_elbo_se"] is None


def test_a_plain_grid_is_a_study_too_with_a_trial_for_every_cell(replicated_results, tmp_path):
    outcome = read_outcome(*stored_sweep("replicated", str(replicated_results)))
    assert export(outcome, tmp_path / "grid.log") == 6
    study = study_in(tmp_path / "grid.log")
    frame = study.trials_dataframe().set_index(["params_kl_weight", "params_latent_dim"])
    ours = sheet(outcome).set_index(["kl_weight", "latent_dim"])
    for theirs, name in (("value", "test_neg_elbo"), ("user_attrs_test_neg_elbo_se",) * 2):
        known = ours[name.removeprefix("user_attrs_")]
        same = {"check_names": False, "check_index_type": False}
        pd.testing.assert_series_equal(frame[theirs].sort_index(), known.sort_index(), **same)
    assert study.best_value == ours["test_neg_elbo"].min()
    assert study.user_attrs["select_on_test"] is False
    (sizes,) = {trial.distributions["latent_dim"] for trial in study.trials}
    assert sizes == IntDistribution(2, 4)
    assert optuna.importance.get_param_importances(study).keys() == {"kl_weight", "latent_dim"}


def test_a_proposal_keeps_its_seeds_and_their_mean_curve(replicated_results, tmp_path):
    outcome = read_outcome(*stored_sweep("replicated", str(replicated_results)))
    export(outcome, tmp_path / "grid.db")
    rows = outcome.trials.set_index("trial_id")
    for trial in study_in(tmp_path / "grid.db").trials:
        seeds = rows.loc[trial.user_attrs["trial_ids"]]
        assert trial.user_attrs["seeds"] == list(seeds["seed"]) == [0, 1, 2]
        assert trial.user_attrs["test_neg_elbo by seed"] == list(seeds["test_neg_elbo"])
        curves = outcome.epochs[outcome.epochs["trial_id"].isin(seeds.index)]
        mean = curves.groupby("epoch")["test_neg_elbo"].mean().to_dict()
        assert trial.intermediate_values == pytest.approx(mean)
        assert trial.datetime_complete > trial.datetime_start


def test_the_search_is_exported_as_it_was_told(tmp_path):
    """Seeds that disagree: one fails, one diverges, one has no row yet."""
    document = {
        "seeds": 2,
        "trial": {"family": "gaussian", "dataset": "digits", "latent_dim": 2, "epochs": 3},
        "grid": [{"kl_weight": [0.1, 0.2, 0.3, 0.4]}],
    }
    sweep, ledger = parse("s", document, {}), Ledger(tmp_path, "s")
    second = [{"test_neg_elbo": 20.0}, {"status": "failed"}, {"status": "diverged"}, {}]

    def answer(trial, number):
        good = {"test_neg_elbo": 10.0}
        return good | (second[number] if trial.seed else {})

    outcome = answered(sweep, ledger, answer)
    missing = (outcome.trials["kl_weight"] == 0.4) & (outcome.trials["seed"] == 1)
    export(replace(outcome, trials=outcome.trials[~missing]), tmp_path / "s.db")
    found = {trial.params["kl_weight"]: trial for trial in study_in(tmp_path / "s.db").trials}
    states = [found[weight].state for weight in (0.1, 0.2, 0.3, 0.4)]
    fail = TrialState.FAIL
    assert states == [TrialState.COMPLETE, fail, fail, TrialState.RUNNING]
    assert found[0.1].values == [15.0]
    assert found[0.1].user_attrs["test_neg_elbo_se"] == pytest.approx(5.0)
    assert found[0.2].user_attrs["statuses"] == ["done", "failed"]


def test_a_parameter_holds_what_is_searched_and_what_is_listed():
    grid = [{"kl_weight": [0.01], "straight_through": [True, False]}, {"latent_dim": [4]}]
    search = {"kl_weight": {"low": 0.1, "high": 10.0, "log": True}}
    trial = {"family": "binary_concrete", "dataset": "digits", "latent_dim": 4}
    document = {"trial": trial, "grid": grid, "search": search, "select_on_test": True}
    found = distributions(parse("s", document, {}))
    assert found["kl_weight"] == FloatDistribution(0.01, 10.0, log=True)
    assert found["straight_through"] == CategoricalDistribution([True, False])
    assert "latent_dim" not in found


def test_other_ends_are_states_of_their_own(tmp_path):
    document = {
        "trial": {"family": "gaussian", "dataset": "digits", "latent_dim": 2, "epochs": 3},
        "search": {"kl_weight": {"low": 0.1, "high": 1.0}},
        "optuna": {"trials": 4, "round": 4},
        "halving": {"eta": 2, "min_epochs": 1},
        "select_on_test": True,
    }
    answers = [
        {"test_neg_elbo": 30.0},
        {"test_neg_elbo": None},
        {"status": "stopped", "epochs_trained": 1, "test_neg_elbo": 40.0},
        {"status": "diverged"},
    ]
    sweep, ledger = parse("s", document, {}), Ledger(tmp_path, "s")
    outcome = answered(sweep, ledger, lambda trial, number: answers[number])
    export(outcome, tmp_path / "s.log")
    states: dict[str, list[TrialState]] = {}
    for trial in study_in(tmp_path / "s.log").trials:
        (status,) = trial.user_attrs["statuses"]
        states.setdefault(status, []).append(trial.state)
    assert states["stopped"] == [TrialState.PRUNED]
    assert states["diverged"] == [TrialState.FAIL]
    assert set(states["done"]) == {TrialState.COMPLETE, TrialState.FAIL}  # one lacks the objective


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("a.txt", "must end in .db"),
        ("there.db", "exists already"),
        ("no/where.db", "there is no folder"),
    ],
)
def test_bad_requests_are_refused(tmp_path, file, says):
    (tmp_path / "there.db").touch()
    outcome = read_outcome(read_sweep("quickstart"), Ledger(tmp_path, "quickstart"))
    with pytest.raises(BadInput, match=says):
        export(outcome, tmp_path / file)
    assert [path.name for path in tmp_path.iterdir()] == ["there.db"]


def test_what_cannot_be_written_whole_is_not_there_at_all(tmp_path):
    def half(path):
        path.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(BadInput, match="cannot be written"):
        new_file("--csv", tmp_path / "a.csv", half)
    assert not list(tmp_path.iterdir())


def test_a_trial_that_failed_before_its_first_epoch_is_exported(tmp_path):
    sweep = parse("s", {"trial": {"family": "gaussian", "dataset": "digits", "latent_dim": 2}}, {})
    failed = {"status": "failed", "seconds": None, "error": "no result"}
    outcome = answered(sweep, Ledger(tmp_path, "s"), lambda *_: failed)
    assert export(outcome, tmp_path / "s.log") == 1
    (trial,) = study_in(tmp_path / "s.log").trials
    assert trial.state == TrialState.FAIL
