"""Cells: seeds as replicates, against sums that are done by hand."""

import math

import numpy as np
import pandas as pd
import pytest
from answered import answered

import sweeps
from bsvae.trial import Trial
from sweeps.definition.parse import parse
from sweeps.ledger.ledger import Ledger
from sweeps.results.cells import cells, differences, paired, replicates
from sweeps.results.outcome import read_outcome
from sweeps.results.stored import stored_sweep
from sweeps.results.summary import sheet

GAUSSIAN = {"family": "gaussian", "dataset": "digits", "hidden": 8, "epochs": 1}


def written(folder, document, scores):
    """The outcome of a sweep whose trials have these scores: (fields, seed) to metrics."""
    sweep = parse("s", {"trial": GAUSSIAN, "select_on_test": True} | document, {})
    ledger = Ledger(folder, "s")
    for fields, seed, status, metrics in scores:
        trial = Trial.of(GAUSSIAN | fields | {"seed": seed})
        row = {"trial_id": trial.trial_id, "status": status, **trial.as_dict(), **metrics}
        ledger.commit(row)
    return read_outcome(sweep, ledger)


@pytest.fixture(scope="session")
def replicated(replicated_results):
    return read_outcome(*stored_sweep("replicated", str(replicated_results)))


@pytest.fixture(scope="session")
def searched(replicated_results):
    return read_outcome(*stored_sweep("searched", str(replicated_results)))


def test_means_and_errors_are_those_of_a_groupby_by_hand(replicated, replicated_results):
    trials = pd.read_parquet(replicated_results / "replicated/trials")
    assert len(trials) == 18
    found = cells(replicated).set_index(["kl_weight", "latent_dim"])
    for key, group in trials.groupby(["kl_weight", "latent_dim"]):
        assert found.loc[key, "n"] == 3
        for metric in ("test_neg_elbo", "test_kl", "test_nll", "train_neg_elbo"):
            numbers = group[metric].to_numpy()
            error = np.sqrt(((numbers - numbers.mean()) ** 2).sum() / 2) / np.sqrt(3)
            assert found.loc[key, metric] == pytest.approx(numbers.mean())
            assert found.loc[key, f"{metric}_se"] == pytest.approx(error)


def test_cells_stand_in_the_order_of_the_file(replicated):
    found = cells(replicated)
    assert found["cell"].tolist() == list(range(6))
    assert found["kl_weight"].tolist() == [0.5, 0.5, 1.0, 1.0, 2.0, 2.0]
    assert list(found)[:5] == ["cell", "label", "latent_dim", "kl_weight", "n"]


def test_differences_are_paired_by_seed(replicated):
    trials = replicated.trials
    a, b = (trials[trials["cell"] == n].set_index("seed")["test_neg_elbo"] for n in (0, 5))
    gaps = a - b
    found = paired(replicated, "test_neg_elbo", 0, 5)
    assert found.n == 3
    assert found.difference == pytest.approx(gaps.mean())
    assert found.error == pytest.approx(gaps.std() / math.sqrt(3))


def test_a_search_chooses_by_held_out_images_and_by_the_mean(searched):
    assert searched.objective == "valid_neg_elbo"
    found = cells(searched)
    for number, row in found.iterrows():
        of_cell = searched.done[searched.done["cell"] == number]
        means = of_cell.groupby("kl_weight")["valid_neg_elbo"].mean()
        assert len(means) == 3
        assert row["kl_weight"] == means.idxmin()
        assert row["valid_neg_elbo"] == pytest.approx(means.min())
        chosen = of_cell[of_cell["kl_weight"] == means.idxmin()]
        assert row["test_neg_elbo"] == pytest.approx(chosen["test_neg_elbo"].mean())
        assert row["n"] == 2
    assert len(replicates(searched)) == 4


def test_one_seed_has_no_error_and_no_row_no_number(tmp_path):
    outcome = written(
        tmp_path,
        {"grid": [{"latent_dim": [2, 4]}]},
        [({"latent_dim": 2}, 0, "done", {"test_neg_elbo": 30.0})],
    )
    first, second = cells(outcome).to_dict("records")
    assert (first["n"], first["test_neg_elbo"]) == (1, 30.0)
    assert math.isnan(first["test_neg_elbo_se"])
    assert second["n"] == 0
    assert math.isnan(second["test_neg_elbo"])
    assert paired(outcome, "test_neg_elbo", 0, 1).n == 0


def search_of(folder, answer, **more):
    """The outcome of a search of three proposals with two seeds."""
    document = {
        "trial": GAUSSIAN | {"latent_dim": 2},
        "search": {"kl_weight": {"low": 0.1, "high": 10.0}},
        "seeds": 2,
        "select_on_test": True,
        "optuna": {"trials": 3, **more},
    }
    return answered(parse("s", document, {}), Ledger(folder, "s"), answer)


def test_a_lucky_seed_of_a_proposal_that_lacks_others_is_not_chosen(tmp_path):
    def answer(trial, proposal):
        if proposal == 0:
            return {"test_neg_elbo": 1.0} if trial.seed == 0 else {"status": "diverged"}
        return {"test_neg_elbo": 30.0 + proposal + 2 * trial.seed}

    outcome = search_of(tmp_path, answer)
    assert len(outcome.done) == 5
    (row,) = cells(outcome).to_dict("records")
    assert (row["test_neg_elbo"], row["n"]) == (32.0, 2)


def test_nothing_is_chosen_by_a_column_of_nulls(tmp_path):
    outcome = search_of(tmp_path, lambda *_: {"test_neg_elbo": 28.0}, objectives=["test_nll"])
    assert len(outcome.done) == 6
    (row,) = cells(outcome).to_dict("records")
    assert row["n"] == 0
    assert math.isnan(row["kl_weight"])
    assert "test_neg_elbo" not in sheet(outcome)


def test_an_infinite_metric_is_no_error_and_never_the_best(tmp_path):
    outcome = written(
        tmp_path,
        {"grid": [{"latent_dim": [2, 4]}], "seeds": 2},
        [
            ({"latent_dim": size}, seed, "done", {"test_neg_elbo": score + seed})
            for size, score in ((2, math.inf), (4, 30.0))
            for seed in (0, 1)
        ],
    )
    found = cells(outcome)
    assert math.isinf(found["test_neg_elbo"][0])
    assert math.isnan(found["test_neg_elbo_se"][0])
    assert "difference_to_best" not in sheet(outcome)
    gaps = differences(outcome, "test_neg_elbo", 1)
    assert gaps["difference"].tolist() == [math.inf, 0.0]
    assert math.isnan(gaps["error"][0])


def test_the_table_of_a_notebook_is_the_table_of_the_command(replicated, replicated_results):
    ours = sweeps.table("replicated", results=replicated_results)
    pd.testing.assert_frame_equal(ours, sheet(replicated))
    best = ours["test_neg_elbo"].idxmin()
    assert ours["difference_to_best"][best] == 0
    assert (ours["difference_to_best"].drop(best) > 0).all()
    assert ours["difference_to_best_se"].drop(best).notna().all()
    assert math.isnan(ours["difference_to_best_se"][best])
