"""Whether what is going to be trained on is there, asked before anything is trained."""

from sweeps.definition.sweep import Sweep


def datasets(sweep: Sweep) -> list[str]:
    """The data sets that a sweep names, in the order of its file."""
    return list(dict.fromkeys(cell["dataset"] for cell in sweep.cells))


def check_data(sweep: Sweep, folder: str | None, download: bool = True) -> None:
    """Read all of it, as training will.

    Args:
        sweep: what names it.
        folder: the data folder, as given to `bsvae.datasets.load`.
        download: fetch what no folder was named for and is not there; else that is left out.

    Raises:
        BadInput: if a data set is missing or damaged.
    """
    from bsvae.datasets import TORCHVISION_NAMES, data_root, load

    for name in datasets(sweep):
        if name in TORCHVISION_NAMES:
            root, fetched = data_root(folder)
            if fetched and not download and not (root / TORCHVISION_NAMES[name] / "raw").is_dir():
                continue
        load(name, folder)
