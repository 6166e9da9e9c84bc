"""Figures from real trials: what they show, and what they leave out."""

import matplotlib
import numpy as np
import optuna
import pandas as pd
import pytest

from bsvae.trial import BadInput, Trial
from sweeps.definition.parse import parse
from sweeps.figures import PLATES, figures
from sweeps.figures.codes import seen_by_decoder
from sweeps.figures.curves import learning_curves, search_history
from sweeps.figures.tradeoffs import by_latent_dimension, objectives_plane, rate_distortion
from sweeps.figures.whitened import gaussianity_panel, halves, whitened_codes
from sweeps.ledger.ledger import Ledger
from sweeps.results.outcome import Outcome, read_outcome
from sweeps.results.stored import stored_sweep


@pytest.fixture(scope="module")
def outcome(small_results) -> Outcome:
    return read_outcome(*stored_sweep("small", str(small_results)))


def drawn(outcome):
    """Figures by name; rendered, so that an error of the layout shows."""
    found = {}
    for plate, figure in figures(outcome):
        figure.draw_without_rendering()
        found[plate.name] = figure
    return found


def texts(figure):
    return {text.get_text() for text in figure.findobj(matplotlib.text.Text)} - {""}


def test_a_real_sweep_gives_every_figure_that_it_has_the_data_for(outcome):
    without = {"objectives_plane", "whitened_codes", "gaussianity_panel"}
    found = drawn(outcome)
    assert found.keys() == {plate.name for plate in PLATES} - without
    assert {"logit-normal α 0.32", "logit-normal α 1.78", "Gaussian", "Concrete"} <= texts(
        found["by_latent_dimension"]
    )
    for name in ("by_latent_dimension", "learning_curves", "rate_distortion", "search_history"):
        assert any("(nats/image)" in text for text in texts(found[name])), name


def test_lines_are_the_numbers_of_the_table(outcome):
    figure = by_latent_dimension(outcome)
    (line,) = [line for line in figure.axes[0].lines if line.get_label() == "Gaussian"]
    gaussian = outcome.done[outcome.done["family"] == "gaussian"]
    best = gaussian.groupby("latent_dim")["test_neg_elbo"].min()
    assert line.get_xdata().tolist() == [2, 4]
    assert line.get_ydata() == pytest.approx(best.to_numpy())


def test_curves_are_those_of_the_best_trials(outcome):
    panel = learning_curves(outcome).axes[0]
    assert panel.get_title() == "2 latent dimensions"
    line = next(line for line in panel.lines if line.get_label() == "Gaussian")
    best = outcome.best("label", "latent_dim").query("label == 'Gaussian' and latent_dim == 2")
    curve = outcome.epochs[outcome.epochs["trial_id"].isin(best["trial_id"])]
    assert line.get_ydata() == pytest.approx(curve.sort_values("epoch")["test_distortion"])


def test_the_history_ends_at_the_best_trial_of_each_cell(outcome):
    steps = [line for line in search_history(outcome).axes[-1].lines if len(line.get_xdata()) > 1]
    last = sorted({float(line.get_ydata()[-1]) for line in steps if line.get_linestyle() != "None"})
    assert last == pytest.approx(sorted(outcome.done.groupby("cell")["test_neg_elbo"].min()))


def test_the_front_in_the_plane_is_the_one_that_optuna_finds(outcome):
    (line,) = [
        line
        for line in rate_distortion(outcome).axes[0].lines
        if line.get_label() == "Pareto front"
    ]
    study = optuna.create_study(directions=["minimize", "minimize"])
    points = outcome.done[["test_kl", "test_distortion"]]
    for point in points.itertuples(index=False):
        study.add_trial(optuna.trial.create_trial(values=list(point)))
    theirs = sorted(tuple(trial.values) for trial in study.best_trials)
    assert list(zip(line.get_xdata(), line.get_ydata(), strict=True)) == theirs


