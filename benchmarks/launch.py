"""Where the time goes between `bsvae run` and its prompt: a timeline of one small Ray run.

Seconds since the process was started, each as it happened; times of one machine's clock.

    python benchmarks/launch.py [--repeats 3] [--set key=value ...]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

SWEEP = """
[trial]
family = "gaussian"
dataset = "digits"
hidden = 64
epochs = 4
[[grid]]
latent_dim = [2, 4, 8, 16]
"""
LOG = "BSVAE_LAUNCH_LOG"


def mark(event: str) -> None:
    """Write down that something happened now."""
    with open(os.environ[LOG], "a", encoding="utf-8") as file:
        file.write(f"{time.time()} {event}\n")


def marked(before: str, function: Callable[..., Any], after: str = "") -> Callable[..., Any]:
    """The same function, its calls and returns written down."""

    def call(*arguments: Any, **options: Any) -> Any:
        if before:
            mark(before)
        result = function(*arguments, **options)
        if after:
            mark(after)
        return result

    return call


def driver() -> None:
    """The command line, with marks."""
    mark("interpreter started")
    from sweeps import cli

    mark("command line's modules imported")
    from sweeps.running import ray as runner
    from sweeps.running import ray_life as connection

    mark("Ray imported")
    connection.ray.init = marked("", connection.ray.init, "Ray started")
    connection.ray.shutdown = marked("Tune ended", connection.ray.shutdown, "Ray shut down")
    runner.PackSearcher.suggest = marked("first pack suggested", runner.PackSearcher.suggest)
    runner._train = marked_pack(runner._train)
    cli.main()


def marked_pack(trainable: Callable[..., None]) -> Callable[..., None]:
    """The trainable, with marks in the worker."""

    def train(config: dict[str, Any], job: Any) -> None:
        mark("worker called")
        import bsvae.training
        from sweeps.ledger import ledger as store
        from sweeps.running import worker

        mark("worker's modules imported")
        epoch = bsvae.training.train_epoch
        bsvae.training.train_epoch = marked("first step", epoch)
        worker.measure = marked("last step", worker.measure, "last metrics")
        store.Ledger.commit = marked("", store.Ledger.commit, "last commit")
        trainable(config, job)

    return train


def timeline(settings: list[str]) -> dict[str, float]:
    """Seconds from the start of one run to each event, in an empty folder."""
    with tempfile.TemporaryDirectory() as name:
        folder, log = Path(name), Path(name) / "log"
        (folder / "small.toml").write_text(SWEEP)
        options = [part for text in settings for part in ("--set", text)]
        command = [sys.executable, __file__, "driver", "run", "small.toml", *options]
        started = time.time()
        subprocess.run(
            command, cwd=folder, env=os.environ | {LOG: str(log)}, stdout=subprocess.DEVNULL
        ).check_returncode()
        events = dict(_events(log)) | {"prompt": time.time()}
    return {event: moment - started for event, moment in events.items()}


def _events(log: Path) -> Iterator[tuple[str, float]]:
    """Each event once: the first of a first, the last of a last."""
    seen = set()
    for line in log.read_text(encoding="utf-8").splitlines():
        moment, _, event = line.partition(" ")
        if event not in seen or event.startswith("last"):
            seen.add(event)
            yield event, float(moment)


def main() -> None:
    """Print the median timeline of some runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, help="median of this many runs")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    runs = [timeline(options.set) for _ in range(options.repeats)]
    times = {event: median(run[event] for run in runs) for event in runs[0]}
    for event, seconds in sorted(times.items(), key=lambda item: item[1]):
        print(f"{seconds:6.2f} s  {event}")
    print(f"{times['first step']:6.2f} s  from the command to the first training step")
    print(f"{times['prompt'] - times['last step']:6.2f} s  from the last step to the prompt")


if __name__ == "__main__":
    if sys.argv[1:2] == ["driver"]:
        del sys.argv[1]
        driver()
    else:
        main()
