"""Why the Concrete latent of Neague, van Diepen and van Ree fails: a ladder, one change a rung."""

import itertools

import pandas as pd

from sweeps.results.baselines import baseline
from sweeps.results.claims.claim import Claim, Part, Protocol, Row
from sweeps.results.claims.evidence import Difference, above, against, below, chosen, mean_of
from sweeps.results.claims.table_3 import TITLE

#: The sweep's own protocol: the source's network trains twenty times as long.
PROTOCOL = Protocol("mnist", epochs=10, batch_size=100)
DISCRETE = "test_discrete_nll"

#: Rungs from the published model to one that works, each with one change against the one before.
RUNGS: tuple[tuple[str, dict[str, object]], ...] = (
    (
        "as published: 1 x 40, temperatures 0.5 / 1, density KL",
        {"classes": 40, "posterior_temperature": 0.5, "prior_temperature": 1.0},
    ),
    (
        "temperatures alone, 1 / 0.67",
        {"classes": 40, "posterior_temperature": 1.0, "prior_temperature": 0.67},
    ),
    (
        "the categorical variable's KL in place of the density's",
        {"classes": 40, "posterior_temperature": 1.0, "kl_estimator": "categorical"},
    ),
    (
        "posterior temperature 0.67 in place of 1",
        {"classes": 40, "posterior_temperature": 0.67, "kl_estimator": "categorical"},
    ),
    (
        "20 variables of 10 classes in place of one of 40",
        {"categoricals": 20, "posterior_temperature": 0.67, "kl_estimator": "categorical"},
    ),
    (
        "temperature annealed from 1 to 0.5",
        {"categoricals": 20, "initial_temperature": 1.0, "kl_estimator": "categorical"},
    ),
)
COLLAPSE = Claim(
    claim="the published 227.97 nats with 40 classes are a total collapse",
    source="derived, not published",
    words="",
    criterion="trained as described, the discrete KL is below 0.1 nats and the distortion within "
    "0.5 nats of independent pixels, each by more than two standard errors",
    protocol=PROTOCOL,
)
PAR = Claim(
    claim="the Concrete is not on par with the Gaussian, equally trained",
    source=f"{TITLE}, section 6.1",
    words="the performance of the Gumbel distribution seems to not be on par with the other models",
    criterion="at the same width, batches and epochs the best Concrete of the ladder has a higher "
    "L_100 (discrete model) than the Gaussian with 20 dimensions, by more than two standard errors "
    "paired by seed",
    protocol=PROTOCOL,
)


def rows(done: pd.DataFrame, _panel: pd.DataFrame) -> list[Row]:
    """Collapse, ladder, and the comparison with a Gaussian."""
    rungs = [(name, chosen(_concrete(done), **fields)) for name, fields in RUNGS]
    rungs = [(name, found) for name, found in rungs if len(found)]
    return [*_collapse(done), *_ladder(rungs), *_par(done, rungs)]


def _concrete(done: pd.DataFrame) -> pd.DataFrame:
    return done[done["family"] == "concrete"]


def _collapse(done: pd.DataFrame) -> list[Row]:
    found = chosen(_concrete(done), **RUNGS[0][1])
    if found.empty:
        return []
    rate, distortion = (mean_of(found, f"test_discrete_{name}") for name in ("kl", "distortion"))
    pixels = baseline("mnist", "independent_pixels")
    parts = [
        Part("discrete KL", Difference(0.1 - rate.value, rate.error, rate.n)),
        Part(
            "distortion",
            Difference(0.5 - abs(distortion.value - pixels), distortion.error, distortion.n),
        ),
    ]
    text = (
        f"-ELBO {mean_of(found, 'test_neg_elbo').text()}, of which the KL between two densities of "
        f"unequal temperature {mean_of(found, 'test_kl').text()}; discrete KL {rate.text(4)}, "
        f"distortion {distortion.text()}, independent pixels {pixels:.2f}"
    )
    return [COLLAPSE.judged(found, text, parts)]


def _ladder(rungs: list[tuple[str, pd.DataFrame]]) -> list[Row]:
    """Each change lowers L_100 of the discrete model, or does not."""
    if len(rungs) < len(RUNGS):
        missing = [name for name, _ in RUNGS if name not in dict(rungs)]
        return [_rung_claim(name).untested("no rows", "no rows") for name in missing[:1]]
    found = []
    for (_, before), (name, after) in itertools.pairwise(rungs):
        text = f"L_100 of the discrete model {against(after, before, DISCRETE)} before"
        text += f"; its -ELBO {mean_of(after, 'test_discrete_neg_elbo').text()}"
        text += f", relaxed {mean_of(after, 'test_neg_elbo').text()}"
        part = Part("L_100", below(after, before, DISCRETE))
        found.append(_rung_claim(name).judged(pd.concat([before, after]), text, [part]))
    return found


def _rung_claim(name: str) -> Claim:
    return Claim(
        claim=f"what was amiss, one change a line: {name}",
        source=f"{TITLE}, section 6.1",
        words="It is not clear why that is",
        criterion="L_100 of the discrete model falls against the rung before, by more than two "
        "standard errors paired by seed",
        protocol=PROTOCOL,
    )


def _par(done: pd.DataFrame, rungs: list[tuple[str, pd.DataFrame]]) -> list[Row]:
    gaussian = chosen(done, family="gaussian", latent_dim=20)
    candidates = [found for _, found in rungs if found[DISCRETE].notna().any()]
    if not candidates:
        return []
    best = min(candidates, key=lambda found: found[DISCRETE].mean())
    first = best.iloc[0]
    text = f"Concrete {first['categoricals']:.0f} x {first['classes']:.0f}: L_100 "
    if gaussian.empty:
        return [PAR.untested(f"{text}{mean_of(best, DISCRETE).text()}", "no Gaussian rows")]
    text += f"{mean_of(best, DISCRETE).text()}, -ELBO "
    text += f"{mean_of(best, 'test_discrete_neg_elbo').text()}; Gaussian: L_100 "
    text += f"{mean_of(gaussian, 'test_nll').text()}, -ELBO "
    text += mean_of(gaussian, "test_neg_elbo").text()
    part = Part("L_100", above(best, gaussian.assign(**{DISCRETE: gaussian["test_nll"]}), DISCRETE))
    return [PAR.judged(pd.concat([best, gaussian]), text, [part])]
