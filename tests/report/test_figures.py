"""Figures from real trials: what they show, and what they leave out."""

import dataclasses
import itertools

import matplotlib
import numpy as np
import optuna
import pandas as pd
import pytest
from answered import answered

from bsvae.trial import BadInput
from sweeps.definition.parse import parse
from sweeps.figures import PLATES, caption_of, figures
from sweeps.figures.codes import seen_by_decoder
from sweeps.figures.effects import field_effects
from sweeps.figures.searches import learning_curves, search_history
from sweeps.figures.style import family_colors, line_looks
from sweeps.figures.tradeoffs import objectives_plane, rate_distortion, rates
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
    without |= {"by_latent_dimension", "by_prior_scale"}  # beside published values
    found = drawn(outcome)
    assert found.keys() == {plate.name for plate in PLATES} - without
    cells = [
        f"logit-normal α {scale}, latent dim {size}" for scale in (0.32, 1.78) for size in (2, 4)
    ]
    assert {*cells, "Gaussian", "Concrete"} <= texts(found["field_effects"])
    for name in ("field_effects", "learning_curves", "rate_distortion", "search_history"):
        assert any("(nats/image)" in text for text in texts(found[name])), name


def test_captions_say_what_this_sweep_shows(outcome):
    said = {plate.name: caption_of(plate, outcome) for plate, _ in figures(outcome)}
    assert len(set(said.values())) == len(said)
    effects = said["field_effects"]
    assert "family, latent dim, prior scale α and KL weight β" in effects
    assert "Every mark over KL weight β is one proposal" in effects
    assert "28 trials" in said["learning_curves"]
    assert "28 finished trials" in said["search_history"]
    best = outcome.done["test_neg_elbo"].min()
    assert f"({best:.4g})" in said["reconstructions"]


def line(ax, label):
    """The data of a line with error bars."""
    (found,) = [c for c in ax.containers if c.get_label() == label]
    return found.lines[0].get_xydata()


def test_effects_are_the_means_of_a_groupby(tmp_path):
    outcome = synthetic(tmp_path, ["gaussian", "autoencoder"], sizes=[2, 3, 4])
    figure = field_effects(outcome)
    binary = [ax for ax in figure.axes if "binary pixels" in ax.get_title()]
    (ax,) = [ax for ax in binary if ax.get_xlabel() == "latent dim"]
    rows = outcome.done[outcome.done["family"] == "gaussian"]
    by_hand = rows.groupby("latent_dim")["test_neg_elbo"].agg(["mean", "sem"])
    (bars,) = ax.containers
    assert bars.lines[0].get_xydata() == pytest.approx(by_hand["mean"].reset_index().to_numpy())
    ends = [segment[:, 1] for segment in bars.lines[2][0].get_segments()]
    assert [high - low for low, high in ends] == pytest.approx(2 * by_hand["sem"].to_numpy())
    assert len(figure.axes) == 2  # a Gaussian's nats and a Bernoulli's share no panel


def test_no_line_joins_proposals_that_differ_in_two_searched_fields(tmp_path):
    one = searched(tmp_path / "one", ["learning_rate"])
    two = searched(tmp_path / "two", ["learning_rate", "kl_weight"])
    assert any(len(drawn.get_xdata()) > 2 for drawn in plain_lines(field_effects(one)))
    assert not any(len(drawn.get_xdata()) > 2 for drawn in plain_lines(field_effects(two)))


def test_ends_of_an_axis_of_small_values_have_names(tmp_path):
    grid = {"family": ["gaussian"], "latent_dim": [3], "dataset": ["digits"]}
    document = {"grid": [grid | {"learning_rate": [0.001, 0.003]}], "rank_by": "test_neg_elbo"}
    assert {"0.001", "0.003"} <= texts(field_effects(made(tmp_path, document, [])))


def plain_lines(figure):
    return [line for ax in figure.axes for line in ax.lines if line.get_linestyle() != "None"]


def test_log_axes_have_names_that_do_not_touch(tmp_path):
    figure = field_effects(searched(tmp_path, ["learning_rate", "kl_weight"]))
    figure.draw_without_rendering()
    for ax in figure.axes:
        boxes = [t.get_window_extent() for t in ax.get_xticklabels() if t.get_text()]
        boxes = sorted(boxes, key=lambda box: box.x0)
        assert len(boxes) >= 2
        assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))


