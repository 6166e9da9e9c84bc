"""The Pareto front against its definition, trial by trial."""

import numpy as np
import pandas as pd

from bsvae.metrics import METRICS
from sweeps.results.pareto import front

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
