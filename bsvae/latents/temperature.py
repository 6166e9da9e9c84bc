"""The price of a Concrete posterior that is wider than its prior, before it has coded anything."""

import functools
import math

import numpy as np

from bsvae.trial import Trial

EULER = 0.5772156649015329


def temperature_tax(trial: Trial) -> float | None:
    """Nats of density KL that a relaxed posterior pays per image for sending nothing, or None.

    N categorical variables of K classes pay N KL0(K), and L binary ones L KL0(2), where KL0 is
    `uninformative_kl` at the trial's two temperatures.

    >>> round(temperature_tax(Trial(family="concrete", latent_dim=40,
    ...     posterior_temperature=0.5, prior_temperature=1.0)), 2)
    21.89
    """
    if trial.posterior_temperature is None or trial.prior_temperature is None:
        return None
    variables, classes = trial.categoricals or trial.latent_dim, trial.classes or 2
    return variables * uninformative_kl(
        classes, trial.posterior_temperature, trial.prior_temperature
    )


def temperature_notice(trial: Trial) -> str | None:
    """One line for whoever starts a trial whose prior temperature exceeds its posterior's.

    >>> print(temperature_notice(Trial(family="concrete", latent_dim=40,
    ...     posterior_temperature=0.5, prior_temperature=1.0)))
    prior_temperature = 1.0 > posterior_temperature = 0.5: an uninformative code already costs
    21.9 nats of density KL; take a prior temperature <= the posterior's
    >>> temperature_notice(Trial(family="concrete", latent_dim=40)) is None
    True
    """
    tax, posterior, prior = (
        temperature_tax(trial),
        trial.posterior_temperature,
        trial.prior_temperature,
    )
    if tax is None or posterior is None or prior is None or prior <= posterior:
        return None
    return (
        f"prior_temperature = {prior} > posterior_temperature = {posterior}: an uninformative code "
        f"already costs {tax:.1f} nats of density KL; take a prior temperature <= the posterior's"
    )


@functools.lru_cache(maxsize=1024)
def uninformative_kl(classes: int, posterior: float, prior: float) -> float:
    """KL0(K) = KL(ExpConcrete(1, lambda_1) || ExpConcrete(1, lambda_2)) in nats, r = l_2 / l_1:

        (K - 1) ln(1/r) + (r - 1) gamma K - K psi(K) + K E[ln sum_k E_k^r],  E_k ~ Exp(1).

    Source: derived from the density in "Project AI: Discrete Variational Autoencoders with
    Logit-normals", section 2.2, whose temperatures are (0.5, 1).

    >>> [round(uninformative_kl(k, 0.5, 1.0), 2) for k in (2, 4, 8, 20, 40)]
    [0.45, 1.46, 3.64, 10.42, 21.89]
    >>> abs(uninformative_kl(10, 0.7, 0.7)) < 1e-9
    True
    """
    ratio = prior / posterior
    digamma = sum(1 / k for k in range(1, classes)) - EULER
    return (
        -(classes - 1) * math.log(ratio)
        + (ratio - 1) * EULER * classes
        - classes * digamma
        + classes * expected_log_sum(classes, ratio)
    )


def expected_log_sum(classes: int, ratio: float) -> float:
    """E[ln sum_k E_k^r] for K independent standard exponential E_k, by quadrature:

        E ln S = int_0^inf (e^-t - phi(t)^K) dt / t,  phi(t) = E e^(-t E_1^r).

    Both integrals are trapezoidal sums in logarithmic coordinates.

    >>> abs(expected_log_sum(5, 1.0) - (1 + 1/2 + 1/3 + 1/4 - EULER)) < 1e-9  # psi(5)
    True
    """
    step = 0.05
    v = np.arange(-45, 5, step)  # ln E_1
    reach = 45 * max(1.0, ratio / classes)
    u = np.arange(-45 * max(1.0, ratio), reach, step)  # ln t
    exponential = np.exp(v - np.exp(v)) * step
    phi = np.exp(-np.exp(u[:, None] + ratio * v)) @ exponential
    return float(((np.exp(-np.exp(u)) - phi**classes) * step).sum())