def test_trials_belong_to_cells_without_a_replay(outcome, small_results):
    assert len(outcome.trials) == outcome.sweep.wanted == 28
    assert outcome.others == 0
    assert (outcome.trials.groupby("cell").size() == 4).all()
    sweep, ledger = stored_sweep("small", str(small_results))
    smaller = parse(
        "small", sweep.document | {"grid": [{"family": ["gaussian"], "latent_dim": [8]}]}, {}
    )
    assert read_outcome(smaller, ledger).others == 28


def synthetic(tmp_path, families, objectives=("test_neg_elbo",)):
    """A plain grid with made-up numbers, codes and panel, three seeds each."""
    grid = {"family": families, "latent_dim": [3], "seed": [0, 1, 2], "dataset": ["digits"]}
    document = {"grid": [grid], "trial": {"epochs": 2}}
    if len(objectives) > 1:
        document |= {
            "search": {"learning_rate": {"low": 1e-4, "high": 1e-2}},
            "optuna": {"trials": 1, "objectives": list(objectives)},
            "select_on_test": True,
        }
    sweep = parse("made", document, {})
    ledger = Ledger(tmp_path, "made")
    random = np.random.default_rng(0)
    for cell in sweep.cells:
        trial = Trial.of({"learning_rate": 1e-3} | cell)
        numbers = {name: random.normal(90, 5) for name in ("test_neg_elbo", "test_distortion")}
        row = {"trial_id": trial.trial_id, "status": "done", **trial.as_dict(), **numbers}
        row |= {"test_kl": random.gamma(5), "test_knn_accuracy": random.random()}
        panel = [
            {"trial_id": trial.trial_id, "metric": name, "value": 1.0, "z": z, "doc": "it"}
            for name, z in (("radius_ks", 3.0), ("atom_share", 10_000.0), ("ica_ks", float("nan")))
        ]
        codes = random.standard_normal((200, 3)).astype(np.float16)
        ledger.commit(row, [], panel, {"codes": codes, "labels": np.arange(200, dtype=np.uint8)})
    return read_outcome(sweep, ledger)


def test_whitened_codes_and_their_panel(tmp_path):
    outcome = synthetic(tmp_path, ["autoencoder", "gaussian"])
    assert {"10,000", "3", "radius ks", "Gaussian"} <= texts(gaussianity_panel(outcome))
    assert len(whitened_codes(outcome).axes) == 6
    whitened, rank = halves(np.random.default_rng(0).gamma(2.0, size=(4000, 3)), "zca")
    assert rank == 3
    assert np.cov(whitened.T) == pytest.approx(np.eye(3), abs=0.15)


def test_several_objectives_have_a_plane_of_their_own(tmp_path):
    outcome = synthetic(tmp_path, ["gaussian"], ("test_neg_elbo", "test_knn_accuracy"))
    figure = objectives_plane(outcome)
    assert {"Pareto front", "test knn accuracy (share)"} <= texts(figure)


def test_codes_are_seen_as_the_decoder_sees_them():
    y = np.array([[0.0, -1e4]], dtype=np.float16)
    for family, expected in (("logit_normal", [0.5, 0]), ("concrete", [1, 0]), ("gaussian", y[0])):
        row = pd.Series({"family": family})
        assert seen_by_decoder(row, y)[0] == pytest.approx(expected, abs=1e-6)


def test_damaged_or_foreign_arrays_are_named(tmp_path):
    outcome = synthetic(tmp_path, ["gaussian"])
    first, second = outcome.done["trial_id"].iloc[:2]
    path = outcome.ledger.folder / "arrays" / f"{first}.npz"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(BadInput, match=rf"{first}\.npz cannot be read"):
        outcome.arrays(first)
    foreign = outcome.done[outcome.done["trial_id"] == second].assign(latent_dim=2)
    with pytest.raises(BadInput, match="not of this trial"):
        outcome.with_arrays(foreign, "codes", 1)


def test_nothing_done_gives_no_figure(tmp_path):
    sweep = parse("none", {"grid": [{"family": ["logit_normal", "pca"], "latent_dim": [2]}]}, {})
    assert list(figures(read_outcome(sweep, Ledger(tmp_path, "none")))) == []
