"""Verdicts follow the numbers: the same claim holds in one made-up table and fails in another."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from sweeps.ledger.schema import GAUSSIANITY, TRIALS
from sweeps.results.claims import claims

NO_PANEL = GAUSSIANITY.empty_table().to_pandas()


def trials(*rows):
    """A trials' table with some values; everything else is missing."""
    frame = pd.DataFrame(list(rows)).reindex(columns=TRIALS.names)
    return frame.assign(trial_id=[f"t{n}" for n in range(len(rows))])


def verdicts(sweep, done, panel=NO_PANEL):
    return dict(claims(sweep, done, panel)[["claim", "verdict"]].itertuples(index=False))


@pytest.mark.parametrize(("error", "verdict"), [(0.0558, "held"), (0.0600, "did not hold")])
def test_a_linear_autoencoder_is_pca_if_its_error_is(error, verdict):
    done = trials(
        {"family": "pca", "latent_dim": 2, "bias": True, "test_mse": 0.0557},
        {"family": "linear_autoencoder", "latent_dim": 2, "bias": True, "test_mse": error},
    )
    assert list(verdicts("pca", done).values()) == [verdict]


@pytest.mark.parametrize(("z", "verdict"), [(1.5, "held"), (40.0, "did not hold")])
def test_codes_are_gaussian_if_no_primary_metric_objects(z, verdict):
    done = trials({"family": "bs_autoencoder", "epochs": 150})
    panel = pd.DataFrame(
        [
            {"trial_id": "t0", "metric": "radius_ks", "value": 0.01, "null_mean": 0.007, "z": 1.0},
            {"trial_id": "t0", "metric": "zca_ks", "value": 0.1, "null_mean": 0.01, "z": z},
        ]
    )
    assert list(verdicts("whitening", done, panel).values()) == [verdict]


def test_kl_weights_are_judged_by_beta_at_the_best_variance():
    row = {"family": "vae_mse", "test_mse": 0.04, "test_kl": 5.0, "sample_coverage": 0.5}
    done = trials(
        *(row | {"kl_weight": weight} for weight in (8e-4, 5e-5, 1e-8)),
        row | {"kl_weight": 1.1e-4, "test_optimal_sigma_neg_elbo": -150.0},
        row | {"kl_weight": 9e-4, "test_optimal_sigma_neg_elbo": -100.0},
    )
    assert set(verdicts("kl_weight", done).values()) == {"held"}
    worse = done.assign(test_mse=0.4)
    assert verdicts("kl_weight", worse)["KL weight 0.0008 is far too high"] == "did not hold"


def test_six_dimensions_are_best_only_if_they_are():
    sizes = {2: 170.0, 6: 120.0, 10: 110.0}
    rows = [
        {"family": "conv_vae", "bottleneck": b, "latent_dim": size, "test_neg_elbo": value}
        for size, value in sizes.items()
        for b in (16, 128)
    ]
    done = trials(*rows)
    best_at_six = (done["bottleneck"] == 16) & (done["latent_dim"] == 6)
    done.loc[best_at_six, "test_neg_elbo"] = 100.0
    found = verdicts("latent_dimension", done)
    assert found["6 dimensions are best (bottleneck 16)"] == "held"
    assert found["6 dimensions are best (bottleneck 128)"] == "did not hold"


def test_the_published_slips_are_compared_with_their_correction():
    rows = [
        {"family": "tiny_vae", "as_published": slip, "test_mse": 0.7 if slip else 0.1}
        for slip in (True, False)
    ]
    assert list(verdicts("tiny", trials(*rows)).values()) == ["did not hold"]


def test_the_concrete_collapse_and_its_remedy():
    done = trials(
        {"classes": 40, "posterior_temperature": 0.5, "test_neg_elbo": 228.0, "test_kl": 21.8},
        {"classes": 40, "kl_estimator": "categorical", "test_discrete_nll": 147.9},
        {"categoricals": 20, "kl_estimator": "categorical", "test_discrete_nll": 108.3},
    )
    found = verdicts("concrete", done)
    assert found["-ELBO 227.97 with 40 classes"] == "held"
    assert found["Concrete is not on par with the others"] == "did not hold"


def test_logit_normal_claims_need_their_cells():
    rows = [
        {"family": f, "latent_dim": d, "prior_scale": s, "test_neg_elbo": 100.0 + d - (s or 0)}
        for f, scales in (("logit_normal", (0.32, 0.56, 1.0, 1.78)), ("gaussian", (None,)))
        for d in (4, 40)
        for s in scales
    ]
    found = verdicts("logit_normal", trials(*rows))
    assert found["prior scale 1.78 has the best general performance"] == "held"
    assert len(found) == 2
    assert claims("logit_normal", trials(*rows[:1]), NO_PANEL).empty


def test_other_sweeps_have_no_claims():
    assert claims("mine", trials({"family": "gaussian"}), NO_PANEL).empty


def test_the_page_of_claims_is_that_of_the_committed_results(tmp_path):
    root = Path(__file__).parents[2]
    page = tmp_path / "claims.md"
    subprocess.run([sys.executable, root / "docs/claims.py", page], cwd=root, check=True)
    assert page.read_text(encoding="utf-8") == (root / "docs/claims.md").read_text("utf-8")
