"""The panel: each metric by a second road, the null band, and controls that are not Gaussian."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from bsvae.gaussianity import (
    METRICS,
    PRIMARY,
    Score,
    atoms,
    c2st_auc,
    gaussianity,
    hole_rates,
    mardia_kurtosis,
    mardia_skewness,
    null_draws,
    radius_ks,
    random_projections,
    sliced_w2,
    worst_column,
    worst_projection,
)
from bsvae.gaussianity.columns import anderson_darling, ks_distance, shape_moments, standardise
from bsvae.gaussianity.measures import COSTLY, measure_cheap

N, D, DRAWS = 600, 10, 12  # one size for most panels, so that they share one null
CENTRES = 2.5 * np.random.default_rng(5).standard_normal((10, D))
MIXING = np.random.default_rng(6).standard_normal((D, D + 2))

PINNED = {  # first null draw of 40 + 40 codes of 2 units
    "mardia_kurtosis": 0.08106215485446522,
    "mardia_skewness": 1.2422866037869862,
    "radius_ks": 0.08853618549388809,
    "zca_ks": 0.08689138668315269,
    "pca_anderson_darling": 0.4627941769682735,
    "sliced_w2": 0.23454391241969938,
    "projection_ks": 0.15725904195220283,
    "hole_rate": 0.1,
    "outlier_rate": 0.05,
}

Sampler = Callable[[np.random.Generator], np.ndarray]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nulls")


def normal(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def panel(sample: Sampler, cache: Path, draws: int = DRAWS) -> dict[str, Score]:
    """Scores of training and held-out codes that one sampler draws, by metric."""
    rng = np.random.default_rng(11)
    scores = gaussianity(sample(rng), sample(rng), draws=draws, cache=cache)
    assert [score.metric for score in scores] == list(METRICS)
    return {score.metric: score for score in scores}


def ten_clusters(rng: np.random.Generator) -> np.ndarray:
    return CENTRES[rng.integers(0, 10, N)] + rng.standard_normal((N, D))


# The metrics, each by a second road


def test_mardia_skewness_is_the_mean_cubed_gram_matrix() -> None:
    codes = normal(80, 4) ** 3
    centred = codes - codes.mean(axis=0)
    gram = centred @ np.linalg.inv(np.cov(codes.T, ddof=0)) @ centred.T
    assert mardia_skewness(codes) == pytest.approx(80 * (gram**3).mean() / (4 * 5 * 6))


def test_mardia_kurtosis_is_the_mean_squared_mahalanobis_distance() -> None:
    codes = normal(80, 4) ** 3
    centred = codes - codes.mean(axis=0)
    radius = np.einsum("ij,jk,ik->i", centred, np.linalg.inv(np.cov(codes.T, ddof=0)), centred)
    assert mardia_kurtosis(codes) == pytest.approx((radius**2).mean() / (4 * 6) - 1)
    assert radius_ks(codes) == pytest.approx(stats.kstest(radius, stats.chi2(4).cdf).statistic)


def test_mardia_has_its_exact_gaussian_moments() -> None:
    kurtosis = [mardia_kurtosis(normal(50, 5, seed)) for seed in range(400)]
    skewness = [mardia_skewness(normal(400, 5, seed)) for seed in range(400)]
    assert np.mean(kurtosis) == pytest.approx(-2 / 51, abs=4 * np.std(kurtosis) / 20)
    assert np.mean(skewness) == pytest.approx(1, abs=0.05)  # n b1 / 6 ~ chi^2, as n grows


@pytest.mark.parametrize("metric", [mardia_kurtosis, mardia_skewness, radius_ks])
def test_multivariate_shape_is_affine_invariant(metric: Callable[[np.ndarray], float]) -> None:
    codes = normal(200, D) ** 3
    assert metric(codes @ MIXING + 100) == pytest.approx(metric(codes), rel=1e-6)


def test_column_statistics_agree_with_scipy() -> None:
    columns = standardise(normal(300, 3) ** 3)
    ordered = np.sort(columns, axis=0)
    skew, kurtosis = shape_moments(columns)
    np.testing.assert_allclose(skew, stats.skew(columns))
    np.testing.assert_allclose(kurtosis, stats.kurtosis(columns))
    for j, column in enumerate(columns.T):
        assert ks_distance(ordered)[j] == pytest.approx(stats.kstest(column, "norm").statistic)
        expected = stats.anderson(column, "norm", method="interpolate").statistic
        assert anderson_darling(ordered)[j] == pytest.approx(expected)


def test_worst_column_ignores_place_scale_and_constant_columns() -> None:
    columns = normal(300, 3) ** 3
    moved = np.hstack([columns * [1, 5, 0.1] - 8, np.full((300, 1), 0.1)])
    np.testing.assert_allclose(worst_column(moved), worst_column(columns))


def test_sliced_distance_of_a_shifted_line() -> None:
    quantiles = stats.norm.ppf((np.arange(100) + 0.5) / 100)[:, None]
    assert sliced_w2(quantiles) == pytest.approx(0, abs=1e-12)
    assert sliced_w2(quantiles + 2) == pytest.approx(2)


def test_random_directions_have_unit_length() -> None:
    np.testing.assert_allclose((random_projections(np.eye(7), seed=0) ** 2).sum(axis=0), 1)


def test_search_finds_a_rotated_cube_that_random_lines_miss() -> None:
    rng = np.random.default_rng(0)
    rotation = np.linalg.qr(rng.normal(size=(20, 20)))[0]
    train, test = (rng.uniform(-(3**0.5), 3**0.5, size=(2, 3000, 20))) @ rotation
    lines = worst_column(random_projections(test, seed=0))
    assert lines.ks < 0.04
    found = worst_projection(train, test, seed=0)
    assert found.kurtosis == pytest.approx(1.2, abs=0.15)  # of a uniform variable
    assert found.ks > 0.05


def test_classifier_separates_only_what_differs() -> None:
    cloud, other = normal(400, 2, seed=0), normal(400, 2, seed=1)
    assert c2st_auc(cloud, other, seed=0) == pytest.approx(0.5, abs=0.08)
    assert c2st_auc(cloud + 10, other, seed=0) == 1


def test_hole_rates_of_equal_and_of_apart_clouds() -> None:
    cloud, other = normal(4000, 3, seed=0), normal(4000, 3, seed=1)
    assert hole_rates(cloud, other, seed=0) == pytest.approx((0.01, 0.01), abs=0.007)
    assert hole_rates(cloud + 50, other, seed=0) == (1, 1)


def test_hole_rates_do_not_depend_on_the_order_of_the_codes() -> None:
    cloud, other = normal(2000, 2, seed=0), normal(2000, 2, seed=1)
    by_class = cloud[np.argsort(cloud[:, 0])]
    assert hole_rates(by_class, other, seed=0) == pytest.approx((0.01, 0.01), abs=0.01)


def test_atoms_of_dead_units() -> None:
    assert atoms(normal(50, 3)) == (0, 0, 0)
    dead = atoms(np.zeros((50, 3)))
    assert np.isnan(dead.largest)
    assert dead[1:] == (1, 3)


# The null band


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("unit", lambda rng: rng.standard_normal((N, 2))),
        ("unit", lambda rng: rng.standard_normal((N, D))),
        ("mixed, moved", lambda rng: rng.standard_normal((N, D)) @ MIXING[:, :D] - 4),
        ("collinear", lambda rng: rng.standard_normal((N, D)) @ MIXING),
    ],
)
def test_gaussian_codes_stay_inside_the_null_band(name: str, sample: Sampler, cache: Path) -> None:
    scores = panel(sample, cache)
    outside = {k: s for k, s in scores.items() if abs(s.z) > 6 and k != "rank"}
    assert not outside, name
    assert scores["rank"].value == min(sample(np.random.default_rng()).shape[1], D)


@pytest.mark.parametrize("d", [50, 100])
def test_cheap_metrics_of_wide_gaussian_codes_stay_inside_their_null_band(d: int) -> None:
    nulls = [measure_cheap(normal(500, d, k), normal(500, d, 50 + k), k) for k in range(12)]
    mixing = normal(d, d, seed=99)
    scored = measure_cheap(normal(500, d, 100) @ mixing, normal(500, d, 101) @ mixing, 0)
    for metric, value in scored.items():
        drawn = [null[metric] for null in nulls]
        assert abs(value - np.mean(drawn)) < 6 * np.std(drawn, ddof=1), metric


# Controls that are not Gaussian


@pytest.mark.parametrize(
    ("sample", "flagged"),
    [
        (lambda rng: rng.standard_t(5, (N, D)), {"mardia_kurtosis": 1, "radius_ks": 1}),
        (lambda rng: rng.uniform(-1, 1, (N, D)), {"mardia_kurtosis": -1, "ica_kurtosis": 1}),
        (ten_clusters, {"mardia_skewness": 1, "ica_ks": 1}),
    ],
    ids=["student-t5", "cube", "ten clusters"],
)
def test_controls_are_flagged(sample: Sampler, flagged: dict[str, int], cache: Path) -> None:
    scores = panel(sample, cache)
    assert flagged.keys() & set(PRIMARY)
    for metric, sign in flagged.items():
        assert sign * scores[metric].z > 6, scores[metric]


def test_relu_codes_show_their_atoms(cache: Path) -> None:
    scores = panel(lambda rng: np.maximum(0, rng.standard_normal((N, D))), cache)
    assert scores["atom_share"].value == pytest.approx(0.5, abs=0.1)
    assert scores["zero_share"].value == pytest.approx(0.5, abs=0.03)
    assert scores["atom_share"].z == scores["zero_share"].z == 1e4
    assert scores["zca_ks"].z > 20


# The panel as a whole


def test_same_seed_gives_the_same_numbers(tmp_path: Path) -> None:
    train, test = normal(60, 2, 0), normal(60, 2, 1)
    first = gaussianity(train, test, seed=3, draws=4, cache=tmp_path / "a")
    assert first == gaussianity(train, test, seed=3, draws=4, cache=tmp_path / "b")
    assert first != gaussianity(train, test, seed=4, draws=4, cache=tmp_path / "a")


def test_the_whitening_comes_from_the_training_codes(cache: Path) -> None:
    scores = gaussianity(2 * normal(N, D, 0), normal(N, D, 1), draws=DRAWS, cache=cache)
    values = {score.metric: score.value for score in scores}
    assert values["sliced_w2"] == pytest.approx(0.5, abs=0.05)  # half as wide as N(0, I)
    assert values["hole_rate"] > 0.2
    assert abs(values["mardia_kurtosis"]) < 0.05  # a shape has no width


def test_one_unit_is_enough(tmp_path: Path) -> None:
    scores = gaussianity(normal(60, 1, 0), normal(60, 1, 1), draws=4, cache=tmp_path)
    assert np.isfinite([score[1:5] for score in scores]).all()


def test_codes_without_variance_score_nan_and_need_no_null(tmp_path: Path) -> None:
    scores = gaussianity(np.zeros((60, 3)), np.zeros((60, 3)), cache=tmp_path)
    values = {score.metric: score.value for score in scores}
    assert (values["rank"], values["dead_units"], values["zero_share"]) == (0, 3, 1)
    assert np.isnan([values[metric] for metric in PRIMARY]).all()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        ((101, 100), (500, 100), "101 training codes of 100 units: must be >= 102 codes"),
        ((500, 100), (101, 100), "101 test codes of 100 units: must be >= 102 codes"),
        ((500, 2), (19, 2), "19 test codes of 2 units: must be >= 20 codes"),
        ((500, 2), (500, 3), "training codes have 2 units, test 3"),
    ],
)
def test_refuses_too_few_codes(
    train: tuple[int, int], test: tuple[int, int], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        gaussianity(normal(*train), normal(*test), cache=tmp_path)


# The cached null


def test_null_is_kept_in_one_file_and_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    null = null_draws(40, 40, 2, draws=4, cache=tmp_path / "first")
    (written,) = (tmp_path / "first").iterdir()
    stored = json.loads(written.read_text())
    assert {metric: tuple(drawn) for metric, drawn in stored.items()} == null
    assert all(len(drawn) == (2 if metric in COSTLY else 4) for metric, drawn in null.items())
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / written.name).write_text('{"radius_ks": [1, 2, 3, 4]}')
    monkeypatch.setenv("BSVAE_CACHE", str(tmp_path / "second"))
    assert null_draws(40, 40, 2, draws=4) == {"radius_ks": (1, 2, 3, 4)}


def test_a_metric_that_changes_needs_a_new_revision(cache: Path) -> None:
    """If this fails on purpose, raise REVISION: cached nulls no longer fit the metrics."""
    null = null_draws(40, 40, 2, draws=4, cache=cache)
    first = {metric: null[metric][0] for metric in PINNED}
    assert first == pytest.approx(PINNED, rel=1e-6)


def test_constant_columns_have_no_shape() -> None:
    with pytest.raises(ValueError, match="none of 3 columns varies"):
        worst_column(np.full((1000, 3), 0.1))
    with pytest.raises(ValueError, match="none of 3 code units varies"):
        mardia_kurtosis(np.full((1000, 3), 0.1))


def test_refuses_too_few_draws() -> None:
    with pytest.raises(ValueError, match="draws = 3: must be >= 4"):
        null_draws(40, 40, 2, draws=3)


@pytest.mark.slow
def test_panel_of_ten_thousand_codes(cache: Path) -> None:
    """Gaussian codes lie in the null band; a rotated cube, near Gaussian on any line, does not."""
    rotation = np.linalg.qr(normal(20, 20))[0]
    gauss = panel(lambda rng: rng.standard_normal((10_000, 20)), cache, draws=8)
    assert not {metric: score for metric, score in gauss.items() if abs(score.z) > 10}
    cube = panel(lambda rng: rng.uniform(-1, 1, (10_000, 20)) @ rotation, cache, draws=8)
    assert cube["radius_ks"].z > 20
    assert cube["mardia_kurtosis"].z < -20
    assert cube["ica_kurtosis"].value == pytest.approx(1.2, abs=0.1)
