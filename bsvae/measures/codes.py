"""What the codes of a trained pack say about the images: pure functions, (M,) results.

The code of an image is the center of its posterior, without noise, in the latent's `units`.  No
class label was used in training.
"""

import warnings

import torch
from torch import Tensor

from bsvae.datasets import Data
from bsvae.images import as_numbers, evaluated
from bsvae.pack import Pack

#: Images taken for the classifiers, evenly spaced in their set.
TRAIN_CODES = 5000
TEST_CODES = 2000
NEIGHBOURS = 5
CHUNK = 1000
ACTIVE_COVARIANCE = 1e-2


def read(pack: Pack, data: Data, part: str, count: int | None = None) -> Tensor:
    """Images of the ``train`` or ``test`` part as the family reads them, evenly spaced, (N, D)."""
    stored = evaluated(pack.parts, data, part)
    return as_numbers(pack.parts, stored if count is None else evenly(stored, count))


def references(pack: Pack, data: Data, part: str, count: int | None = None) -> Tensor:
    """The same images to compare pixel means with: grey where the family reads binary ones."""
    if pack.parts.pixels != "binary":
        return read(pack, data, part, count)
    stored = getattr(data, part)
    return (stored if count is None else evenly(stored, count)) / 255


@torch.no_grad()
def centers(pack: Pack, x: Tensor) -> Tensor:
    """The centers y of the posteriors of images, (B, D) or (M, B, D): (M, B, L)."""
    raw = pack.parts.network.encode(pack.parameters, x)
    return pack.parts.latent.center(raw, pack.members)


@torch.no_grad()
def pixel_means(pack: Pack, y: Tensor) -> Tensor:
    """What the decoder makes of codes y (M, B, L): the mean of each pixel, (M, B, D)."""
    z = pack.parts.latent.decoder_input(y, pack.members)
    return pack.parts.mean(pack.parts.network.decode(pack.parameters, z))


def codes(pack: Pack, images: Tensor) -> Tensor:
    """The codes of images (N, D) in the latent's `units`, (M, N, L), zero at padding."""
    latent, members = pack.parts.latent, pack.members
    chunks = (centers(pack, x) for x in images.split(CHUNK))
    return torch.cat([latent.units(y, members) for y in chunks], dim=1)


def active_units(pack: Pack, images: Tensor) -> Tensor:
    """Units u with Cov_x(E_q[u]) > 0.01, counted, (M,); u in the latent's `units`.

    Source: Burda et al. (2015), section 5.2.
    """
    return (codes(pack, images).double().var(1) > ACTIVE_COVARIANCE).sum(-1)


def evenly(images: Tensor, count: int) -> Tensor:
    """At most ``count`` rows, evenly spaced: MNIST's first 5,000 test images are the easier ones.

    >>> evenly(torch.arange(10), 4).tolist(), evenly(torch.arange(3), 4).tolist()
    ([0, 2, 5, 7], [0, 1, 2])
    """
    count = min(count, len(images))
    return images[torch.arange(count, device=images.device) * len(images) // count]


def class_accuracies(pack: Pack, data: Data) -> dict[str, Tensor]:
    """How well the classes are told apart by codes: training codes teach, test codes ask.

    Returns:
        ``knn_accuracy``, by vote of the 5 nearest of 5,000 training codes, and ``probe_accuracy``,
        by logistic regression on the same; both on 2,000 test codes (fewer where a set has fewer),
        each (M,) in 0 to 1.

    Source: "Project AI: Discrete Variational Autoencoders with Logit-normals", section 3 ("check
    if it is clustered in the required clusters").
    """
    train = codes(pack, read(pack, data, "train", TRAIN_CODES))
    test = codes(pack, read(pack, data, "test", TEST_CODES))
    train_labels = evenly(data.train_labels, TRAIN_CODES)
    test_labels = evenly(data.test_labels, TEST_CODES)
    widths = [trial.latent_dim for trial in pack.trials]
    pairs = [(a[:, :d], b[:, :d]) for a, b, d in zip(train, test, widths, strict=True)]
    knn = [_share(neighbour_vote(a, train_labels, b), test_labels) for a, b in pairs]
    probe = [_share(linear_probe(a, train_labels, b), test_labels) for a, b in pairs]
    return {"knn_accuracy": torch.tensor(knn), "probe_accuracy": torch.tensor(probe)}


def neighbour_vote(train: Tensor, labels: Tensor, test: Tensor) -> Tensor:
    """The commonest label among the nearest training codes; among equals the smallest label.

    >>> train = torch.tensor([[0.0], [0.1], [0.2], [5.0], [5.1]])
    >>> labels = torch.tensor([1, 1, 1, 2, 2])
    >>> neighbour_vote(train, labels, torch.tensor([[0.0]])).tolist()
    [1]
    """
    nearest = torch.cdist(test, train).topk(min(NEIGHBOURS, len(train)), largest=False).indices
    return labels[nearest].mode(-1).values


def linear_probe(train: Tensor, labels: Tensor, test: Tensor) -> Tensor:
    """Labels by multinomial logistic regression on standardised codes; -1 for codes not finite."""
    from sklearn.exceptions import ConvergenceWarning  # not before training: it imports slowly
    from sklearn.linear_model import LogisticRegression

    if not (train.isfinite().all() and test.isfinite().all()):
        return torch.full((len(test),), -1, device=test.device)
    mean, scale = train.mean(0), train.std(0).clamp_min(1e-6)
    probe = LogisticRegression(tol=1e-2, max_iter=100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        probe.fit(((train - mean) / scale).cpu().numpy(), labels.cpu().numpy())
    predicted = probe.predict(((test - mean) / scale).cpu().numpy())
    return torch.from_numpy(predicted).to(test.device)


def _share(predicted: Tensor, labels: Tensor) -> float:
    return (predicted == labels).double().mean().item()
