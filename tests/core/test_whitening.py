"""Whitening against linear algebra done another way, and on codes that lack full rank."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from bsvae.gaussianity.whitening import Whitening

KINDS = ("zca", "pca")


def mixed(n: int, d: int, seed: int = 0) -> np.ndarray:
    """Skewed, correlated codes away from the origin, (n, d)."""
    rng = np.random.default_rng(seed)
    return rng.gamma(1.5, size=(n, d)) @ rng.normal(size=(d, d)) + 7


def deficient(n: int, seed: int = 0) -> np.ndarray:
    """Six units of rank three: three free, one dead, one constant, one a sum of two, (n, 6)."""
    free = mixed(n, 3, seed)
    dead, constant = np.zeros((n, 1)), np.full((n, 1), 0.1)
    return np.hstack([free[:, :1], dead, free[:, 1:], constant, free[:, :1] - 2 * free[:, 1:2]])


@pytest.mark.parametrize("kind", KINDS)
def test_training_codes_become_white(kind: str) -> None:
    white = Whitening.fit(mixed(400, 6), kind).transform(mixed(400, 6))
    np.testing.assert_allclose(white.mean(axis=0), 0, atol=1e-10)
    np.testing.assert_allclose(np.cov(white.T), np.eye(6), atol=1e-10)


def test_agrees_with_the_singular_value_decomposition_of_centred_codes() -> None:
    codes = mixed(300, 5)
    u, s, vt = np.linalg.svd(codes - codes.mean(axis=0), full_matrices=False)
    zca, pca = Whitening.fit(codes, "zca"), Whitening.fit(codes, "pca")
    np.testing.assert_allclose(zca.transform(codes), np.sqrt(299) * u @ vt, atol=1e-9)
    np.testing.assert_allclose(
        np.abs(pca.transform(codes)), np.abs(np.sqrt(299) * u), atol=1e-9
    )  # up to the sign of each axis
    np.testing.assert_allclose(pca.eigenvalues, s**2 / 299)


def test_zca_is_symmetric_and_pca_a_rotation_of_it() -> None:
    codes = mixed(300, 5)
    zca, pca = Whitening.fit(codes, "zca"), Whitening.fit(codes, "pca")
    np.testing.assert_allclose(zca.forward, zca.forward.T, atol=1e-12)
    rotation = np.linalg.lstsq(pca.transform(codes), zca.transform(codes), rcond=None)[0]
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(5), atol=1e-10)


def test_axes_do_not_depend_on_the_sign_of_the_codes() -> None:
    codes = mixed(300, 5)
    np.testing.assert_allclose(
        Whitening.fit(codes, "pca").forward, Whitening.fit(-codes, "pca").forward, atol=1e-9
    )


@pytest.mark.parametrize("kind", KINDS)
def test_inverse_returns_held_out_codes(kind: str) -> None:
    whitening = Whitening.fit(mixed(300, 5), kind)
    held_out = 3 * mixed(50, 5, seed=1)
    np.testing.assert_allclose(whitening.inverse(whitening.transform(held_out)), held_out)


@pytest.mark.parametrize("kind", KINDS)
def test_inverse_of_gaussian_draws_has_the_moments_of_the_codes(kind: str) -> None:
    codes = deficient(500)
    whitening = Whitening.fit(codes, kind)
    width = 6 if kind == "zca" else 3
    drawn = whitening.inverse(np.random.default_rng(1).standard_normal((200_000, width)))
    np.testing.assert_allclose(drawn.mean(axis=0), codes.mean(axis=0), atol=0.06)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(codes.T), atol=0.3, rtol=0.05)


def test_rank_deficient_codes() -> None:
    codes = deficient(500)
    zca, pca = Whitening.fit(codes, "zca"), Whitening.fit(codes, "pca")
    assert zca.rank == pca.rank == 3
    np.testing.assert_allclose(np.cov(pca.transform(codes).T), np.eye(3), atol=1e-9)
    covariance = np.cov(zca.transform(codes).T)
    np.testing.assert_allclose(covariance @ covariance, covariance, atol=1e-9)  # a projector
    assert np.trace(covariance) == pytest.approx(3)
    np.testing.assert_allclose(zca.transform(codes)[:, [1, 4]], 0, atol=1e-9)  # dead, constant
    for whitening in (zca, pca):
        np.testing.assert_allclose(whitening.inverse(whitening.transform(codes)), codes, atol=1e-9)


def test_held_out_codes_show_no_spike_on_a_unit_that_was_dead_in_training() -> None:
    held_out = deficient(100, seed=1)
    held_out[0, 1] = 1e6
    assert np.abs(Whitening.fit(deficient(500)).transform(held_out)[:, 1]).max() < 1e-6


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6 + 0.1, -1e-9])
@pytest.mark.parametrize("kind", KINDS)
def test_codes_without_variance_have_rank_zero(kind: str, value: float) -> None:
    whitening = Whitening.fit(np.full((1000, 3), value), kind)
    assert whitening.rank == 0
    white = whitening.transform(np.ones((4, 3)))
    assert white.shape == ((4, 3) if kind == "zca" else (4, 0))
    np.testing.assert_allclose(whitening.inverse(white), value)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_rank_and_white_codes_do_not_depend_on_the_unit_of_measure(scale: float) -> None:
    codes = mixed(300, 5)
    whitening = Whitening.fit(scale * codes)
    assert whitening.rank == 5
    np.testing.assert_allclose(
        whitening.transform(scale * codes), Whitening.fit(codes).transform(codes), atol=1e-7
    )


def test_the_uncentred_whitening_of_the_source_is_not_white() -> None:
    codes = np.maximum(0, mixed(2000, 20))
    u, _, vt = np.linalg.svd(codes, full_matrices=False)
    published = u @ vt
    np.testing.assert_allclose(published.T @ published, np.eye(20), atol=1e-9)  # moment I / n
    eigenvalues = np.linalg.eigvalsh(np.cov(published.T) * len(codes))
    assert eigenvalues[0] < 0.2  # one direction nearly lost to the mean
    np.testing.assert_allclose(eigenvalues[1:], 1, atol=1e-3)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.ones(5), r"shape \(5,\)"),
        (np.ones((1, 5)), r"shape \(1, 5\)"),
        (np.ones((5, 0)), r"shape \(5, 0\)"),
        ([[0.0, 1.0], [np.nan, np.inf]], "2 non-finite values of 4"),
    ],
)
def test_refuses_what_it_cannot_whiten(codes: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Whitening.fit(codes)


def test_refuses_another_kind() -> None:
    with pytest.raises(ValueError, match="kind = 'cholesky': must be 'zca' or 'pca'"):
        Whitening.fit(mixed(10, 2), "cholesky")


def test_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Whitening.fit(mixed(10, 2)).kind = "pca"
