"""Seeds as replicates: every cell, and every proposal of a search, is trained once per seed."""

from typing import Any

from bsvae.checks import BadInput, integer

#: Replicates that a sweep can ask for.
MOST = 1_000_000


def read_seeds(value: Any, where: str = "") -> tuple[int, ...]:
    """``seeds = 3`` as 0, 1, 2, or ``seeds = [0, 7]`` as it stands.

    Args:
        value: what a sweep file says.
        where: what to add to the key in a message.

    Raises:
        BadInput: for anything but a number from 1 or a list of different integers from 0.

    >>> read_seeds(3), read_seeds([7, 0])
    ((0, 1, 2), (7, 0))
    """
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST:
        return tuple(range(value))
    if isinstance(value, list) and 1 <= len(value) <= MOST:
        seeds = tuple(integer("seed", one, 0) for one in value)
        if len(set(seeds)) == len(seeds):
            return seeds
    raise BadInput(
        f"seeds = {value!r}{where}: must be how many (1 to {MOST:,}) or a list of different "
        "integers, like seeds = 3 or seeds = [0, 1, 2]"
    )


def seeds_of_grid(grid: dict[str, Any], otherwise: tuple[int, ...]) -> tuple[int, ...]:
    """The seeds of a ``[[grid]]``: its own, else the sweep's.

    Raises:
        BadInput: for seeds that are none, or a ``seed`` among the grid's lists.

    >>> seeds_of_grid({"seed": [0, 1]}, (0,))
    Traceback (most recent call last):
        ...
    bsvae.checks.BadInput: seed = [0, 1] in [[grid]]: seeds are replicates, write seeds = [0, 1]
    """
    if "seed" in grid:
        value = grid["seed"]
        seeds = value if isinstance(value, list) else [value]
        raise BadInput(
            f"seed = {value!r} in [[grid]]: seeds are replicates, write seeds = {seeds!r}"
        )
    return read_seeds(grid["seeds"], " in [[grid]]") if "seeds" in grid else otherwise
