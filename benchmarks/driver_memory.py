"""Whether a driver grows with the trials that it has finished, beyond the rows that it keeps.

    python benchmarks/driver_memory.py [--trials 2000] [--pack 4]

Runs a sweep of tiny models on Ray, for real, and prints the resident memory of this process, the
driver, each time that another quarter of the trials has its row on the disk, as it is and after the
allocator has given back what is free.  What the second adds from line to line is what finished
trials leave behind (the first quarter also holds what a run needs once); what the first has beyond
it is free memory that will be used again.  The last line says how large the rows are that the plan
keeps for its progress, its searches and its summary.
"""

import argparse
import ctypes
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from sweeps.definition.parse import parse
from sweeps.ledger.ledger import Ledger
from sweeps.plan.planner import Planner
from sweeps.running.run import execute


def main() -> None:
    """Run the sweep and print the memory of its driver."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--trials", type=int, default=2000)
    options.add_argument("--pack", type=int, default=4)
    chosen = options.parse_args()
    constants = {"family": "gaussian", "dataset": "digits", "hidden": 4, "latent_dim": 2}
    weights = [round(0.001 * n, 3) for n in range(1, chosen.trials + 1)]
    document = {"trial": constants | {"epochs": 1}, "grid": [{"kl_weight": weights}]}
    with tempfile.TemporaryDirectory() as results:
        ledger = Ledger(results, "memory")
        watch = threading.Thread(target=_watch, args=(ledger, chosen.trials), daemon=True)
        watch.start()
        planner = execute(parse("memory", document, {}), ledger, None, chosen.pack, "ray")
        watch.join()
        kept = _kept(planner) / chosen.trials
        print(f"rows kept by the plan: {kept / 1e3:.2f} kB a trial; {chosen.pack} trials a pack")


def _watch(ledger: Ledger, trials: int) -> None:
    """Print the memory when the first rows are there, and then at every quarter."""
    before = None
    for mark in (1, trials // 4, trials // 2, trials * 3 // 4, trials):
        while (done := len(ledger.files.stamps("trials"))) < mark:
            time.sleep(0.1)
        memory = _resident()
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        held = _resident()
        line = f"{done} trials: {memory / 1e6:.1f} MB, {held / 1e6:.1f} MB without what is free"
        if before:
            each = (held - before[1]) / (done - before[0])
            line += f", {each / 1e3:+.1f} kB a trial since the last line"
        print(line, flush=True)
        before = done, held


def _resident() -> int:
    """Bytes of this process that are in memory."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _kept(planner: Planner) -> int:
    rows = planner.results.values()
    return sum(sys.getsizeof(row) + sum(map(sys.getsizeof, row.values())) for row in rows)


if __name__ == "__main__":
    main()
