"""The picture of the README, from the committed results of `logit_normal`.

python docs/picture.py [FILE]
"""

import sys
from pathlib import Path

from sweeps.figures.style import styled
from sweeps.figures.tradeoffs import by_latent_dimension
from sweeps.results.outcome import read_outcome
from sweeps.results.stored import stored_sweep

HERE = Path(__file__).parent


@styled
def draw(file: Path) -> None:
    """Write the figure that the report calls "Size of the code"."""
    outcome = read_outcome(*stored_sweep("logit_normal", str(HERE.parent / "results")))
    figure = by_latent_dimension(outcome)
    assert figure is not None
    figure.savefig(file, dpi=150, facecolor="white", metadata={"Software": None})


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "logit_normal.png")
