"""The Pareto front against its definition, trial by trial."""

import numpy as np
import pandas as pd
from answered import answered

from bsvae.metrics import METRICS
from sweeps.definition.parse import parse
from sweeps.ledger.ledger import Ledger
from sweeps.results.cells import complete, proposals
from sweeps.results.listing import lists
from sweeps.results.pareto import front, undominated
from sweeps.results.summary import summaries

OBJECTIVES = ["test_distortion", "test_kl", "test_knn_accuracy"]


def dominates(a, b, objectives):
    pairs = [(a[n], b[n]) if METRICS[n].better == "lower" else (b[n], a[n]) for n in objectives]
    return all(x <= y for x, y in pairs) and any(x < y for x, y in pairs)


def test_the_front_is_what_no_trial_dominates():
    random = np.random.default_rng(0)
    for objectives in (OBJECTIVES[:1], OBJECTIVES[:2], OBJECTIVES):
        for round in range(20):
            values = random.integers(0, 6, (40, 3)).astype(float)  # coarse: with ties and equals
            frame = pd.DataFrame(values, columns=OBJECTIVES)
            frame["status"] = random.choice(["done", "done", "failed", "stopped"], 40)
            frame.loc[random.choice(40, 5), "test_kl"] = np.nan
            able = frame[(frame["status"] == "done") & frame[objectives].notna().all(axis=1)]
            rows = able.to_dict("index")
            best = {
                k
                for k, a in rows.items()
                if not any(dominates(b, a, objectives) for b in rows.values())
            }
            found = front(frame, objectives)
            assert set(found.index) == best, (objectives, round)
            assert found[objectives[0]].is_monotonic_increasing


def test_no_trials_have_no_front():
    nothing = pd.DataFrame({"status": ["failed"], "test_distortion": [1.0], "test_kl": [1.0]})
    assert front(nothing, OBJECTIVES[:2]).empty


def searched(tmp_path, seeds, count):
    """A search by two objectives: the later a proposal, the better in one and the worse in the
    other, but for the first, which is bad in both; a second seed has luck with one of them."""
    document = {
        "seeds": seeds,
        "trial": {"family": "gaussian", "dataset": "digits", "latent_dim": 2, "epochs": 1},
        "search": {"kl_weight": {"low": 0.1, "high": 1.0}},
        "optuna": {
            "trials": count,
            "round": count,
            "objectives": ["test_distortion", "test_kl"],
        },
        "select_on_test": True,
    }

    def answer(trial, number):
        bad = 100.0 if number == 0 else 0.0
        luck = 120.0 * (trial.seed + bool(bad)) if trial.seed else 0.0
        return {"test_distortion": 50.0 - number + bad - luck, "test_kl": 5.0 + number + bad + luck}

    return answered(parse("s", document, {}), Ledger(tmp_path, "s"), answer)


def test_show_has_the_front_of_proposals_by_their_means_whole(tmp_path):
    outcome = searched(tmp_path, 2, 6)
    shown, every = lists(outcome, outcome.trials, "test_distortion", 2)
    assert (shown.title, shown.notes) == (summaries(outcome)[0].title, summaries(outcome)[0].notes)
    assert shown.title.startswith("Pareto front of test_distortion, test_kl on digits")
    means = complete(proposals(outcome))
    kept = undominated(means, outcome.sweep.objectives)
    assert shown.frame["test_kl"].tolist() == kept["test_kl"].tolist()
    assert len(kept) > 2
    assert set(front(outcome.trials, outcome.sweep.objectives)["kl_weight"]) != set(
        kept["kl_weight"]
    )
    assert len(every.frame) == 2


def test_with_one_seed_the_front_is_of_trials_and_whole_too(tmp_path):
    outcome = searched(tmp_path, 1, 6)
    shown, every = lists(outcome, outcome.trials, "test_distortion", 2)
    best = front(outcome.trials, outcome.sweep.objectives)
    assert shown.frame["trial_id"].tolist() == best["trial_id"].tolist()
    assert f"{len(best)} of 6 trials" in shown.title
    assert (len(best) > 2, len(every.frame)) == (True, 2)
