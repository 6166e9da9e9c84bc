"""Neague, van Diepen and van Ree: three latent distributions on binarised MNIST."""

import pandas as pd

from sweeps.results.claims import table_3
from sweeps.results.claims.claim import Claim, Part, Row
from sweeps.results.claims.evidence import Difference, above, below, chosen, mean_of
from sweeps.results.claims.table_3 import PROTOCOL, PUBLISHED, TITLE

BEST = 1.78

BEST_PRIOR = Claim(
    claim="prior scale 1.78 has the best general performance",
    source=f"{TITLE}, section 6.1",
    words="the prior with sigma = 1.78 has the best general performance on different dimensions in "
    "both the loss and the KL-divergence",
    criterion="of the four prior scales 1.78 has the lowest mean -ELBO over the five dimensions, "
    "and the lowest mean KL, each by more than two standard errors paired by seed",
    protocol=PROTOCOL,
)
CROSSING = Claim(
    claim="the logit-normal is better at 4 dimensions, the Gaussian at 40",
    source=f"{TITLE}, section 6.1, Table 3",
    words="the Gaussian performs slightly better at 40 dimensions while the Logit-normal is more "
    "efficient at 4 dimensions",
    criterion="-ELBO of the logit-normal (prior scale 1.78) below the Gaussian's at 4 and above it "
    "at 40, each by more than two standard errors",
    protocol=PROTOCOL,
)
USE = Claim(
    claim="all of 40 dimensions are used",
    source=f"{TITLE}, sections 6.3 and 7",
    words="all dimensions are well used",
    criterion="at least 39.5 active units of 40 (Cov_x(E_q[u]) > 0.01) for the Gaussian and the "
    "logit-normal with prior scale 1.78",
    protocol=PROTOCOL,
)


def rows(done: pd.DataFrame, _panel: pd.DataFrame) -> list[Row]:
    """The claims of Tables 1 to 3."""
    ours = [*_best_prior(done), *_crossing(done), *_use(done)]
    return [*_table_itself(), *ours, *table_3.rows(done)]


def _table_itself() -> list[Row]:
    """What the source's own numbers say, before ours."""
    found = []
    for name, column, table in (("-ELBO", "elbo", 1), ("KL", "kl", 2)):
        published = pd.read_csv(PUBLISHED / f"logit_normal_{column}.csv")
        means = published.groupby("prior_scale")[column].mean()
        lowest = published.loc[published.groupby("latent_dim")[column].idxmin(), "prior_scale"]
        claim = Claim(
            claim=f"in the source's own Table {table}, 1.78 has the lowest mean {name}",
            source=f"{TITLE}, Table {table}",
            words="",
            criterion="arithmetic on the published numbers: the lowest mean over five dimensions",
            seeds=0,
        )
        text = f"published mean {name} by prior scale: {_listed(means)}; 1.78 is lowest in "
        text += f"{int((lowest == BEST).sum())} of 5 dimensions"
        found.append(claim.arithmetic(text, bool(means.idxmin() == BEST)))
    return found


def _best_prior(done: pd.DataFrame) -> list[Row]:
    ours = done[done["family"] == "logit_normal"]
    means = {name: _over_dimensions(ours, name) for name in ("test_neg_elbo", "test_kl")}
    if not all(len(set(table["prior_scale"])) == 4 for table in means.values()):
        return []
    parts, texts = [], []
    for name, table in means.items():
        word = "-ELBO" if name == "test_neg_elbo" else "KL"
        averages = table.groupby("prior_scale")[name].mean()
        rival = averages.drop(BEST).idxmin()
        best, other = (table[table["prior_scale"] == scale] for scale in (BEST, rival))
        gap = below(best, other, name)
        fewer = 5**-0.5  # a mean over five dimensions has that much less noise
        gap = Difference(gap.value, gap.error * (fewer if gap.noise else 1), gap.n, gap.noise)
        parts.append(Part(f"{word} against prior scale {rival:g}", gap))
        texts.append(f"mean {word} by prior scale {_listed(averages)}")
    return [BEST_PRIOR.judged(ours, "; ".join(texts), parts)]


def _over_dimensions(ours: pd.DataFrame, name: str) -> pd.DataFrame:
    """Mean over the five dimensions, for every prior scale and seed that has them all."""
    keys = ["prior_scale", "seed"]
    groups = ours.groupby(keys)
    whole = ours[groups["latent_dim"].transform("nunique") == 5]
    first = whole.groupby([*keys, "family", "dataset"], as_index=False)
    return first.agg({name: "mean", "epochs": "min"})


def _crossing(done: pd.DataFrame) -> list[Row]:
    parts, texts, used = [], [], []
    for size, ask in ((4, below), (40, above)):
        ours = chosen(done, family="logit_normal", prior_scale=BEST, latent_dim=size)
        gaussian = chosen(done, family="gaussian", latent_dim=size)
        if ours.empty or gaussian.empty:
            return []
        ahead = below(ours, gaussian, "test_neg_elbo").value
        texts.append(f"logit-normal ahead by {ahead:+.2f} nats at {size}")
        parts.append(Part(f"at {size} dimensions", ask(ours, gaussian, "test_neg_elbo")))
        used += [ours, gaussian]
    together = pd.concat(used)
    return [CROSSING.judged(together, ", ".join(texts), parts)]


def _use(done: pd.DataFrame) -> list[Row]:
    wide = done[done["latent_dim"] == 40]
    models = {
        "Gaussian": chosen(wide, family="gaussian"),
        "logit-normal": chosen(wide, family="logit_normal", prior_scale=BEST),
    }
    models = {name: rows for name, rows in models.items() if len(rows)}
    if len(models) < 2:
        return []
    counts = {name: mean_of(rows, "test_active_units") for name, rows in models.items()}
    parts = [
        Part(name, Difference(found.value - 39.5, found.error, found.n))
        for name, found in counts.items()
    ]
    text = ", ".join(f"{name} {found.text(1)}" for name, found in counts.items())
    return [USE.judged(pd.concat(models.values()), f"active units of 40: {text}", parts)]


def _listed(means: pd.Series) -> str:
    return ", ".join(f"{scale:g}: {value:.2f}" for scale, value in means.items())
