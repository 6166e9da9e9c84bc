"""Tan: are the whitened codes of the Boolean-structured autoencoder Gaussian?"""

import math

import pandas as pd

from sweeps.results.baselines import baseline
from sweeps.results.claims.claim import Claim, Part, Protocol, Row
from sweeps.results.claims.evidence import Difference, above, against, below, chosen, mean_of

SOURCE = '"Variational Autoencoder without Kullback-Leibler divergence (BSvarautonet)"'
PROTOCOL = Protocol("mnist", epochs=150, batch_size=100)

#: A z-score of the Gaussianity panel beyond this is no chance: its null has 20 draws.
LARGE_Z = 5.0

#: Metrics of the panel that see different departures: tails, clusters, shells, units, directions.
PRIMARY = ("mardia_kurtosis", "mardia_skewness", "radius_ks", "zca_ks", "ica_kurtosis")

#: Distances from the Gaussian law that do not grow with the number of codes.
DISTANCES = ("radius_ks", "zca_ks", "ica_ks")

#: Largest share of exact zeros in a unit that rounding explains; a continuous law has none.
ATOM = 1e-3

RULE = (
    f"no primary metric of the panel beyond |z| = {LARGE_Z:g}, no exact atom, no dead unit, full "
    "rank; one trained network that fails refutes it, three that pass support it"
)
CODES = Claim(
    claim="whitened codes of the Boolean-structured network are Gaussian",
    source=f"{SOURCE}, abstract and section 2",
    words="the bottleneck latent space embeddings is naturally distributed in multi-variables "
    "Gaussian distribution. By applying a whitening normalization ... unit Gaussian",
    criterion=RULE,
    protocol=PROTOCOL,
)
ORDINARY = Claim(
    claim="codes of an ordinary autoencoder are not Gaussian",
    source=f"{SOURCE}, section 3",
    words="The probability distribution of the latent space embeddings does not follow any "
    "standard mathematical probability distribution",
    criterion=f"a primary metric beyond |z| = {LARGE_Z:g}, an exact atom, a dead unit or a lost "
    "direction in every seed; one network suffices, for nothing then makes them Gaussian",
    protocol=PROTOCOL,
    seeds=1,
)
CAUSE = Claim(
    claim="non-negative weights bring the codes nearer to Gaussian",
    source=f"{SOURCE}, section 2",
    words="Because of the non-negative weights design ... the distribution of the latent space "
    "embedding is very close to Gaussian distribution",
    criterion="KS distances of the radius, the ZCA axes and the independent components are smaller "
    "than those of the same network with signed weights (bs_twin), each by more than two standard "
    "errors paired by seed",
    protocol=PROTOCOL,
)
DRAWS = Claim(
    claim="it draws digits as a variational autoencoder does",
    source=f"{SOURCE}, abstract and section 5",
    words="it has all the properties of variational autoencoder ... random generation and "
    "interpolation of digit images close to what is found in the dataset",
    criterion="prior draws cover no fewer test images than a Gaussian VAE's with a code of the "
    "same size and as many epochs, less .05, by more than two standard errors paired by seed",
    protocol=PROTOCOL,
)
SPEED = Claim(
    claim="it trains as fast as a normal autoencoder",
    source=f"{SOURCE}, section 1",
    words="can be train as fast as a normal autoencoder",
    criterion="seconds a trial at most 1.1 times those of the same network with signed weights "
    "(bs_twin), by more than two standard errors, on a machine without other work",
    protocol=PROTOCOL,
)
CONTINUOUS = Claim(
    claim="there are no gaps between codes",
    source=f"{SOURCE}, section 2",
    words='the datapoints distribution ... in the latent space is very "continuous", where there '
    "no clear gaps between datapoints",
    criterion="none yet: the panel's hole rate sees nothing at 100 dimensions",
    protocol=PROTOCOL,
)
PCA_CONTROL = "codes of PCA are Gaussian"
CONTROL = "our control, not a source's claim"


def rows(done: pd.DataFrame, panel: pd.DataFrame) -> list[Row]:
    """The source's claims, then the controls that they are read beside."""
    trained = done[done["epochs"] > 0]
    bs, twin, plain, vae = (
        trained[trained["family"] == family]
        for family in ("bs_autoencoder", "bs_twin", "autoencoder", "gaussian")
    )
    found = []
    if len(bs):
        found.append(_codes(CODES, bs, panel))
    if len(plain):
        found.append(_ordinary(plain, panel))
    if len(bs) and len(twin):
        found += [_cause(bs, twin, panel), _speed(bs, twin)]
    if len(bs) and len(vae):
        found.append(_draws(bs, vae))
    if len(bs):
        found.append(CONTINUOUS.untested("no measurement", "no measurement"))
    return [*found, *_controls(done, panel)]


def _codes(claim: Claim, rows: pd.DataFrame, panel: pd.DataFrame) -> Row:
    """Codes are Gaussian if nothing in any seed says that they are not."""
    blind = _untrained(rows)
    if blind:
        return claim.untested(_shape(rows, panel), blind)
    sizes = _surprise(rows, panel)
    if sizes.empty:
        return claim.untested("no panel", "no panel")
    found = Difference(LARGE_Z - float(sizes.max()), 0.0, len(sizes))
    part = Part("panel", found, one_refutes=True)
    return claim.judged(rows, _shape(rows, panel), [part])


