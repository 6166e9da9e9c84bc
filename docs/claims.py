"""What the committed results say of each source's claims, as a page.

python docs/claims.py [FILE]
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from sweeps.definition.file import read_sweep, shipped
from sweeps.ledger.places import sweeps_with_results
from sweeps.results.claims import claims
from sweeps.results.outcome import Outcome, read_outcome
from sweeps.results.stored import stored_sweep

HERE = Path(__file__).parent
RESULTS = str(HERE.parent / "results")
OWN = ("quickstart", "halving")  # sweeps that test no source's claim
HEAD = """# The sources' claims, and what was measured

Made by `make claims` from the rows of the shipped sweeps under [results](../results); verdicts are
computed from the rows. `bsvae table NAME` prints the same beside the tables.
"""


def page() -> str:
    """A section for every shipped sweep that has rows, and a line for those that have none."""
    there = sweeps_with_results(RESULTS)
    stored = [name for name in shipped() if name in there and name not in OWN]
    missing = [name for name in shipped() if name not in (*stored, *OWN)]
    sections = [_section(read_outcome(*stored_sweep(name, RESULTS))) for name in stored]
    for name in missing:
        about = " ".join(read_sweep(name).about.split())
        sections.append(f"## {name}\n\n{about}\n\nNot testable yet: no rows are committed.\n")
    return "\n".join([HEAD, *sections])


def _section(outcome: Outcome) -> str:
    rows, done = outcome.trials, outcome.done
    epochs = sorted(set(rows["epochs"].dropna().astype(int)))
    wanted = sorted({int(cell.get("epochs") or 0) for cell in read_sweep(outcome.sweep.name).cells})
    lines = [
        f"## {outcome.sweep.name}",
        "",
        f"{len(rows)} trials ({len(done)} done), epochs {_listed(epochs)} (as shipped: "
        f"{_listed(wanted)}), trained on {_listed(sorted(set(rows['device'].dropna())))}.",
        "",
    ]
    table = claims(outcome.sweep.name, done, outcome.panel)
    if len(table):
        lines += ["| claim | measured | verdict |", "|---|---|---|"]
        lines += [f"| {' | '.join(map(str, row))} |" for row in table.itertuples(index=False)]
        lines.append("")
    return "\n".join(lines)


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(str, values))


if __name__ == "__main__":
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "claims.md"
    file.write_text(page(), encoding="utf-8")
