"""Named random streams: every random number is a function of (seed, purpose), never of history.

A trial's weights, batch order, binarisation and noise are each drawn from a generator named by what
they are for and, where it applies, the epoch.  So a run can start at any epoch, and the members of
a pack that share a seed share their noise (common random numbers).
"""

import hashlib

import torch


def stream(seed: int, *purpose: str | int, device: str | torch.device = "cpu") -> torch.Generator:
    """A generator for one purpose; equal arguments give equal streams on one kind of device.

    >>> a, b = stream(0, "noise", 3), stream(0, "noise", 3)
    >>> bool((torch.rand(5, generator=a) == torch.rand(5, generator=b)).all())
    True
    """
    name = "/".join(map(str, (seed, *purpose)))
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1
    return torch.Generator(device).manual_seed(number)
