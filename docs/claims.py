"""What the committed results say of each source's claims, as a page.

python docs/claims.py [FILE]
"""

import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from sweeps.definition.file import read_sweep, shipped
from sweeps.ledger.places import sweeps_with_results
from sweeps.results.baselines import baseline, baseline_note
from sweeps.results.claims import TESTED, claims
from sweeps.results.claims.evidence import mean_of
from sweeps.results.claims.noise import COLUMNS, NOISE, measure, measured
from sweeps.results.outcome import Outcome, read_outcome
from sweeps.results.stored import open_ledger, stored_sweep
from sweeps.text import counted

HERE = Path(__file__).parent
RESULTS = str(HERE.parent / "results")
NOISE_SWEEP = "seed_noise"
HEAD = """# The sources' claims, and what was measured

Made by `make claims` from the rows of the shipped sweeps under [results](../results); verdicts are
computed from the rows, by criteria that are taken from the sources' words and from theory, and that
can fail. `bsvae table NAME` prints the same beside the tables.

- **held**, **did not hold**: at the source's protocol, with the seeds that the claim needs, by more
  than two standard errors.
- **undecided**: within two standard errors, or too few seeds. One seed decides no comparison unless
  it exceeds a measured seed noise{noise}.
- **not testable yet**: below the source's protocol, or not measured.

Means are over n seeds, ± their standard error. -ELBO and NLL are in nats an image; L_100 is the
importance-weighted bound on -ln p(x) with 100 draws, above the NLL itself.
"""
WHITENING = """
What the network is worth at the source's 150 epochs ({seeds}): its training MAE is {train}, its
test MAE {test}; the constant median image has {median:.4f} and {median_test:.4f}. In squared
error it has {mse:.4f}, the mean image {mean:.4f}. In the picture (seed 0) about twelve of sixteen
test images come back as the digit that they were, with thicker strokes; the others become another
digit. Draws from the Gaussian with its codes' mean and covariance have the strokes of digits,
many can be read, and many are of no digit: they cover {coverage:.2f} of the test images. With
signed weights the same network's cover {twin_coverage:.2f}, an ordinary autoencoder's, which look
like scattered strokes, {plain_coverage:.2f}, a Gaussian VAE's {vae:.2f}. Its whitened codes are
not Gaussian: {zeros:.0%} of all raw values are exactly zero, {dead:.0f} of 100 units never vary,
and the law of the radius is {radius:.2f} away from a Gaussian's (KS; codes that are Gaussian:
{null:.3f}). With signed weights the same network has {twin:.2f}, an ordinary autoencoder
{plain:.2f}, the Gaussian VAE {vae_radius:.3f}.

![Test images and reconstructions above, draws below](whitening.png)
"""


def page() -> str:
    """A section for every shipped sweep that has rows, and a line for those that have none."""
    there = sweeps_with_results(RESULTS)
    stored = [name for name in shipped() if name in there and name in TESTED]
    missing = [name for name in shipped() if name in TESTED and name not in stored]
    sections = [_section(read_outcome(*stored_sweep(name, RESULTS))) for name in stored]
    for name in missing:
        about = " ".join(read_sweep(name).about.split())
        sections.append(f"## {name}\n\n{about}\n\nNot testable yet: no rows are committed.\n")
    return "\n".join([HEAD.format(noise=_noise()), *sections])


def write_noise() -> None:
    """Measure the seed noise in the committed rows, if there are any."""
    there = NOISE_SWEEP in sweeps_with_results(RESULTS)
    rows = open_ledger(RESULTS, NOISE_SWEEP).trials() if there else pd.DataFrame(columns=COLUMNS)
    done = rows[rows["status"] == "done"] if there else rows
    noise = measure(done) if there else done
    noise.to_csv(NOISE, index=False, float_format="%.6g")
    measured.cache_clear()


