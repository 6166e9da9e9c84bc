"""One table for any sweep: a line per cell, mean and standard error over seeds.

Cells are compared only where distortion is measured alike: on one data set, by one likelihood.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd

from bsvae.catalogue import declared
from bsvae.metrics import METRICS
from bsvae.trial import FIELDS
from sweeps.results.baselines import baseline_note, measured
from sweeps.results.cells import (
    cells,
    complete,
    described,
    differences,
    proposals,
    varying,
    whole,
)
from sweeps.results.configuration import FOLDED, differing, fields_in_words, folded
from sweeps.results.formats import ERROR, Table
from sweeps.results.outcome import Outcome
from sweeps.results.pareto import undominated
from sweeps.results.words import part_of
from sweeps.text import counted

#: Metrics that are shown wherever they are measured, after the objectives.
USUAL = (
    "test_neg_elbo",
    "test_distortion",
    "test_kl",
    "test_nll",
    "test_discrete_nll",
    "test_mse",
)

#: Said wherever a selection is shown that test images made.
ON_TEST = "select_on_test = true: test images chose what is shown, so that test_* flatter it"

#: Which images chose, by how the metric's name begins; test images else.
CHOOSING = {"valid": "held-out training images", "train": "training images"}

#: The objective's mean difference from the best cell it can be compared with, by common seeds.
GAP = "difference_to_best"


def sheet(outcome: Outcome) -> pd.DataFrame:
    """The table as numbers, whole: fields that vary, then means with their errors beside, then n.

    A search is one row, its chosen proposal; with several objectives the rows are the proposals on
    the Pareto front.  Columns without a number are left out; a ``likelihood`` stands where there
    are several, for different ones cannot be compared.
    """
    if not (blocks := _blocks(outcome)):  # no proposal has all of several objectives
        return pd.DataFrame(columns=[*_fields(outcome), *outcome.sweep.objectives, "n"])
    frame = pd.concat(blocks).sort_values("cell", kind="stable")
    kinds = ["dataset", "likelihood"] if len(blocks) > 1 else []
    return _whole(_columns(frame, outcome, kinds)).reset_index(drop=True)


def summaries(outcome: Outcome) -> list[Table]:
    """The table to read: one for each data set and likelihood, in the order of the sweep's file."""
    return [_table(block, outcome) for block in _blocks(outcome)]


def protocol(rows: pd.DataFrame) -> str:
    """Epochs and seeds of some trials, in words."""
    if rows.empty:
        return "ours: no trial done yet"
    epochs = sorted(set(rows["epochs"]))
    span = f"{epochs[0]} to {epochs[-1]} epochs" if len(epochs) > 1 else counted(epochs[0], "epoch")
    return f"ours: {span}, {counted(rows['seed'].nunique(), 'seed')}"


def _blocks(outcome: Outcome) -> list[pd.DataFrame]:
    """The rows of what can be compared, data set by data set and likelihood by likelihood."""
    several = len(outcome.sweep.objectives) > 1
    rows = described(complete(proposals(outcome)), outcome.sweep) if several else cells(outcome)
    told = [outcome.sweep.cells[number] for number in rows["cell"]]
    families = [cell["family"] for cell in told]
    rows = rows.assign(
        family=families,
        dataset=[cell["dataset"] for cell in told],
        latent_dim=[cell.get("latent_dim") for cell in told],
        likelihood=[declared(family).likelihood_words for family in families],
    )
    groups = [group for _, group in rows.groupby(["dataset", "likelihood"], sort=False)]
    if several:
        fronts = [undominated(group, outcome.sweep.objectives) for group in groups]
        return [front for front in fronts if len(front)]
    return [_with_gaps(group, outcome) for group in groups]


