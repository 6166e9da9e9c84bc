"""What changes from epoch to epoch: pure functions of (trial, epoch), epochs counted from 1.

Only training sees scheduled values; every evaluation uses the final temperature.
"""

from dataclasses import replace

import torch

from bsvae.pack import Pack
from bsvae.trial import Trial


def at_epoch(pack: Pack, epoch: int) -> Pack:
    """The same pack, weights shared, with its members' numbers as they are in one epoch."""
    members = pack.members
    temperatures = [posterior_temperature(trial, epoch) for trial in pack.trials]
    weights = [kl_weight(trial, epoch) for trial in pack.trials]
    device = members.mask.device
    scheduled = replace(
        members,
        posterior_temperature=torch.tensor(temperatures, device=device)[:, None, None],
        kl_weight=torch.tensor(weights, device=device),
    )
    return replace(pack, members=scheduled)


def progress(epoch: int, epochs: int) -> float:
    """How far a schedule over some epochs is at the start of one of them, 0 to 1.

    >>> [progress(epoch, 4) for epoch in (1, 2, 3, 4, 5, 6)], progress(1, 0)
    ([0.0, 0.25, 0.5, 0.75, 1.0, 1.0], 1.0)
    """
    return min(1.0, (epoch - 1) / epochs) if epochs else 1.0


def kl_weight(trial: Trial, epoch: int) -> float:
    """The KL weight in one epoch: beta * progress, rising from 0 (KL warm-up).

    >>> trial = Trial(family="gaussian", latent_dim=2, kl_weight=0.5, kl_warmup=2)
    >>> [kl_weight(trial, epoch) for epoch in (1, 2, 3, 4)]
    [0.0, 0.25, 0.5, 0.5]
    """
    return (trial.beta or 0.0) * progress(epoch, trial.kl_warmup or 0)


def posterior_temperature(trial: Trial, epoch: int) -> float:
    """lambda_1 in one epoch, geometrically from its initial to its final value; 1 where unused:

        lambda_1 = initial^(1 - progress) * final^progress.

    >>> trial = Trial(family="concrete", latent_dim=8, posterior_temperature=0.25,
    ...               initial_temperature=1.0, anneal_epochs=2)
    >>> [posterior_temperature(trial, epoch) for epoch in (1, 2, 3, 4)]
    [1.0, 0.5, 0.25, 0.25]
    """
    if trial.posterior_temperature is None:
        return 1.0
    final, initial = trial.posterior_temperature, trial.initial_temperature
    if initial is None:
        return final
    done = progress(epoch, trial.anneal_epochs or 0)
    return final if done == 1 else initial * (final / initial) ** done
