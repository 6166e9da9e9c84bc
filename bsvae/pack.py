"""Many trials stacked into one program.

Members of a pack share everything in their fusion key and may differ in seed, latent dimension,
prior, temperatures, KL weight and learning rate.  Each starts from its own seed's weights at its
own shapes, padded with zeros to the widest code, and sees its own seed's batches and noise; losses
are summed over members, so no gradient crosses from one to another, and a trial's result does not
depend on the pack it ran in.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from bsvae.families import Family, family
from bsvae.latents import Bernoulli, BinaryConcrete, Categorical, Concrete, Latent
from bsvae.latents.members import Members
from bsvae.networks import Conv, Parameters
from bsvae.seeds import Seeds
from bsvae.streams import stream
from bsvae.trial import MEMBER_FIELDS, BadInput, Trial

#: Noise is drawn in blocks of this many columns, each with its own stream, whatever the pack's
#: width: so the noise of a coordinate does not depend on the members beside it.
NOISE_BLOCK = 64

#: On a CPU, the members' weights together are to be no more than this many numbers.
CPU_PACK_PARAMETERS = 12_000_000
CPU_PACK_LIMIT = 16
GPU_PACK_LIMIT = 256


@dataclass(frozen=True)
class Pack:
    """M stacked trials: their parts, their per-member numbers, their weights (M, ...)."""

    trials: tuple[Trial, ...]
    parts: Family
    members: Members
    parameters: Parameters

    @classmethod
    def of(cls, trials: Sequence[Trial], device: str | torch.device = "cpu") -> "Pack":
        """Stack trials of one fusion key, each at its starting weights.

        Raises:
            BadInput: for no trials, or trials whose fusion keys differ.
        """
        if len({trial.fusion_key for trial in trials}) != 1:
            raise BadInput(f"{len(trials)} trials with different fusion keys: a pack has one")
        initial = [initial_weights(trial) for trial in trials]
        parameters = {
            name: stack_padded([weights[name] for weights in initial]).to(device).requires_grad_()
            for name in initial[0]
        }
        return cls(tuple(trials), family(trials[0]), Members.of(trials, device), parameters)

    @property
    def width(self) -> int:
        """L, the widest member's latent dimension."""
        return self.members.mask.shape[-1]

    @functools.cached_property
    def seeds(self) -> Seeds:
        """The members' seeds."""
        return Seeds.of(self.trials, self.members.mask.device)

    def keep(self, members: Sequence[int]) -> "Pack":
        """Some members, with their weights as they are and padded as they were."""
        rows = torch.tensor(members, device=self.members.mask.device)
        parameters = {
            name: weight.detach().index_select(0, rows).requires_grad_()
            for name, weight in self.parameters.items()
        }
        trials = tuple(self.trials[member] for member in members)
        return Pack(trials, self.parts, self.members.keep(members), parameters)

    def noise(self, *purpose: str | int) -> "Noise":
        """The noise that the members see for one purpose, each its own seed's."""
        return Noise(self.parts.latent, self.width, self.seeds, *purpose)

    def measure(self, x: Tensor, target: Tensor, noise: Tensor) -> dict[str, Tensor]:
        """What a batch shows, averaged over S draws of z per image, (M, B) each.

        Args:
            x: what the encoder sees, (B, D), or (M, B, D) where members see their own images.
            target: what is to be predicted, shaped alike.
            noise: the latent's noise, (S * B, L) or (M, S * B, L): one encoder pass serves all
                draws.

        Returns:
            ``distortion`` = -ln p(target|z) and ``kl`` = KL(q(z|x) || p(z)), nats; for targets that
            are not binary also ``mse`` and ``mae``, the mean over pixels of the squared and of the
            absolute difference between target and E[x|z].
        """
        parts, members = self.parts, self.members
        draws = noise.shape[-2] // x.shape[-2]
        raw = parts.network.encode(self.parameters, x)
        if draws > 1:
            raw = raw.repeat(1, draws, 1, 1)  # S * B rows
            target = torch.cat([target] * draws, dim=-2)
        y = parts.latent.sample(raw, noise, members)
        decoded = parts.network.decode(self.parameters, parts.latent.decoder_input(y, members))
        measured = {
            "distortion": -parts.likelihood(decoded, target),
            "kl": parts.latent.kl(y, raw, members),
        }
        if parts.pixels != "binary":
            error = parts.mean(decoded.detach()) - target
            measured |= {"mse": error.square().mean(-1), "mae": error.abs().mean(-1)}
        if draws == 1:
            return measured
        return {name: values.unflatten(1, (draws, -1)).mean(1) for name, values in measured.items()}

    @torch.no_grad()
    def solve(self, x: Tensor) -> None:
        """Set the weights to their closed-form optimum on training inputs (N, D)."""
        if self.parts.solve is None:
            raise ValueError(f"family {self.trials[0].family!r} has no closed form")
        members = self.parts.solve(x, [trial.latent_dim for trial in self.trials])
        for name, weight in self.parameters.items():
            weight.copy_(stack_padded([member[name] for member in members]))