def _with_gaps(block: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """A block with every cell's difference from the best, where seeds allow an error."""
    means = whole(block, outcome.sweep)[outcome.objective] * METRICS[outcome.objective].sign
    means = means[np.isfinite(means)]
    if means.empty or len(block) < 2:
        return block
    best = means.idxmin()
    gaps = differences(outcome, outcome.objective, block["cell"].to_dict()[best])
    gaps = gaps.loc[block["cell"]].set_axis(block.index)
    errors = gaps["error"].where(block.index != best)
    if errors.isna().all():
        return block
    return block.assign(**{GAP: gaps["difference"], GAP + ERROR: errors, "pairs": gaps["n"]})


def _columns(block: pd.DataFrame, outcome: Outcome, kinds: list[str]) -> pd.DataFrame:
    """The columns to show, in their order."""
    fields = _fields(outcome)
    objectives = outcome.sweep.objectives
    on_test = [name.replace("valid_", "test_") for name in objectives]
    metrics = dict.fromkeys([*objectives, GAP, *on_test, *USUAL])
    measured = [name for name in metrics if name in block and block[name].notna().any()]
    pairs = [name + ERROR for name in measured if block[name + ERROR].notna().any()]
    numbers = [side for name in measured for side in (name, name + ERROR)]
    numbers = [name for name in numbers if name in measured or name in pairs]
    fewer = GAP in block and (block["pairs"] != block["n"]).any()
    last = ["pairs"] * bool(fewer) + ["n"] + ["collapsed"] * ("collapsed" in block)
    return block[list(dict.fromkeys([*kinds, *fields, *numbers, *last]))]


def _whole(frame: pd.DataFrame) -> pd.DataFrame:
    """The same with whole numbers as such, though some rows lack them."""
    names = [name for name in map(str, frame) if name in FIELDS]
    names = [name for name in names if FIELDS[name].type in (int, int | None)]
    return frame.astype(dict.fromkeys(names, "Int64"))


def _fields(outcome: Outcome) -> list[str]:
    """The fields that say which row is which."""
    found = varying(outcome.sweep)
    return found or ["family", "latent_dim"]


def _table(block: pd.DataFrame, outcome: Outcome) -> Table:
    shown = _columns(block, outcome, []).dropna(axis="columns", how="all")
    if "collapsed" in shown and not shown["collapsed"].any():
        shown = shown.drop(columns="collapsed")
    names = [name for name in _fields(outcome) if name in shown]
    apart = {*differing(block), *outcome.sweep.search}
    told = [name for name in names if name in apart] or names
    alike = {name: block[name].iloc[0] for name in names if name not in {*told, "dataset"}}
    frame = folded(
        shown.drop(columns=[n for n in names if n not in told]), told, outcome.sweep.search
    )
    index = [name for name in frame if name in {*told, FOLDED}]
    done = outcome.done[outcome.done["cell"].isin(block["cell"])]
    notes = [f"in every row: {fields_in_words(alike)}"] if alike else []
    return Table(
        _title(block, done, outcome),
        frame.set_index(index) if index else frame,
        (*notes, *_notes(block, done, outcome)),
    )


def _title(block: pd.DataFrame, done: pd.DataFrame, outcome: Outcome) -> str:
    first = block.iloc[0]
    spread = ", mean ± standard error over seeds" if block["n"].max() > 1 else ""
    what = f"{first['dataset']}, {first['likelihood']}"
    return f"{_asked(outcome)} on {what}{spread}; {protocol(done)}"


def _asked(outcome: Outcome) -> str:
    """Which rows there are, and what ranks them."""
    name, metric = outcome.objective, METRICS[outcome.objective]
    if len(outcome.sweep.objectives) > 1:
        return f"Pareto front of {', '.join(outcome.sweep.objectives)}"
    return f"Cells by {name} ({metric.unit or 'a ratio'}, {metric.better} is better)"


def _notes(block: pd.DataFrame, done: pd.DataFrame, outcome: Outcome) -> Iterator[str]:
    """What a reader of a block must know."""
    sweep, objective = outcome.sweep, outcome.objective
    first = block.iloc[0]
    yield from _baselines(done, first["dataset"])
    yield from _choice(block, done, outcome)
    if sweep.selects_on_test:
        yield ON_TEST
    unmeasured = int((block["n"].gt(0) & block[objective].isna()).sum())
    if unmeasured:
        yield f"{objective} is not measured in {counted(unmeasured, 'cell')}: not ranked there"
    if block["n"].max() == 1:
        yield "n = 1: one seed has no standard error"
    if "collapsed" in block and block["collapsed"].any():
        yield "collapsed: seeds, of n, whose decoder ignores its code"
    stopped = outcome.trials[outcome.trials["status"] == "stopped"]
    stopped = stopped[stopped["cell"].isin(block["cell"])]
    if len(stopped):
        low, high = stopped["epochs_trained"].min(), stopped["epochs_trained"].max()
        span = (
            f"{low:.0f} to {counted(int(high), 'epoch')}"
            if low < high
            else counted(int(low), "epoch")
        )
        yield f"{counted(len(stopped), 'trial')} stopped early, after {span}: not shown here"


def _baselines(done: pd.DataFrame, dataset: str) -> Iterator[str]:
    """What a model that has learned nothing reaches, as known or as the trials measured it."""
    if known := baseline_note(dataset):
        yield known
    elif not math.isnan(value := measured(done)):
        yield f"What knows nothing reaches on {dataset}: independent pixels {value:.5g} nats."


def _choice(block: pd.DataFrame, done: pd.DataFrame, outcome: Outcome) -> Iterator[str]:
    """Where there was something to choose: how a row was."""
    sweep = outcome.sweep
    searches = [number for number in block["cell"] if sweep.searched(sweep.cells[number])]
    if not searches:
        return
    names = sorted({name for n in searches for name in sweep.searched(sweep.cells[n])})
    tried = _proposals(done, searches, sweep.search)
    every = _proposals(outcome.trials, searches, sweep.search)
    if len(sweep.objectives) > 1:
        yield f"searched: {', '.join(names)}; on the front are {len(block)} of {tried} proposals"
        return
    ended = f"{tried} tried" if tried == every else f"{tried} of {every} tried were finished"
    by = CHOOSING.get(part_of(outcome.objective)[0], "test images")
    yield (
        f"searched: {', '.join(names)}; of each search the proposal that {outcome.objective} "
        f"chose, by {by} ({ended})"
    )


def _proposals(rows: pd.DataFrame, cells: Sequence[int], searched: Iterable[str]) -> int:
    """How many proposals of some cells' searches have a trial among some rows."""
    return len(rows[rows["cell"].isin(cells)].drop_duplicates(["cell", *searched]))