def _ordinary(rows: pd.DataFrame, panel: pd.DataFrame) -> Row:
    sizes = _surprise(rows, panel)
    if sizes.empty:
        return ORDINARY.untested("no panel", "no panel")
    found = Difference(float(sizes.min()) - LARGE_Z, 0.0, len(sizes))
    return ORDINARY.judged(rows, _shape(rows, panel), [Part("panel", found)])


def _cause(bs: pd.DataFrame, twin: pd.DataFrame, panel: pd.DataFrame) -> Row:
    wide = panel.pivot_table("value", "trial_id", "metric").reset_index()
    wide = wide.reindex(columns=["trial_id", *DISTANCES])
    bs, twin = bs.merge(wide, on="trial_id"), twin.merge(wide, on="trial_id")
    if bs.empty or twin.empty:
        return CAUSE.untested("no panel", "no panel")
    parts = [Part(name, below(bs, twin, name)) for name in DISTANCES]
    text = "; ".join(f"{name} {against(bs, twin, name, 3)}" for name in DISTANCES)
    return CAUSE.judged(pd.concat([bs, twin]), f"{text} of the signed network", parts)


def _speed(bs: pd.DataFrame, twin: pd.DataFrame) -> Row:
    text = f"{against(bs, twin, 'device_seconds', 0)} seconds a trial, beside other work"
    return SPEED.untested(text, "no timing on an idle machine")


def _draws(bs: pd.DataFrame, vae: pd.DataFrame) -> Row:
    name = "sample_coverage"
    part = Part("coverage", above(bs, vae.assign(**{name: vae[name] - 0.05}), name))
    text = f"coverage of prior draws {against(bs, vae, name)} of the Gaussian VAE"
    return DRAWS.judged(pd.concat([bs, vae]), text, [part])


def _controls(done: pd.DataFrame, panel: pd.DataFrame) -> list[Row]:
    """Other networks under the same rule: what it says of them is no source's claim."""
    names = {
        ("gaussian", True): "codes drawn by a Gaussian VAE are exactly Gaussian",
        ("bs_twin", True): "codes of the same network with signed weights are Gaussian",
        ("bs_autoencoder", False): "codes of the network before training are Gaussian; its weights "
        "are signed, since none is clipped before the first step",
        ("pca", True): PCA_CONTROL,
    }
    found = []
    for (family, trained), words in names.items():
        rows = done[(done["family"] == family) & ((done["epochs"] > 0) == trained)]
        if rows.empty:
            continue
        protocol = Protocol("mnist", epochs=150 if family in ("gaussian", "bs_twin") else None)
        claim = Claim(f"control: {words}", CONTROL, "", RULE, protocol)
        found.append(_codes(claim, rows, panel))
    return found


def _untrained(rows: pd.DataFrame) -> str:
    """Why a network of the source's kind has learned nothing; empty if it has."""
    if rows["family"].iloc[0] not in ("bs_autoencoder", "bs_twin") or not rows["epochs"].max():
        return ""
    error, constant = rows["train_mae"].max(), baseline("mnist", "median_image_mae_train")
    if not error > 0.95 * constant:
        return ""
    return f"training MAE {error:.4f} is that of the constant median image, {constant:.4f}"


def _surprise(rows: pd.DataFrame, panel: pd.DataFrame) -> pd.Series:
    """For every trial its largest |z|, infinite with an exact atom, a dead unit or a lost rank."""
    mine = panel[panel["trial_id"].isin(rows["trial_id"])]
    primary = mine[mine["metric"].isin(PRIMARY)]
    sizes = primary.groupby("trial_id")["z"].agg(lambda z: z.abs().max())
    exact = mine.pivot_table("value", "trial_id", "metric")
    exact = exact.reindex(index=sizes.index, columns=["atom_share", "dead_units", "rank"])
    width = rows.set_index("trial_id")["latent_dim"].reindex(sizes.index)
    broken = (exact["atom_share"] > ATOM) | (exact["dead_units"] > 0) | (exact["rank"] < width)
    return sizes.mask(broken, math.inf)


def _shape(rows: pd.DataFrame, panel: pd.DataFrame) -> str:
    """What the panel saw, in words."""
    mine = panel[panel["trial_id"].isin(rows["trial_id"])]
    sizes = mine[mine["metric"].isin(PRIMARY)]["z"].abs()
    if sizes.empty:
        return "no panel"
    values = mine.groupby("metric")["value"].mean()
    nulls = mine.groupby("metric")["null_mean"].mean()
    parts = [f"|z| of {len(PRIMARY)} primary metrics {sizes.min():.0f} to {sizes.max():.0f}"]
    for name, word in (("radius_ks", "radius"), ("zca_ks", "ZCA axes")):
        if name in values:
            parts.append(f"KS of the {word} {values[name]:.3f} (Gaussian {nulls[name]:.3f})")
    if "atom_share" in values:
        parts.append(f"largest share of exact zeros in a unit {values['atom_share']:.2f}")
    if "dead_units" in values:
        parts.append(f"{values['dead_units']:.0f} dead units")
    if "rank" in values:
        parts.append(f"rank {values['rank']:.0f} of {rows['latent_dim'].iloc[0]:.0f}")
    return f"{'; '.join(parts)}; n = {rows['seed'].nunique()}"