def test_curves_of_a_search_are_those_of_every_proposal(outcome):
    panel = learning_curves(outcome).axes[0]
    assert panel.get_title() == "Gaussian, 2 dim."
    curves = [line.get_ydata() for line in panel.lines if len(line.get_xdata()) == 2]
    rows = outcome.done.query("label == 'Gaussian' and latent_dim == 2")
    theirs = outcome.epochs[outcome.epochs["trial_id"].isin(rows["trial_id"])]
    ends = theirs[theirs["epoch"] == 2]["test_neg_elbo"]
    assert sorted(curve[-1] for curve in curves) == pytest.approx(sorted(ends))


def test_the_history_ends_at_the_best_trial_of_each_cell(outcome):
    steps = [
        line for line in search_history(outcome).axes[0].lines if line.get_drawstyle() != "default"
    ]
    last = sorted({float(line.get_ydata()[-1]) for line in steps})
    assert last == pytest.approx(sorted(outcome.done.groupby("cell")["test_neg_elbo"].min()))


def test_five_values_of_a_field_have_five_colours_and_marks_in_their_order():
    labels = [f"Gaussian β {value:g}" for value in (4, 0.25, 1, 0.5, 10)]
    looks = line_looks(("gaussian", label) for label in labels)
    assert list(looks) == [f"Gaussian β {value:g}" for value in (0.25, 0.5, 1, 4, 10)]
    assert len({look["marker"] for look in looks.values()}) == 5
    colors = [np.array(matplotlib.colors.to_rgb(look["color"])) for look in looks.values()]
    gaps = [abs(a - b).max() for n, a in enumerate(colors) for b in colors[:n]]
    assert min(gaps) > 0.15


def test_own_families_have_colours_of_their_own():
    families = ["gaussian", "mine", "yours", "tiny_vae", "linear_autoencoder"]
    colors = family_colors(families)
    assert len(set(colors.values())) == len(families)
    assert colors["gaussian"] == "#0072B2"


def test_the_front_in_the_plane_is_the_one_that_optuna_finds(outcome):
    curves = outcome.epochs.copy()
    calm = dataclasses.replace(outcome, epochs=curves.assign(train_objective=1.0))
    (line,) = [
        line
        for line in rate_distortion(calm).axes[0].lines
        if line.get_label() == "Pareto front of converged ones"
    ]
    study = optuna.create_study(directions=["minimize", "minimize"])
    points = outcome.done[["test_kl", "test_distortion"]]
    for point in points.itertuples(index=False):
        study.add_trial(optuna.trial.create_trial(values=list(point)))
    theirs = sorted(tuple(trial.values) for trial in study.best_trials)
    assert list(zip(line.get_xdata(), line.get_ydata(), strict=True)) == theirs


def test_no_front_is_drawn_through_trials_that_still_move(outcome):
    assert not rates(outcome)["settled"].any()  # after two epochs
    labels = [line.get_label() for line in rate_distortion(outcome).axes[0].lines]
    assert "Pareto front of converged ones" not in labels
    (plate,) = [plate for plate in PLATES if plate.name == "rate_distortion"]
    assert "no front is drawn" in caption_of(plate, outcome)


def test_cells_of_a_search_that_differ_in_size_alone_are_told_apart(tmp_path):
    trial = {"family": "gaussian", "dataset": "digits", "hidden": 8, "epochs": 2}
    document = {"trial": trial, "grid": [{"latent_dim": [2, 8]}], "seeds": 2}
    document |= {"search": {"kl_weight": {"low": 0.1, "high": 10.0}}, "optuna": {"trials": 3}}
    sweep = parse("two", document | {"select_on_test": True}, {})
    random = np.random.default_rng(0)
    names = ("test_neg_elbo", "test_kl", "test_distortion")
    found = answered(
        sweep, Ledger(tmp_path, "two"), lambda *_: {name: random.gamma(9) for name in names}
    )
    effect = field_effects(found).axes[1]
    handles, labels = effect.get_legend_handles_labels()
    assert labels == ["Gaussian, latent dim 2", "Gaussian, latent dim 8"]
    looks = {(h.lines[0].get_color(), h.lines[0].get_marker()) for h in handles}
    assert len(looks) == 2
    plane = rate_distortion(found).axes[0]
    assert {"latent dim 2", "latent dim 8"} <= set(plane.get_legend_handles_labels()[1])
    low, high = plane.get_ylim()
    rows = rates(found)
    assert low < (rows["test_distortion"] - rows["test_distortion_se"]).min()
    assert high > (rows["test_distortion"] + rows["test_distortion_se"]).max()
    (plate,) = [plate for plate in PLATES if plate.name == "rate_distortion"]
    assert "Larger marks: more latent dimensions." in caption_of(plate, found)


