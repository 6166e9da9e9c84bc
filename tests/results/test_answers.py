"""The answers above a report: they agree with the table, whatever is not done yet."""

import math

from answered import answered

from sweeps.definition.parse import parse
from sweeps.ledger.ledger import Ledger
from sweeps.results.answers import best
from sweeps.results.doubts import doubts
from sweeps.results.effects import effects, points
from sweeps.results.findings import findings
from sweeps.results.summary import summaries

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
