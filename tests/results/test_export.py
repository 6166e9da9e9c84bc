"""Searches as Optuna studies: what Optuna reads back is what the table says."""

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from bsvae.trial import BadInput, Trial
from sweeps.definition.file import read_sweep
from sweeps.definition.parse import parse
from sweeps.ledger.ledger import Ledger
from sweeps.results.export import export
from sweeps.results.outcome import read_outcome
from sweeps.results.stored import stored_sweep


@pytest.mark.parametrize("name", ["studies.db", "studies.log"])
def test_optuna_reads_the_searches_back(small_results, tmp_path, name):
    outcome = read_outcome(*stored_sweep("small", str(small_results)))
    assert export(outcome, tmp_path / name) == 7
    assert [path.name for path in tmp_path.iterdir()] == [name]
    storage = f"sqlite:///{tmp_path / name}"
    if name.endswith(".log"):
        storage = optuna.storages.JournalStorage(JournalFileBackend(str(tmp_path / name)))
    studies = [optuna.load_study(study_name=n, storage=storage) for n in names(storage)]
    ours = sorted(outcome.done.groupby("cell")["test_neg_elbo"].min())
    assert sorted(study.best_value for study in studies) == pytest.approx(ours)
    rows = outcome.done.set_index("trial_id")
    for trial in studies[0].trials:
        row = rows.loc[trial.user_attrs["trial_id"]]
        assert trial.params == {"kl_weight": row["kl_weight"]}
        assert list(trial.intermediate_values) == [1, 2]
        assert trial.datetime_start < trial.datetime_complete


def names(storage):
    return optuna.get_all_study_names(storage)


def test_other_ends_are_states_of_their_own(tmp_path):
    search = {
        "search": {"kl_weight": {"low": 0.1, "high": 1.0}},
        "optuna": {"trials": 3},
        "select_on_test": True,
    }
    sweep = parse("s", {"trial": {"family": "gaussian", "latent_dim": 2}, **search}, {})
    ledger = Ledger(tmp_path, "s")
    for weight, status in ((0.2, "done"), (0.3, "stopped"), (0.4, "diverged")):
        trial = Trial.of(sweep.cells[0] | {"kl_weight": weight})
        ledger.commit({"trial_id": trial.trial_id, "status": status, **trial.as_dict()})
    export(read_outcome(sweep, ledger), tmp_path / "s.log")
    storage = optuna.storages.JournalStorage(JournalFileBackend(str(tmp_path / "s.log")))
    (study,) = [optuna.load_study(study_name=n, storage=storage) for n in names(storage)]
    states = {round(trial.params["kl_weight"], 1): trial.state for trial in study.trials}
    failed = TrialState.FAIL
    assert states == {0.2: failed, 0.3: TrialState.PRUNED, 0.4: failed}  # done, without objective


@pytest.mark.parametrize(
    ("sweep", "file", "says"),
    [
        ("pca", "a.db", "searches nothing"),
        ("quickstart", "a.txt", "must end in .db"),
        ("quickstart", "there.db", "exists already"),
        ("quickstart", "no/where.db", "there is no folder"),
    ],
)
def test_bad_requests_are_refused(tmp_path, sweep, file, says):
    (tmp_path / "there.db").touch()
    outcome = read_outcome(read_sweep(sweep), Ledger(tmp_path, sweep))
    with pytest.raises(BadInput, match=says):
        export(outcome, tmp_path / file)
    assert [path.name for path in tmp_path.iterdir()] == ["there.db"]