def test_trials_belong_to_cells_without_a_replay(outcome, small_results):
    assert len(outcome.trials) == outcome.sweep.wanted == 28
    assert outcome.others == 0
    assert (outcome.trials.groupby("cell").size() == 4).all()
    sweep, ledger = stored_sweep("small", str(small_results))
    smaller = parse(
        "small", sweep.document | {"grid": [{"family": ["gaussian"], "latent_dim": [8]}]}, {}
    )
    assert read_outcome(smaller, ledger).others == 28


def synthetic(tmp_path, families, sizes=(3,)):
    """A plain grid with made-up numbers, codes and panel, three seeds each."""
    grid = {"family": families, "latent_dim": list(sizes), "dataset": ["digits"]}
    document = {"grid": [grid], "trial": {"epochs": 2}, "seeds": 3, "rank_by": "test_neg_elbo"}
    return made(tmp_path, document, [])


def searched(tmp_path, fields, proposals=8, objectives=("test_neg_elbo",)):
    """A search with made-up numbers."""
    grid = {"family": ["gaussian"], "latent_dim": [3], "dataset": ["digits"]}
    document = {"grid": [grid], "trial": {"epochs": 2}}
    return made(tmp_path, document, fields, objectives, proposals)


def made(tmp_path, document, search, objectives=("test_neg_elbo",), proposals=1):
    if search:
        document |= {
            "search": {name: {"low": 1e-4, "high": 1e-2, "log": True} for name in search},
            "optuna": {"trials": proposals, "objectives": list(objectives)},
            "select_on_test": True,
        }
    sweep = parse("made", document, {})
    ledger = Ledger(tmp_path, "made")
    random = np.random.default_rng(0)
    for cell in sweep.cells:
        for _ in range(proposals):
            values = {name: float(10 ** random.uniform(-4, -2)) for name in sweep.searched(cell)}
            for trial in sweep.trials_of(cell, values):
                commit(ledger, trial, random)
    if not search:
        return read_outcome(sweep, ledger)
    trials = ledger.trials().assign(cell=0, label="Gaussian")  # nobody would have asked for these
    return Outcome(sweep, trials, ledger.table("epochs"), ledger.table("gaussianity"), ledger)


def commit(ledger, trial, random):
    numbers = {name: random.normal(90, 5) for name in ("test_neg_elbo", "test_distortion")}
    row = {"trial_id": trial.trial_id, "status": "done", **trial.as_dict(), **numbers}
    row |= {"test_kl": random.gamma(5), "test_knn_accuracy": random.random()}
    panel = [
        {"trial_id": trial.trial_id, "metric": name, "value": 1.0, "z": z, "doc": "it"}
        for name, z in (("radius_ks", 3.0), ("atom_share", 10_000.0), ("ica_ks", float("nan")))
    ]
    codes = random.standard_normal((200, trial.latent_dim)).astype(np.float16)
    ledger.commit(row, [], panel, {"codes": codes, "labels": np.arange(200, dtype=np.uint8)})


def test_whitened_codes_and_their_panel(tmp_path):
    outcome = synthetic(tmp_path, ["autoencoder", "gaussian"])
    assert {"10,000", "3", "radius ks", "Gaussian"} <= texts(gaussianity_panel(outcome))
    assert len(whitened_codes(outcome).axes) == 6
    whitened, rank = halves(np.random.default_rng(0).gamma(2.0, size=(4000, 3)), "zca")
    assert rank == 3
    assert np.cov(whitened.T) == pytest.approx(np.eye(3), abs=0.15)


def test_several_objectives_have_a_plane_of_their_own(tmp_path):
    objectives = ("test_neg_elbo", "test_knn_accuracy")
    outcome = searched(tmp_path, ["learning_rate"], objectives=objectives)
    figure = objectives_plane(outcome)
    assert {"Pareto front", "kNN accuracy (share)"} <= texts(figure)


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
