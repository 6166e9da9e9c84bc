"""Neague, van Diepen and van Ree, Table 3: the Concrete beside the others, cell by cell."""

from pathlib import Path

import pandas as pd

from sweeps.results.claims.claim import Claim, Part, Protocol, Row
from sweeps.results.claims.evidence import above, chosen, mean_of, within

PUBLISHED = Path(__file__).parents[1] / "published"
TITLE = '"Project AI: Discrete Variational Autoencoders with Logit-normals"'
PROTOCOL = Protocol("mnist", epochs=200, batch_size=50)

#: How near a number must come to a published one to be reproduced, nats.
MARGIN = 1.0

PAR = Claim(
    claim="the Concrete is not on par with the other models",
    source=f"{TITLE}, section 6.1, Table 3",
    words="the performance of the Gumbel distribution seems to not be on par with the other models",
    criterion="-ELBO of the Concrete above the Gaussian's, mean over the five dimensions, by more "
    "than two standard errors",
    protocol=PROTOCOL,
)


def rows(done: pd.DataFrame) -> list[Row]:
    """Whether the Concrete is on par, then every Concrete cell."""
    return [*_par(done), *_concrete_cells(done)]


def _par(done: pd.DataFrame) -> list[Row]:
    concrete, gaussian = (_seed_means(done, family) for family in ("concrete", "gaussian"))
    if concrete.empty or gaussian.empty:
        return []
    text = "mean -ELBO over the dimensions: Concrete "
    text += f"{mean_of(concrete, 'test_neg_elbo').text(1)}, Gaussian "
    text += mean_of(gaussian, "test_neg_elbo").text(1)
    part = Part("-ELBO", above(concrete, gaussian, "test_neg_elbo"))
    return [PAR.judged(done[done["family"].isin(["concrete", "gaussian"])], text, [part])]


def _seed_means(done: pd.DataFrame, family: str) -> pd.DataFrame:
    """The mean over a family's dimensions, a row per seed."""
    by_seed = done[done["family"] == family].groupby(["seed", "family", "dataset"], as_index=False)
    return by_seed.agg({"test_neg_elbo": "mean", "epochs": "min"})


def _concrete_cells(done: pd.DataFrame) -> list[Row]:
    """Every Concrete cell of Table 3."""
    published = pd.read_csv(PUBLISHED / "family_elbo.csv")
    found = []
    for size, elbo in chosen(published, family="concrete")[["latent_dim", "elbo"]].to_numpy():
        ours = chosen(done, family="concrete", latent_dim=size)
        if ours.empty:
            continue
        claim = Claim(
            claim=f"-ELBO of the Concrete with {size:.0f} classes is {elbo:.2f}",
            source=f"{TITLE}, Table 3",
            words=f"{size:.0f} ... Concrete {elbo:.2f}",
            criterion=f"-ELBO within {MARGIN:g} nat of it, by more than two standard errors",
            protocol=PROTOCOL,
        )
        part = Part("distance", within(ours, "test_neg_elbo", elbo, MARGIN))
        found.append(claim.judged(ours, f"-ELBO {mean_of(ours, 'test_neg_elbo').text()}", [part]))
    return found
