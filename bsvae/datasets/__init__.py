"""Image data sets as uint8 tensors on one device; no loader, batches are taken by index.

`digits` is bundled with scikit-learn; `mnist` and `fashion_mnist` come through torchvision, from a
given folder or downloaded to a cache; `four_images` is generated.  Pixels stay uint8, but for
`four_images`, which are real; `bsvae.images` says how they become what a model sees.
"""

import hashlib
import os
from dataclasses import dataclass, replace
from http.client import HTTPException
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from torch import Tensor

from bsvae.datasets.idx import found, idx_header, read_idx
from bsvae.streams import stream
from bsvae.trial import DATASETS, BadInput, unknown

TORCHVISION_NAMES = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST"}

#: SHA-256 of the MNIST files, unpacked; Fashion-MNIST is checked by header and size, and for not
#: being MNIST.
MNIST_CHECKSUMS = {
    "train-images": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

CLASSES = 10
#: Share of images of one colour that a data set can have.
LARGEST_BLANK = 0.01


@dataclass(frozen=True)
class Data:
    """A data set on one device; `four_images` are float32, and serve as their own binary copies.

    Attributes:
        name: the data set's name.
        train: training images, uint8, (N, D) with D = C * H * W.
        test: test images, uint8, (N', D).
        train_binary: the training images binarised once, for evaluation, uint8 0 or 1, (N, D).
        test_binary: the test images binarised once, for evaluation, uint8 0 or 1, (N', D).
        train_labels: classes, int64, (N,); never used in training.
        test_labels: classes, int64, (N',).
        valid: held-out training images, uint8, (N", D); none before `split`.
        valid_binary: the same images of the binarised training set, uint8 0 or 1, (N", D).
        valid_labels: their classes, int64, (N",).
    """

    name: str
    train: Tensor
    test: Tensor
    train_binary: Tensor
    test_binary: Tensor
    train_labels: Tensor
    test_labels: Tensor
    valid: Tensor
    valid_binary: Tensor
    valid_labels: Tensor

    @property
    def device(self) -> torch.device:
        """Where the images are, and so where models are trained on them."""
        return self.train.device

    def split(self, validation: int | None) -> "Data":
        """The same data with some training images held out; the test set is what it was.

        Held out are the first so many of one fixed random order of the training set, so that a
        smaller held-out set is the beginning of a larger one; what is left keeps its order.
        An image's binary copy is the same wherever it goes.

        Args:
            validation: how many; None for none.

        Raises:
            ValueError: if these data are already split otherwise, or have no more images.

        >>> data = load("digits").split(300)
        >>> len(data.train), len(data.valid), len(data.test)
        (1200, 300, 297)
        """
        count = validation or 0
        if len(self.valid) == count:
            return self
        if len(self.valid) or not 0 < count < len(self.train):
            raise ValueError(
                f"validation = {count}: {len(self.valid)} held out, {len(self.train)} to train on"
            )
        order = torch.randperm(len(self.train), generator=stream(0, "validation", self.name))
        held_out, rest = order[:count].to(self.device), order[count:].sort().values.to(self.device)
        parts = ("", "_binary", "_labels")
        whole = {part: getattr(self, f"train{part}") for part in parts}
        valid = {f"valid{part}": images[held_out] for part, images in whole.items()}
        return replace(self, **valid, **{f"train{part}": whole[part][rest] for part in parts})


def load(name: str, folder: str | Path | None = None, device: str | torch.device = "cpu") -> Data:
    """Load a data set whole.

    Args:
        name: ``digits``, ``mnist``, ``fashion_mnist`` or ``four_images``.
        folder: where torchvision's layout is found (``FOLDER/MNIST/raw/...``).  Default: the
            environment variable ``BSVAE_DATA``; without it, a cache folder that torchvision
            downloads to.
        device: where the tensors go.

    Raises:
        BadInput: for an unknown name, a missing folder, or a file that is truncated, has a wrong
            magic number or a wrong checksum, blank images or labels of no class.

    >>> data = load("digits")
    >>> tuple(data.train.shape), data.train.dtype, int(data.train.max())
    ((1500, 64), torch.uint8, 255)
    """
    if name not in DATASETS:
        raise BadInput(unknown("dataset", name, DATASETS))
    match name:
        case "digits":
            train, train_labels, test, test_labels = _digits()
        case "four_images":
            train, train_labels, test, test_labels = _four_images()
        case _:
            train, train_labels, test, test_labels = _torchvision(TORCHVISION_NAMES[name], folder)
    if train.is_floating_point():
        binary = [train, test]
    else:
        binary = [binarise(train, stream(0, "train set")), binarise(test, stream(0, "test set"))]
    none = (images[:0] for images in (train, binary[0], train_labels))
    tensors = (train, test, *binary, train_labels, test_labels, *none)
    return Data(name, *(tensor.to(device) for tensor in tensors))


def binarise(images: Tensor, generator: torch.Generator) -> Tensor:
    """Draw each pixel from a Bernoulli distribution of its intensity: P(1) = pixel / 255, exactly.

    A threshold uniform on 0..254 lies below a pixel of value v with probability v / 255.

    Source: Salakhutdinov & Murray (2008), as cited by "Project AI: Discrete Variational
    Autoencoders with Logit-normals", section 4.

    >>> grey = torch.tensor([[0, 255, 51]], dtype=torch.uint8).expand(20_000, 3)
    >>> binary = binarise(grey, torch.Generator().manual_seed(0))
    >>> [round(p, 2) for p in binary.float().mean(0).tolist()]
    [0.0, 1.0, 0.2]
    """
    threshold = torch.randint(
        0, 255, images.shape, generator=generator, dtype=torch.uint8, device=images.device
    )
    return (images > threshold).to(torch.uint8)


def _digits() -> tuple[Tensor, ...]:
    from sklearn.datasets import load_digits

    grey, digits = map(np.asarray, load_digits(return_X_y=True))
    images = torch.from_numpy(np.rint(grey * (255 / 16)).astype(np.uint8))
    labels = torch.from_numpy(digits.astype(np.int64))
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    train, test = order[: DATASETS["digits"].train], order[DATASETS["digits"].train :]
    return images[train], labels[train], images[test], labels[test]


def _four_images() -> tuple[Tensor, ...]:
    """16 noisy copies of each of four 3 x 3 patterns, normalised per pixel.

    Noise has standard deviation 0.1; mean and standard deviation of each pixel are those of the
    training images.

    Source: the data set FourSmallImages of numpy-neural-network, which "Variational Autoencoder
    (VAE)" trains on.
    """
    drawings = ("111101111", "010111010", "101010101", "010101010")  # ring, plus, X, diamond
    patterns = torch.tensor([[float(pixel) for pixel in drawing] for drawing in drawings])
    labels = torch.arange(len(patterns)).repeat_interleave(16)
    images = patterns[labels] + 0.1 * torch.randn(64, 9, generator=stream(0, "four images"))
    order = torch.randperm(64, generator=stream(0, "four images", "order"))
    train, test = order[: DATASETS["four_images"].train], order[DATASETS["four_images"].train :]
    mean, spread = images[train].mean(0), images[train].std(0)
    images = (images - mean) / spread
    return images[train], labels[train], images[test], labels[test]


def _torchvision(name: str, folder: str | Path | None) -> tuple[Tensor, ...]:
    root, download = data_root(folder)
    raw = root / name / "raw"
    if not download and not raw.is_dir():
        raise BadInput(
            f"no {name} in {root}: expected {raw}/train-images-idx3-ubyte and three more; "
            "give another folder with --data or BSVAE_DATA, or neither to download"
        )
    if download:
        _download(root, name)
    return tuple(
        torch.from_numpy(_items(raw, name, f"{part}-{kind}", count))
        for part, count in (("train", DATASETS["mnist"].train), ("t10k", DATASETS["mnist"].test))
        for kind in ("images", "labels")
    )


def _items(raw: Path, name: str, part: str, count: int) -> np.ndarray:
    """One file of MNIST or Fashion-MNIST: images, (N, 784), or labels, int64, (N,)."""
    images = part.endswith("images")
    file = raw / f"{part}-idx{3 if images else 1}-ubyte"
    items = read_idx(file, (count, 28, 28) if images else (count,))
    file, digest = found(file), hashlib.sha256(idx_header(items.shape))
    digest.update(items.data)
    if name == "MNIST" and digest.hexdigest() != MNIST_CHECKSUMS[part]:
        raise BadInput(f"{file}: wrong checksum: it is damaged; delete it and fetch it again")
    if name != "MNIST" and digest.hexdigest() in MNIST_CHECKSUMS.values():
        raise BadInput(
            f"{file} is MNIST's, not {name}'s: fetch {name} there, or ask for dataset 'mnist'"
        )
    items = items.reshape(count, -1) if images else items.astype(np.int64)
    if problem := _no_images(items) if images else _no_labels(items):
        raise BadInput(f"{file}: {problem}: this is not {name}; fetch it again")
    return items


def _no_images(items: np.ndarray) -> str:
    """What is wrong with images (N, D) that nothing can be learned from; empty if nothing is."""
    blank = int((items == items[:, :1]).all(1).sum())
    if blank > LARGEST_BLANK * len(items):
        return f"{blank} of its {len(items)} images are blank"
    return "all its images are the same" if (items == items[0]).all() else ""


def _no_labels(items: np.ndarray) -> str:
    """What is wrong with labels (N,); empty if nothing is."""
    if items.max() >= CLASSES:
        return f"its label {items.max()} is none of 0 to {CLASSES - 1}"
    return f"all its labels are {items[0]}" if (items == items[0]).all() else ""


def data_root(folder: str | Path | None = None) -> tuple[Path, bool]:
    """The folder that holds the data sets, and whether to download what it lacks.

    Raises:
        BadInput: if a folder is given, by argument or ``BSVAE_DATA``, that does not exist.
    """
    given = folder or os.environ.get("BSVAE_DATA")
    if given:
        root = Path(given).expanduser()
        if not root.is_dir():
            problem = "is not a folder" if root.exists() else "does not exist"
            raise BadInput(
                f"data folder {str(root)!r} {problem}: give an existing one with --data or "
                "BSVAE_DATA, or neither to download"
            )
        return root, False
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "bsvae", True


def _download(root: Path, name: str) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
        getattr(torchvision_datasets(), name)(root, download=True)
    except (OSError, RuntimeError, HTTPException) as error:
        reason = " ".join(f"{type(error).__name__} {error}".split())[:200]
        raise BadInput(
            f"could not download {name} to {root} ({reason}): "
            "fetch it elsewhere and give its folder with --data or BSVAE_DATA"
        ) from error


def torchvision_datasets() -> ModuleType:
    """Import torchvision's data sets, also beside a torch that its compiled operators do not fit.

    torchvision registers fake kernels for two of its operators when imported, which fails where its
    binary library did not load: a CPU build of torch with the wheel from PyPI.  Only the data sets
    are used here, so declaring the schemas of the two operators is enough.
    """
    try:
        from torchvision import datasets
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        boxes = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        torch.library.define("torchvision::nms", boxes)
        torch.library.define("torchvision::qnms", boxes)
        from torchvision import datasets
    return datasets
