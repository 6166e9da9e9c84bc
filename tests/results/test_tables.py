import pandas as pd
import pytest

from bsvae.trial import BadInput, Trial
from sweeps.definition.file import read_sweep
from sweeps.ledger.ledger import Ledger
from sweeps.ledger.schema import GAUSSIANITY
from sweeps.results.tables import best_trials
from sweeps.results.tables import tables as tables_of

NO_PANEL = GAUSSIANITY.empty_table().to_pandas()


def tables(sweep, trials):
    return tables_of(sweep, trials, NO_PANEL)


def published(name):
    from sweeps.results.tables import PUBLISHED

    return pd.read_csv(PUBLISHED / f"{name}.csv")


def results(folder, cells, epochs=(200,), seeds=(0,)):
    """Rows whose numbers are a known function of the trial."""
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
    return ledger.trials()


CELLS = read_sweep("logit_normal").cells


def test_three_tables_stand_beside_the_published_ones(tmp_path):
    elbo, kl, families, _ = tables("logit_normal", results(tmp_path, CELLS))
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
    frame = tables("logit_normal", results(tmp_path, CELLS))[entry[name]].frame
    theirs = published(name)
    across = "family" if name == "family_elbo" else "prior_scale"
    for _, row in theirs.iterrows():
        assert frame.loc[row["latent_dim"], (row[across], "published")] == row.iloc[-1]


def test_missing_cells_are_missing(tmp_path):
    frame = tables("logit_normal", results(tmp_path, CELLS[:3]))[0].frame
    assert frame.xs("ours", axis="columns", level=1).isna().sum().sum() == 20 - 3
    assert not frame.xs("published", axis="columns", level=1).isna().any().any()


def test_the_longest_training_counts_and_seeds_are_averaged(tmp_path):
    trials = results(tmp_path, CELLS, epochs=(3, 200), seeds=(0, 2))
    elbo = tables("logit_normal", trials)[0]
    assert "200 epochs, 2 seeds" in elbo.title
    assert elbo.frame.loc[2, (1.0, "ours")] == pytest.approx(2 + 1 + 1 + 5)


def test_a_reader_is_told_of_the_concrete_collapse(tmp_path):
    notes = " ".join(tables("logit_normal", results(tmp_path, CELLS))[2].notes)
    assert "40 classes" in notes
    assert "collapse" in notes


def test_no_results_is_a_table_of_gaps(tmp_path):
    empty = Ledger(tmp_path, "logit_normal").trials()
    assert "no trial done yet" in tables("logit_normal", empty)[0].title
    assert tables("other", empty)[0].frame.empty


def test_best_trials_come_first_with_what_tells_them_apart(tmp_path):
    best = best_trials(results(tmp_path, CELLS), "test_neg_elbo", 3)
    assert best["test_neg_elbo"].is_monotonic_increasing
    assert {"family", "latent_dim", "prior_scale"} <= set(best.columns)
    assert "dataset" not in best.columns
    with pytest.raises(BadInput, match="did you mean 'test_kl'"):
        best_trials(results(tmp_path, CELLS), "test_k", 3)


def test_one_epoch_is_not_epochs(tmp_path):
    title = tables("logit_normal", results(tmp_path, CELLS[:1], epochs=(1,)))[0].title
    assert title.endswith("ours: 1 epoch, 1 seed")
