"""Whether a sweep's results have room where they are kept, asked before anything is trained."""

import os
import shutil

from bsvae.pack import count_parameters
from bsvae.trial import BadInput, Trial
from sweeps.ledger.ledger import Entry
from sweeps.ledger.places.interface import Files, LocalFiles
from sweeps.plan.planner import Planner
from sweeps.text import memory

#: A checkpoint holds each weight three times: itself and Adam's two moments, as float32.
CHECKPOINT_BYTES = 3 * 4

#: Epochs of a curve that is encoded to be weighed.
WEIGHED = 1000


def check_room(planner: Planner, files: Files) -> None:
    """Refuse to start what is bound to fill the disk: results that do not fit a local folder.

    Raises:
        BadInput: saying how much is needed and how much is free.
    """
    if not isinstance(files, LocalFiles):
        return
    folder = files.root.resolve()
    while not folder.is_dir():
        folder = folder.parent
    disk = shutil.disk_usage(folder)
    needed, free = bytes_at_least(planner), disk.free
    if disk.total and needed > free:  # a file system that counts nothing will speak for itself
        raise BadInput(
            f"results need about {memory(needed)}, {memory(free)} free in {folder}: "
            "free some, or name another folder with --results"
        )


def bytes_at_least(planner: Planner) -> int:
    """What is still to be written: rows and curves, and one checkpoint of the largest pack.

    A pack that is larger than the memory is left out: it fails before it is stored.  Rows and
    curves are weighed, not guessed: a trial's files are encoded as they will be, with nulls for
    what it is going to measure.  A search's later rounds are counted as if they were like its
    first.
    """
    ready = [trial for group in planner.groups() for trial in group]
    if not ready:
        return 0
    weights: dict[int, int] = {}
    for trial in ready:
        if trial.epochs not in weights:
            weights[trial.epochs] = _bytes_of_results(trial)
    each = sum(weights[trial.epochs] for trial in ready) / len(ready)
    packs = (CHECKPOINT_BYTES * sum(map(count_parameters, pack)) for pack in planner.packs())
    checkpoint = max((size for size in packs if size < _memory()), default=0)
    return round(each * (planner.sweep.wanted - planner.done)) + checkpoint


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _bytes_of_results(trial: Trial) -> int:
    """Of a row and a curve; what a long curve takes is told from two short ones."""
    if trial.epochs <= WEIGHED:
        return _bytes_of(trial, trial.epochs)
    short, long = _bytes_of(trial, WEIGHED // 2), _bytes_of(trial, WEIGHED)
    return long + (long - short) * (trial.epochs - WEIGHED) // (WEIGHED - WEIGHED // 2)


def _bytes_of(trial: Trial, epochs: int) -> int:
    name = {"trial_id": trial.trial_id}
    curve = [name | {"epoch": epoch} for epoch in range(1, epochs + 1)]
    encoded = Entry(name | trial.as_dict(), curve).encoded()
    return sum(len(content) for files in encoded for content in files.values())
