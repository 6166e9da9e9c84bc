"""What differs between the members of a pack, as tensors that broadcast over (M, B, L)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from bsvae.trial import Trial


@dataclass(frozen=True)
class Members:
    """Per-member numbers of M stacked trials whose codes are padded to a common width L.

    Attributes:
        mask: True where a latent coordinate exists, False where it is padding, (M, 1, L).
        prior_scale: alpha of the prior N(0, alpha I), (M, 1, 1); 1 where a family has none.
        posterior_temperature: lambda_1, (M, 1, 1).
        prior_temperature: lambda_2, (M, 1, 1).
        kl_weight: beta of the KL in nats, (M,); 1 where a family has no KL.
    """

    mask: Tensor
    prior_scale: Tensor
    posterior_temperature: Tensor
    prior_temperature: Tensor
    kl_weight: Tensor

    @classmethod
    def of(
        cls, trials: Sequence[Trial], device: str | torch.device = "cpu", width: int = 0
    ) -> "Members":
        """Stack the per-member fields of some trials, padded to the widest or wider.

        >>> trials = [Trial(family="gaussian", latent_dim=d) for d in (1, 3)]
        >>> Members.of(trials).mask.int().tolist()
        [[[1, 0, 0]], [[1, 1, 1]]]
        """

        def column(name: str) -> Tensor:
            values = [getattr(trial, name) for trial in trials]
            floats = [1.0 if value is None else value for value in values]
            return torch.tensor(floats, device=device)

        sizes = torch.tensor([trial.latent_dim for trial in trials], device=device)
        width = max(width, *(trial.latent_dim for trial in trials))
        return cls(
            mask=(torch.arange(width, device=device) < sizes[:, None])[:, None, :],
            prior_scale=column("prior_scale")[:, None, None],
            posterior_temperature=column("posterior_temperature")[:, None, None],
            prior_temperature=column("prior_temperature")[:, None, None],
            kl_weight=column("beta"),
        )

    def keep(self, members: Sequence[int]) -> "Members":
        """The numbers of some members, padded as they were."""
        rows = torch.tensor(members, device=self.mask.device)
        columns = {field.name: getattr(self, field.name) for field in fields(self)}
        return Members(**{name: values.index_select(0, rows) for name, values in columns.items()})
