"""Rows that tell by themselves whether they are whole, and the history of who saw which of them."""

import functools
import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

import sweeps
from bsvae.trial import Trial
from sweeps.ledger.ledger import Entry, Ledger

EPOCHS = (1, 2)
METRICS = ("radius_ks", "mardia_skewness")


#: What the sweep ``s`` asks for; all its rows are read, whether or not it asks for them.
DEFINITION = {"trial": {"family": "gaussian", "latent_dim": 2}}


class Torn(Exception):
    """Tables that no sequence of whole commits can have left."""


@functools.cache
def trial(n: int) -> Trial:
    return Trial(family="gaussian", latent_dim=2, seed=n)


def entry(n: int) -> Entry:
    """All that is stored of trial n: every value follows from n."""
    name = {"trial_id": trial(n).trial_id}
    row = name | trial(n).as_dict() | {"status": "done", "test_kl": n / 2}
    curve = [name | {"epoch": epoch, "test_kl": n + epoch / 4} for epoch in EPOCHS]
    panel = [name | {"metric": metric, "value": n / 8} for metric in METRICS]
    return Entry(row, curve, panel)


def tables_by_pandas(folder: Path) -> Iterator[pd.DataFrame]:
    """The tables of the sweep ``s``, rows first: what they need was there before they were."""
    for table in ("trials", "epochs", "gaussianity"):
        yield pd.read_parquet(folder / "s" / table)


def tables_by_sweeps(folder: Path) -> Iterator[pd.DataFrame]:
    """The same as a notebook loads them, through the cache."""
    for table in (sweeps.load, functools.partial(sweeps.load, curves=True), sweeps.gaussianity):
        yield table("s", results=folder, all_rows=True).drop(columns="belongs")


def seen(tables: Iterable[pd.DataFrame]) -> int:
    """The trials that are there, as bits, each of them whole and right.

    Raises:
        Torn: if one is there twice, with other values, or without its curve or its panel.
    """
    trials, curves, panel = tables
    names = [trial(n).trial_id for n in trials["seed"]]
    rows = trials["trial_id"].tolist() == names and (trials["test_kl"] == trials["seed"] / 2).all()
    seeds = trials[["trial_id", "seed"]]
    curves, panel = (table.merge(seeds, on="trial_id") for table in (curves, panel))
    points = (curves["test_kl"] == curves["seed"] + curves["epoch"] / 4).all()
    values = (panel["value"] == panel["seed"] / 8).all()
    if not (rows and points and values):
        raise Torn("values that were never written")
    for table, key, each in ((trials, "seed", 1), (curves, "epoch", 2), (panel, "metric", 2)):
        if len(table) != each * len(trials) or table.duplicated(["trial_id", key]).any():
            raise Torn(f"{len(table)} rows of {len(trials)} trials, by {key}")
    return bits(trials["seed"])


def bits(numbers: Iterable[int]) -> int:
    """A set of small numbers as one number, whose comparisons are quick.

    >>> bin(bits([0, 3]))
    '0b1001'
    """
    there = np.zeros(max(numbers, default=0) + 1, np.uint8)
    there[list(numbers)] = 1
    return int.from_bytes(np.packbits(there, bitorder="little").tobytes(), "little")


class Read(NamedTuple):
    """What one reader saw at one time.

    Attributes:
        began: when, on the clock that all processes share.
        ended: when it had all tables.
        promised: trials 0 to this had been acknowledged before it began.
        begun: no trial from this on had been given to the ledger when it ended.
        seen: the trials that it saw, as bits.
        error: what it met instead.
    """

    began: float
    ended: float
    promised: int
    begun: int
    seen: int
    error: str = ""

    @classmethod
    def now(cls, read: Callable[[], int], promised: Callable[[], int], begun: Callable[[], int]):
        """Read, whatever may come of it."""
        before, began, found, error = promised(), time.monotonic(), 0, ""
        try:
            found = read()
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"
        return cls(began, time.monotonic(), before, begun(), found, error)

    def line(self) -> str:
        """It in one line; `of_line` is the opposite."""
        return json.dumps(self._replace(seen=hex(self.seen))) + "\n"

    @classmethod
    def of_line(cls, line: str) -> "Read":
        read = cls(*json.loads(line))
        return read._replace(seen=int(read.seen, 16))


def violations(reads: Iterable[Read]) -> list[str]:
    """What no reader may ever see: errors, losses of what was acknowledged or had been seen by
    anyone before, and trials that nobody had written."""
    found, known, ended = [], 0, sorted(reads, key=lambda read: read.ended)
    for read in sorted(reads, key=lambda read: read.began):
        while ended and ended[0].ended < read.began:
            known |= ended.pop(0).seen
        if read.error:
            found.append(read.error)
            continue
        if lost := (1 << read.promised) - 1 & ~read.seen:
            found.append(f"{lost.bit_count()} acknowledged trials are lost")
        if shrunk := known & ~read.seen:
            found.append(f"{shrunk.bit_count()} trials that were seen are gone")
        if read.seen >> read.begun:
            found.append("trials that nobody wrote")
    return found


def filled(folder: Path, count: int) -> Ledger:
    """A ledger with the first trials."""
    ledger = Ledger(folder, "s")
    ledger.write_definition(DEFINITION)
    ledger.commit_all(map(entry, range(count)))
    return ledger
