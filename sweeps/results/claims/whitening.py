"""Tan: are the whitened codes of the Boolean-structured autoencoder Gaussian?"""

import pandas as pd

from sweeps.results.claims.claim import Claim, Part, Protocol, Row
from sweeps.results.claims.evidence import Difference, above, against, below
from sweeps.results.claims.gaussianity import LARGE_Z, RULE, shape, surprise, untrained

SOURCE = '"Variational Autoencoder without Kullback-Leibler divergence (BSvarautonet)"'
PROTOCOL = Protocol("mnist", epochs=150, batch_size=100)

#: Distances from the Gaussian law that do not grow with the number of codes.
DISTANCES = ("radius_ks", "zca_ks", "ica_ks")

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
PROBABILITY = Claim(
    claim="it gives the probability of an image",
    source=f"{SOURCE}, section 1",
    words="It can also be used to determine the probability of an occurence of an input image in "
    "the dataset",
    criterion="none yet: the network has no likelihood of codes, and a Gaussian is not their law",
    protocol=PROTOCOL,
)
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
        found += [
            claim.untested("nothing", "no measurement") for claim in (CONTINUOUS, PROBABILITY)
        ]
    return [*found, *_controls(done, panel)]


def _codes(claim: Claim, rows: pd.DataFrame, panel: pd.DataFrame) -> Row:
    """Codes are Gaussian if nothing in any seed says that they are not."""
    blind = untrained(rows)
    if blind:
        return claim.untested(shape(rows, panel), blind)
    sizes = surprise(rows, panel)
    if sizes.empty:
        return claim.untested("no panel", "no panel")
    found = Difference(LARGE_Z - float(sizes.max()), 0.0, len(sizes))
    part = Part("panel", found, one_refutes=True)
    return claim.judged(rows, shape(rows, panel), [part])


def _ordinary(rows: pd.DataFrame, panel: pd.DataFrame) -> Row:
    sizes = surprise(rows, panel)
    if sizes.empty:
        return ORDINARY.untested("no panel", "no panel")
    found = Difference(float(sizes.min()) - LARGE_Z, 0.0, len(sizes))
    return ORDINARY.judged(rows, shape(rows, panel), [Part("panel", found)])


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
        ("pca", True): "codes of PCA are Gaussian",
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
