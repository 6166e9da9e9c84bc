"""The best configuration so far, by the mean over its seeds."""

import math
from collections.abc import Iterable, Mapping

from bsvae.metrics import METRICS
from bsvae.trial import FIELDS
from sweeps.plan.studies import Row


class Leader:
    """Takes rows as they come, and knows the best configuration of those that have most seeds.

    A lucky seed leads nothing that has been trained with more: a mean over fewer seeds stands back.

    Args:
        objective: the metric that ranks.
        rows: the first rows.

    >>> told = ((8, 0, 1.0), (8, 1, 5.0), (9, 0, 2.0), (9, 1, 2.5), (7, 0, 0.5))
    >>> rows = [{"status": "done", "hidden": h, "seed": s, "test_kl": kl} for h, s, kl in told]
    >>> best = Leader("test_kl", rows).best
    >>> best["hidden"], best["test_kl"]
    (9, 2.25)
    """

    def __init__(self, objective: str, rows: Iterable[Row] = ()) -> None:
        self._objective = objective
        self._cost = METRICS[objective].cost
        self._rows: dict[tuple[object, ...], dict[object, Row]] = {}
        for row in rows:
            self.take(row)

    def take(self, row: Row) -> None:
        """One more trial that has ended."""
        if row["status"] == "done" and self._cost(row.get(self._objective)) < math.inf:
            configuration = _configuration(row)
            self._rows.setdefault(configuration, {})[row.get("seed")] = row

    @property
    def best(self) -> Row | None:
        """A row of the best configuration, with the mean over its seeds as the objective's value;
        None before any is done."""
        most = max((len(of) for of in self._rows.values()), default=0)
        ranked = [of for of in self._rows.values() if len(of) == most]
        if not ranked:
            return None
        leading = min(ranked, key=lambda of: self._cost(self._mean(of)))
        return {**next(iter(leading.values())), self._objective: self._mean(leading)}

    def _mean(self, of: Mapping[object, Row]) -> float:
        return sum(row[self._objective] for row in of.values()) / len(of)


def _configuration(row: Row) -> tuple[object, ...]:
    """What a trial shares with those of other seeds; rows read without their seed stand alone."""
    if "seed" not in row:
        return (row["trial_id"],)
    return tuple(row.get(name) for name in FIELDS if name != "seed")
