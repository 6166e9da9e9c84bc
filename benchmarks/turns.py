"""Programs that take turns: each in a process of its own, one at a time, over several rounds.

A process of its own, since what one program does to its process (threads, memory) is not to help or
hurt another; in turns, since the speed of a shared machine drifts.
"""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection

Round = dict[str, float]


def take_turns(
    programs: Mapping[str, Callable[[], Callable[[], object]]], rounds: int
) -> list[Round]:
    """Seconds of each program in each round.

    Args:
        programs: by name, a picklable function that prepares and returns what is to be timed; it is
            called once, in the program's own process, and what it returns once more to warm up.
        rounds: how many times each runs.
    """
    context = multiprocessing.get_context("spawn")
    ends: dict[str, Connection] = {}
    for name, prepare in programs.items():
        ends[name], theirs = context.Pipe()
        context.Process(target=_serve, args=(prepare, theirs), daemon=True).start()
        ends[name].recv()  # prepared and warm
    table = []
    for _ in range(rounds):
        table.append({})
        for name, end in ends.items():
            end.send("go")
            table[-1][name] = end.recv()
    return table


def median(rounds: list[Round], name: str) -> float:
    """Median seconds of a program."""
    return statistics.median(r[name] for r in rounds)


def ratio(rounds: list[Round], name: str, other: str) -> float:
    """Median over the rounds of one program's seconds over another's."""
    return statistics.median(r[name] / r[other] for r in rounds)


def _serve(prepare: Callable[[], Callable[[], object]], end: Connection) -> None:
    work = prepare()
    work()
    end.send("warm")
    while True:
        try:
            end.recv()
        except EOFError:
            return
        started = time.perf_counter()
        work()
        end.send(time.perf_counter() - started)
