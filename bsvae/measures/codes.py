"""What the codes of a trained pack say about the images: pure functions, (M,) results.

The code of an image is the center of its posterior, without noise, in the latent's `units`.  No
class label was used in training.
"""

import warnings
from collections.abc import Sequence

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
    """Images of the ``train``, ``valid`` or ``test`` part as the family reads them, (N, D), evenly
    spaced where only some are asked for."""
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


def class_accuracies(pack: Pack, data: Data, parts: Sequence[str] = ("test",)) -> dict[str, Tensor]:
    """How well the classes are told apart by codes: training codes teach, those of a part ask.

    Returns:
        ``test_knn_accuracy``, by vote of the 5 nearest of 5,000 training codes, and
        ``test_probe_accuracy``, by logistic regression on the same; both on 2,000 test codes (fewer
        where a set has fewer), each (M,) in 0 to 1; and so for every other of the parts.

    Source: "Project AI: Discrete Variational Autoencoders with Logit-normals", section 3 ("check
    if it is clustered in the required clusters").
    """
    teach = codes(pack, read(pack, data, "train", TRAIN_CODES))
    labels = evenly(data.train_labels, TRAIN_CODES)
    ask = torch.cat([codes(pack, read(pack, data, part, TEST_CODES)) for part in parts], dim=1)
    truth = {part: evenly(getattr(data, f"{part}_labels"), TEST_CODES) for part in parts}
    sizes = [len(truth[part]) for part in parts]
    columns: dict[str, list[float]] = {}
    for member, trial in enumerate(pack.trials):
        known, new = (side[member, :, : trial.latent_dim] for side in (teach, ask))
        for name, classify in (("knn", neighbour_vote), ("probe", linear_probe)):
            predicted = classify(known, labels, new).split(sizes)
            for part, answers in zip(parts, predicted, strict=True):
                share = _share(answers, truth[part])
                columns.setdefault(f"{part}_{name}_accuracy", []).append(share)
    return {name: torch.tensor(shares) for name, shares in columns.items()}


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
    if len(labels.unique()) == 1:
        return labels[:1].expand(len(test))
    mean, scale = train.mean(0), train.std(0).clamp_min(1e-6)
    probe = LogisticRegression(tol=1e-2, max_iter=100)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        probe.fit(((train - mean) / scale).cpu().numpy(), labels.cpu().numpy())
    predicted = probe.predict(((test - mean) / scale).cpu().numpy())
    return torch.from_numpy(predicted).to(test.device)


def _share(predicted: Tensor, labels: Tensor) -> float:
    return (predicted == labels).double().mean().item()
