from pathlib import Path

import pandas as pd
import pytest
from answered import answered

from bsvae.trial import BadInput, Trial
from sweeps.definition.file import read_sweep
from sweeps.definition.parse import parse
from sweeps.ledger.ledger import Ledger
from sweeps.results.listing import best_trials, check_column, lists
from sweeps.results.outcome import read_outcome
from sweeps.results.stored import stored_sweep
from sweeps.results.summary import sheet, summaries
from sweeps.results.tables import tables


def published(name):
    from sweeps.results.claims.table_3 import PUBLISHED

    return pd.read_csv(PUBLISHED / f"{name}.csv")


def results(folder, cells, epochs=(200,), seeds=(0,)):
    """The outcome of rows whose numbers are a known function of the trial."""
    ledger = Ledger(folder, "logit_normal")
    for cell in cells:
        for length in epochs:
            for seed in seeds:
                trial = Trial.of(cell | {"epochs": length, "seed": seed})
                score = trial.latent_dim + (trial.prior_scale or 0) + seed + 1000 / length
                numbers = {
                    "test_neg_elbo": score,
                    "test_kl": score / 2,
                    "test_distortion": score / 2,
                }
                row = {"trial_id": trial.trial_id, "status": "done", **trial.as_dict(), **numbers}
                ledger.commit(row)
    document = read_sweep("logit_normal").document
    grids = [grid | {"epochs": list(epochs)} for grid in document["grid"]]
    asked = document | {"grid": grids, "seeds": list(seeds)}
    return read_outcome(parse("logit_normal", asked, {}), ledger)


ROOT = Path(__file__).parents[2]
CELLS = read_sweep("logit_normal").cells


def test_three_tables_stand_beside_the_published_ones(tmp_path):
    elbo, kl, families, _ = tables(results(tmp_path, CELLS))
    assert elbo.frame.loc[20, (1.78, "published")] == 96.97
    assert elbo.frame.loc[20, (1.78, "ours")] == pytest.approx(20 + 1.78 + 5)
    assert kl.frame.loc[40, (0.32, "published")] == 21.02
    assert kl.frame.loc[40, (0.32, "ours")] == pytest.approx((40 + 0.32 + 5) / 2)
    assert families.frame.loc[8, ("logit_normal", "ours")] == pytest.approx(8 + 1.78 + 5)
    assert families.frame.loc[8, ("gaussian", "ours")] == pytest.approx(8 + 5)
    for table in (elbo, kl, families):
        assert "200 epochs, 1 seed" in table.title
        assert not table.frame.isna().any().any()


@pytest.mark.parametrize("name", ["logit_normal_elbo", "logit_normal_kl", "family_elbo"])
def test_every_published_cell_is_shown(tmp_path, name):
    entry = dict(
        zip(("logit_normal_elbo", "logit_normal_kl", "family_elbo"), range(3), strict=True)
    )
    frame = tables(results(tmp_path, CELLS))[entry[name]].frame
    theirs = published(name)
    across = "family" if name == "family_elbo" else "prior_scale"
    for _, row in theirs.iterrows():
        assert frame.loc[row["latent_dim"], (row[across], "published")] == row.iloc[-1]


def test_missing_cells_are_missing(tmp_path):
    frame = tables(results(tmp_path, CELLS[:3]))[0].frame
    assert frame.xs("ours", axis="columns", level=1).isna().sum().sum() == 20 - 3
    assert not frame.xs("published", axis="columns", level=1).isna().any().any()


def test_the_longest_training_counts_and_seeds_are_averaged(tmp_path):
    outcome = results(tmp_path, CELLS, epochs=(3, 200), seeds=(0, 2))
    elbo = tables(outcome)[0]
    assert "200 epochs, 2 seeds" in elbo.title
    assert elbo.frame.loc[2, (1.0, "ours")] == pytest.approx(2 + 1 + 1 + 5)


def test_a_reader_is_told_of_the_concrete_collapse(tmp_path):
    notes = " ".join(tables(results(tmp_path, CELLS))[2].notes)
    assert "40 classes" in notes
    assert "collapse" in notes


def test_the_error_of_seeds_stands_beside_their_mean(tmp_path):
    elbo = tables(results(tmp_path, CELLS, seeds=(0, 2)))[0]
    assert elbo.frame.loc[2, (1.0, "ours_se")] == pytest.approx(1.0)
    assert "9.0 ± 1.0" in elbo.readable[(1.0, "ours")].tolist()
    alone = tables(results(tmp_path / "one", CELLS))[0]
    assert (1.0, "ours_se") not in alone.frame


def test_no_results_is_a_table_of_gaps(tmp_path):
    outcome = results(tmp_path, [])
    assert "no trial done yet" in tables(outcome)[0].title
    (table,) = summaries(outcome)
    assert (table.readable["n"] == "0").all()