def _noise() -> str:
    table = measured()
    table = table[table["metric"] == "test_neg_elbo"]
    if table.empty:
        return " (none is measured yet)"
    cells = [
        f"{row['family'].replace('_', '-')} with {row['latent_dim']} dimensions {row['sd']:.2f}"
        for _, row in table.iterrows()
    ]
    head = f" (standard deviation of -ELBO over {table['n'].min()} seeds at "
    return f"{head}{table['epochs'].min()} epochs: {', '.join(cells)} nats)"


def _section(outcome: Outcome) -> str:
    rows, done = outcome.trials, outcome.done
    epochs = sorted(set(rows["epochs"].dropna().astype(int)))
    wanted = sorted({int(cell.get("epochs") or 0) for cell in read_sweep(outcome.sweep.name).cells})
    lines = [
        f"## {outcome.sweep.name}",
        "",
        f"{len(rows)} trials ({len(done)} done) of {outcome.sweep.wanted}, epochs "
        f"{_listed(epochs)} (as shipped: {_listed(wanted)}), trained on "
        f"{_listed(sorted(set(rows['device'].dropna())))}.",
        *filter(None, map(baseline_note, sorted(set(rows["dataset"])))),
        "",
    ]
    table = claims(outcome.sweep.name, done, outcome.panel)
    if len(table):
        lines += ["| claim | measured | verdict |", "|---|---|---|"]
        lines += [
            f"| {' | '.join(map(_cell, row))} |"
            for row in table[["claim", "measured", "verdict"]].itertuples(index=False)
        ]
        lines += ["", "What each asks and needs:", ""]
        lines += [
            f"- *{row['claim']}* ({row['source']}): {row['criterion']}. Needs {row['needs']}."
            for _, row in table.iterrows()
        ]
        lines.append("")
    if outcome.sweep.name == "whitening":
        lines.append(_whitening(done, outcome.panel))
    return "\n".join(lines)


def _whitening(done: pd.DataFrame, panel: pd.DataFrame) -> str:
    """The paragraph on the trained network; empty without its rows and those of the controls."""
    trained = done[done["epochs"] >= 150]
    models = dict(list(trained.groupby("family")))
    if not {"bs_autoencoder", "bs_twin", "autoencoder", "gaussian"} <= set(models):
        return ""
    scores = panel.merge(trained[["trial_id", "family"]], on="trial_id")
    value = scores.pivot_table("value", "metric", "family")
    bs = models["bs_autoencoder"]
    text = WHITENING.format(
        seeds=counted(len(bs), "seed"),
        train=mean_of(bs, "train_mae").text(4),
        test=mean_of(bs, "test_mae").text(4),
        median=baseline("mnist", "median_image_mae_train"),
        median_test=baseline("mnist", "median_image_mae_test"),
        mse=bs["test_mse"].mean(),
        mean=baseline("mnist", "mean_image_mse"),
        coverage=bs["sample_coverage"].mean(),
        vae=models["gaussian"]["sample_coverage"].mean(),
        twin_coverage=models["bs_twin"]["sample_coverage"].mean(),
        plain_coverage=models["autoencoder"]["sample_coverage"].mean(),
        zeros=value.loc["zero_share", "bs_autoencoder"],
        dead=value.loc["dead_units", "bs_autoencoder"],
        radius=value.loc["radius_ks", "bs_autoencoder"],
        null=scores[scores["metric"] == "radius_ks"]["null_mean"].mean(),
        plain=value.loc["radius_ks", "autoencoder"],
        twin=value.loc["radius_ks", "bs_twin"],
        vae_radius=value.loc["radius_ks", "gaussian"],
    )
    paragraph, picture = text.strip().split("\n\n")
    return "\n".join([*textwrap.wrap(" ".join(paragraph.split()), 100), "", picture, ""])


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|")


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))


if __name__ == "__main__":
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "claims.md"
    if len(sys.argv) == 1:
        write_noise()
    file.write_text(page(), encoding="utf-8")