def initial_weights(trial: Trial) -> Parameters:
    """One trial's starting weights at its own shapes: a function of the trial alone."""
    parts = family(trial)
    weights = stream(trial.seed, "weights")
    return parts.network.initial(trial.latent_dim, parts.latent.heads, weights)


def count_parameters(trial: Trial) -> int:
    """Trainable numbers of one trial, without padding.

    >>> count_parameters(Trial(family="gaussian", dataset="digits", latent_dim=2, hidden=10))
    1648
    """
    shape = tuple((k, v) for k, v in trial.as_dict().items() if k not in _SHAPELESS)
    return _count(shape)


#: Fields that no shape depends on beside the others.
_SHAPELESS = MEMBER_FIELDS - {"latent_dim"}


@functools.lru_cache(maxsize=4096)
def _count(shape: tuple[tuple[str, Any], ...]) -> int:
    with torch.device("meta"):
        weights = initial_weights(Trial.resolved(dict(shape) | {"seed": 0}))
    return sum(weight.numel() for weight in weights.values())


def stack_padded(tensors: Sequence[Tensor]) -> Tensor:
    """Stack tensors of one rank on a new first axis, zeros appended up to the largest shape.

    >>> stack_padded([torch.ones(1), torch.ones(2)]).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    largest = [max(sizes) for sizes in zip(*(t.shape for t in tensors), strict=True)]

    def pad(tensor: Tensor) -> Tensor:
        gaps = [big - own for big, own in zip(largest, tensor.shape, strict=True)]
        return F.pad(tensor, [n for gap in reversed(gaps) for n in (0, gap)])

    return torch.stack([pad(tensor) for tensor in tensors])


class Noise:
    """A latent's parameter-free noise for one purpose, the same whatever pack asks for it.

    >>> from bsvae.latents import Gaussian
    >>> trials = [Trial(family="gaussian", latent_dim=2, seed=seed) for seed in (0, 1)]
    >>> one, both = Seeds.of(trials[:1]), Seeds.of(trials)
    >>> narrow, wide = Noise(Gaussian(), 2, one, "example"), Noise(Gaussian(), 100, both, "example")
    >>> bool((narrow.draw(3) == wide.draw(3)[0, :, :2]).all())
    True
    """

    def __init__(self, latent: Latent, width: int, seeds: Seeds, *purpose: str | int) -> None:
        self.latent = latent
        self.width = width
        self.seeds = seeds
        device, blocks = seeds.places.device, range(-(-width // NOISE_BLOCK))
        streams = [seeds.streams(*purpose, block, device=device) for block in blocks]
        self.streams = list(zip(*streams, strict=True))  # of each seed, block by block

    def draw(self, rows: int) -> Tensor:
        """The next (rows, width) of noise, or of members with several seeds (M, rows, width)."""
        return self.seeds.spread([self._drawn(rows, streams) for streams in self.streams])

    def _drawn(self, rows: int, streams: Sequence[torch.Generator]) -> Tensor:
        blocks = [self.latent.draw_noise(rows, NOISE_BLOCK, block) for block in streams]
        return torch.cat(blocks, dim=1)[:, : self.width]


def suggested_size(trial: Trial, device: str | torch.device = "cpu") -> int:
    """Members to train together: as many as share the device with profit.

    A GPU is filled; on a CPU members gain by sharing the batch and the overhead of each step, small
    models more than large ones, while a convolutional one's products already fill a core.
    """
    if torch.device(device).type == "cuda":
        return GPU_PACK_LIMIT
    if isinstance(family(trial).network, Conv):
        return 1
    return max(1, min(CPU_PACK_LIMIT, CPU_PACK_PARAMETERS // count_parameters(trial)))


def discretised(pack: Pack) -> Pack | None:
    """The pack with one-hot or binary codes in place of relaxed ones; None if not relaxed.

    Source: Maddison et al. (2016), section 4 ("the discrete graph"), as cited by "Project AI:
    Discrete Variational Autoencoders with Logit-normals".

    >>> trial = Trial(family="concrete", dataset="digits", categoricals=2, classes=4, hidden=8)
    >>> type(discretised(Pack.of([trial])).parts.latent).__name__
    'Categorical'
    """
    latent: Latent
    match pack.parts.latent:
        case Concrete() as concrete:
            latent = Categorical(concrete.categoricals)
        case BinaryConcrete():
            latent = Bernoulli()
        case _:
            return None
    return replace(pack, parts=replace(pack.parts, latent=latent))