def test_best_trials_come_first_with_what_tells_them_apart(tmp_path):
    trials = results(tmp_path, CELLS).trials
    best = best_trials(trials, "test_neg_elbo", 3)
    assert best["test_neg_elbo"].is_monotonic_increasing
    assert {"family", "latent_dim", "prior_scale"} <= set(best.columns)
    assert "dataset" not in best.columns
    with pytest.raises(BadInput, match="did you mean 'test_kl'"):
        best_trials(trials, "test_k", 3)
    with pytest.raises(BadInput, match="no trial has a value of it; measured are test_neg_elbo"):
        check_column(trials, "test_discrete_nll")


def mixed(folder):
    """Two likelihoods, and a family that has no KL weight: rows that nothing was trained for."""
    grid = [{"family": ["gaussian"]}, {"family": ["autoencoder"]}]
    trial = {"dataset": "digits", "hidden": 8, "epochs": 1, "latent_dim": 2}
    sweep = parse("s", {"trial": trial, "grid": grid, "seeds": 2}, {})
    ledger = Ledger(folder, "s")
    for cell in sweep.cells:
        for found in sweep.trials_of(cell):
            score = 730.0 if found.family == "autoencoder" else 30.0 + found.seed
            row = {"test_neg_elbo": score, "status": "done", "epochs_trained": 1}
            ledger.commit({"trial_id": found.trial_id, **found.as_dict(), **row})
    return read_outcome(sweep, ledger)


def test_different_likelihoods_are_never_in_one_list(tmp_path):
    outcome = mixed(tmp_path)
    binary, grey = summaries(outcome)
    assert "digits, binary pixels" in binary.title
    assert "digits, grey pixels, Gaussian" in grey.title
    assert len(binary.frame) == len(grey.frame) == 1
    whole = sheet(outcome)
    assert whole["likelihood"].tolist() == ["binary pixels", "grey pixels, Gaussian"]
    assert "difference_to_best" not in whole
    first, second = lists(outcome, outcome.trials, "test_neg_elbo", 20)
    assert len(first.frame) == len(second.frame) == 2
    (by_size,) = lists(outcome, outcome.trials, "latent_dim", 20)
    assert len(by_size.frame) == 4


def test_what_knows_nothing_stands_beside_every_table(tmp_path):
    for table in summaries(mixed(tmp_path)):
        notes = " ".join(table.notes)
        assert "What knows nothing reaches on digits" in notes
        assert "27.2" in notes


def test_an_objective_that_no_trial_has_ranks_nothing(tmp_path):
    outcome = mixed(tmp_path)
    for table in lists(outcome, outcome.trials, "test_discrete_nll", 20):
        assert "not ranked: none has a value of test_discrete_nll" in table.title


def test_a_search_that_selects_on_test_images_says_so(small_results):
    outcome = read_outcome(*stored_sweep("small", str(small_results)))
    for table in summaries(outcome):
        text = " ".join(table.notes)
        assert outcome.sweep.select_on_test == ("select_on_test = true" in text)
        assert "searched: kl_weight" in text


def test_the_front_of_two_objectives_shows_both(tmp_path):
    objectives = ["test_distortion", "test_kl"]
    document = {
        "trial": {"family": "gaussian", "dataset": "digits", "latent_dim": 2, "hidden": 8},
        "search": {"kl_weight": {"low": 0.1, "high": 10.0}},
        "optuna": {"objectives": objectives, "trials": 3},
        "select_on_test": True,
    }
    scores = [(10.0, 5.0), (12.0, 3.0), (13.0, 4.0)]
    outcome = answered(
        parse("s", document, {}),
        Ledger(tmp_path, "s"),
        lambda trial, number: dict(zip(objectives, scores[number], strict=True)),
    )
    (table,) = summaries(outcome)
    assert table.title.startswith("Pareto front of test_distortion, test_kl on digits")
    assert table.readable["test_distortion"].tolist() == ["10", "12"]
    assert table.readable["test_kl"].tolist() == ["5", "3"]
    assert "on the front are 2 of 3 proposals" in " ".join(table.notes)
    front, everything = lists(outcome, outcome.trials, "test_distortion", 20)
    assert front.title == "Pareto front of test_distortion, test_kl: 2 of 3 trials"
    assert len(everything.frame) == 3


def test_fields_of_some_families_are_told_in_one_column(tmp_path):
    table = next(iter(lists(results(tmp_path, CELLS), results(tmp_path, CELLS).trials, "seed", 50)))
    assert {"family", "latent_dim", "prior_scale"} <= set(table.frame)
    outcome = read_outcome(*stored_sweep("concrete", str(ROOT / "results")))
    (shown,) = lists(outcome, outcome.trials, outcome.objective, 20)
    assert "configuration" in shown.frame
    assert "prior_temperature" not in shown.frame
    assert any("20×10" in text for text in shown.frame["configuration"])


def test_one_epoch_is_not_epochs(tmp_path):
    title = tables(results(tmp_path, CELLS[:1], epochs=(1,)))[0].title
    assert title.endswith("ours: 1 epoch, 1 seed")
