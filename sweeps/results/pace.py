"""How fast a sweep goes, from the rows of its ledger alone."""

import datetime
from collections.abc import Iterable

from sweeps.plan.studies import Row
from sweeps.text import clock

#: Seconds without a pack in training after which `outlook` takes rows for those of another run.
LONGEST_PAUSE = 300.0


def outlook(rows: Iterable[Row], wanted: int) -> str:
    """Trials per minute, and the time left at that rate, from rows of a ledger alone.

    The rate is that of the last stretch of work: back from the last row, as long as no more than
    `LONGEST_PAUSE` lies between the end of one pack and the start of the next.  A row's pack began
    ``seconds`` before it was finished.

    Returns:
        A sentence, or nothing where no row has taken any time.

    >>> now = datetime.datetime(2026, 1, 1)
    >>> rows = [{"finished_at": now + datetime.timedelta(seconds=s), "seconds": 30.0}
    ...         for s in (0, 30, 30)]
    >>> outlook(rows, wanted=6)
    '3.0 trials per minute over the last 1:00 of work; 1:00 left at that rate'
    """
    ends = sorted(((row["finished_at"], row["seconds"] or 0.0) for row in rows), reverse=True)
    if not ends:
        return ""
    last = begin = ends[0][0]
    count = 0
    for finished, seconds in ends:
        if (begin - finished).total_seconds() > LONGEST_PAUSE:
            break
        begin = min(begin, finished - datetime.timedelta(seconds=seconds))
        count += 1
    elapsed = (last - begin).total_seconds()
    if not elapsed:
        return ""
    left = (wanted - len(ends)) * elapsed / count
    text = f"{60 * count / elapsed:.1f} trials per minute over the last {clock(elapsed)} of work"
    return f"{text}; {clock(left)} left at that rate" if left > 0 else text
