"""The pictures of the README and of the claims, from the committed results.

python docs/picture.py [FILE]

A FILE named ``whitening.png`` is the picture of the claims, any other the README's; without a FILE
both are written.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from sweeps.figures.style import montage, panels, show_picture, styled
from sweeps.figures.tradeoffs import by_latent_dimension
from sweeps.results.outcome import Outcome, read_outcome
from sweeps.results.stored import stored_sweep

HERE = Path(__file__).parent
ACROSS = 16  # images in a row


@styled
def draw(file: Path) -> None:
    """Write the figure that the report calls "Size of the code", or that of the claims."""
    name = "whitening" if file.stem == "whitening" else "logit_normal"
    outcome = read_outcome(*stored_sweep(name, str(HERE.parent / "results")))
    figure = whitening(outcome) if name == "whitening" else by_latent_dimension(outcome)
    assert figure is not None
    figure.savefig(file, dpi=150, facecolor="white", metadata={"Software": None})


def whitening(outcome: Outcome) -> Figure:
    """Test images, reconstructions and draws of the network and its controls, seed 0."""
    trained = outcome.done[(outcome.done["epochs"] >= 150) & (outcome.done["seed"] == 0)]
    found = outcome.with_arrays(trained.sort_values(["cell", "trial_id"]), "prior", 4)
    figure, axes = panels(len(found), 1, height=1.35, width=5.4)
    for (row, arrays), ax in zip(found, axes[:, 0], strict=True):
        both = arrays["reconstructions"][:, :ACROSS]
        draws = arrays["prior"][: 2 * ACROSS].reshape(2, ACROSS, *both.shape[2:])
        show_picture(ax, montage(np.concatenate([both, draws])), f"{row['label']}, seed 0")
        height = both.shape[-1] + 1
        names = ["test images", "reconstructed", "drawn", "drawn"]
        ax.set_yticks([(n + 0.5) * height for n in range(4)], names, fontsize=7)
        ax.tick_params(length=0)
    return figure


if __name__ == "__main__":
    shown = [Path(sys.argv[1])] if len(sys.argv) > 1 else []
    for path in shown or [HERE / "logit_normal.png", HERE / "whitening.png"]:
        draw(path)
