"""The answers above a report: they agree with the table, whatever is not done yet."""

import math

import pytest
from answered import answered

from sweeps.definition.parse import parse
from sweeps.ledger.ledger import Ledger
from sweeps.report.axes import axes
from sweeps.results.answers import best
from sweeps.results.doubts import doubts
from sweeps.results.effects import effects, points
from sweeps.results.findings import findings
from sweeps.results.importance import importances
from sweeps.results.mattered import mattered
from sweeps.results.outcome import read_outcome
from sweeps.results.summary import sheet, summaries
from sweeps.results.words import label_cells

TRIAL = {"family": "gaussian", "dataset": "digits", "hidden": 8, "latent_dim": 2, "epochs": 2}
SEARCH = {"trial": TRIAL, "search": {"kl_weight": {"low": 0.1, "high": 10.0}}, "seeds": 2}


def outcome_of(folder, document, answer):
    return answered(parse("s", document, {}), Ledger(folder, "s"), answer)


def test_a_cell_that_lacks_a_seed_is_not_the_best(tmp_path):
    def answer(trial, _):
        if trial.latent_dim == 2:
            return {"test_neg_elbo": 1.0} if trial.seed == 0 else {"status": "diverged"}
        return {"test_neg_elbo": 30.0 + trial.latent_dim + trial.seed}

    grid = {"trial": TRIAL, "grid": [{"latent_dim": [2, 4, 8]}], "seeds": 2}
    (found,) = best(outcome_of(tmp_path, grid, answer))
    assert found.configuration == "latent dim 4"
    assert found.next.startswith("latent dim 8: 4 ± 0 worse")


def test_a_lucky_seed_of_a_proposal_is_no_finding(tmp_path):
    def answer(trial, proposal):
        if proposal == 0:
            return {"test_neg_elbo": 1.0} if trial.seed == 0 else {"status": "diverged"}
        return {"test_neg_elbo": 30.0 + proposal + 2 * trial.seed}

    more = {"select_on_test": True, "optuna": {"trials": 3}}
    first = findings(outcome_of(tmp_path, SEARCH | more, answer))[0]
    assert "(2 dim.) 32.0 ± 1.0 (n = 2)" in first


def test_infinite_scores_have_no_effect(tmp_path):
    def answer(trial, _):
        return {"test_neg_elbo": math.inf if trial.latent_dim == 2 else 30.0 + trial.latent_dim}

    grid = {"trial": TRIAL, "grid": [{"latent_dim": [2, 4, 8], "kl_weight": [0.5, 1.0]}]}
    outcome = outcome_of(tmp_path, grid, answer)
    assert len(points(outcome, "test_neg_elbo")) == 4
    ((first, *_),) = effects(outcome, "test_neg_elbo").values()
    assert (first.field, first.moved, first.best, first.worst) == ("latent_dim", 4.0, 4, 8)


def test_it_is_said_which_images_chose(tmp_path):
    def said(objective, **more):
        document = SEARCH | {"optuna": {"trials": 2, "objectives": [objective]}} | more
        outcome = outcome_of(
            tmp_path / objective, document, lambda trial, n: {objective: 30.0 + n + trial.seed}
        )
        notes = " ".join(note for table in summaries(outcome) for note in table.notes)
        return notes, " ".join(doubts(outcome))

    notes, doubt = said("train_neg_elbo")
    assert "chose, by training images (2 tried)" in notes
    notes, doubt = said("sample_coverage", select_on_test=True)
    assert "chose, by test images" in notes
    assert "select_on_test = true" in notes
    assert "Selected on test images" in doubt
    trial = {"trial": TRIAL | {"validation": 300}}
    notes, doubt = said("valid_neg_elbo", select_on_test=True, **trial)
    assert "chose, by held-out training images" in notes
    assert "select_on_test" not in notes
    assert "Selected on test images" not in doubt


@pytest.mark.parametrize("objectives", [["test_nll"], ["test_nll", "test_kl"]])
@pytest.mark.parametrize("score", [math.inf, None])
def test_what_nothing_can_be_chosen_by_is_still_a_table(tmp_path, objectives, score):
    more = {"select_on_test": True, "optuna": {"trials": 2, "objectives": objectives}}
    outcome = outcome_of(tmp_path, SEARCH | more, lambda *_: dict.fromkeys(objectives, score))
    assert len(outcome.done) == 4
    assert best(outcome) == []
    assert sum(len(table.readable) for table in summaries(outcome)) == 2 - len(objectives)
    assert len(sheet(outcome)) == 2 - len(objectives)
    assert findings(outcome) == []
    assert doubts(outcome)
    assert [axis["name"] for axis in axes(outcome)] == ["kl_weight"]


def said(outcome):
    return mattered(outcome, {o: importances(outcome, o) for o in outcome.sweep.objectives})


def test_what_mattered_names_every_objective(tmp_path):
    def answer(trial, _):
        return {"test_kl": trial.kl_weight + trial.learning_rate, "test_nll": 9 - trial.kl_weight}

    spans = SEARCH["search"] | {"learning_rate": {"low": 1e-3, "high": 1.0}}
    more = {"search": spans, "optuna": {"trials": 8, "objectives": ["test_kl", "test_nll"]}}
    found = said(outcome_of(tmp_path, SEARCH | more | {"select_on_test": True}, answer))
    assert len(found) == 2
    assert found[0].startswith(
        "What moved KL, the rate on test images (nats/image) most: KL weight"
    )
    assert found[1].startswith("What moved NLL on test images (nats/image) most: KL weight β (")


@pytest.mark.parametrize("trials", [2, 4])
def test_of_few_finished_proposals_no_more_is_said_than_is_known(tmp_path, trials):
    more = {"select_on_test": True, "optuna": {"trials": trials}}
    outcome = outcome_of(
        tmp_path, SEARCH | more, lambda trial, _: {"test_neg_elbo": trial.kl_weight}
    )
    (sentence,) = said(outcome)
    name = "negative ELBO on test images (nats/image)"
    if trials == 2:
        assert sentence == f"Too few proposals finished (2) to say what KL weight β did to {name}."
    else:
        low, high = (f"{f(outcome.done['kl_weight']):.4g}" for f in (min, max))
        best_at = f"KL weight β {low} (tried: {low} to {high})"
        assert sentence == f"The best {name} of 4 finished proposals is at {best_at}."


def test_a_family_may_have_a_symbol_of_its_own():
    grid = [{"family": ["vae_mse", "gaussian"], "kl_weight": [0.5, 1.0]}]
    labels = label_cells(parse("s", {"trial": {"latent_dim": 2}, "grid": grid}, {}))
    assert labels == ["VAE (MSE) w 0.5", "VAE (MSE) w 1", "Gaussian β 0.5", "Gaussian β 1"]


def test_a_front_of_nothing_is_an_empty_table(tmp_path):
    more = {"select_on_test": True, "optuna": {"objectives": ["test_kl", "test_distortion"]}}
    outcome = read_outcome(parse("s", SEARCH | more, {}), Ledger(tmp_path, "s"))
    assert list(sheet(outcome)) == ["kl_weight", "test_kl", "test_distortion", "n"]
    assert summaries(outcome) == []
