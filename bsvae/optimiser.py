"""Adam over stacked parameters: one learning rate per member, members can leave."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor
from torch.optim.adam import adam


class Adam:
    """Adam (Kingma & Ba, 2014) on parameters (M, ...), in torch's fused kernel.

    Neighbouring members with the same learning rate are updated together, so a pack with one
    learning rate costs one pass over its memory.
    """

    def __init__(
        self, parameters: Iterable[Tensor], learning_rates: Sequence[float], eps: float = 1e-8
    ) -> None:
        self.parameters = list(parameters)
        self.learning_rates = list(learning_rates)
        self.eps = eps
        self.steps = 0
        self.first = [torch.zeros_like(p) for p in self.parameters]
        self.second = [torch.zeros_like(p) for p in self.parameters]
        self._group()

    def keep(self, parameters: Iterable[Tensor], members: Sequence[int]) -> "Adam":
        """The same optimiser for some of its members.

        Args:
            parameters: the weights of those members.
            members: which they were.
        """
        kept = Adam(parameters, [self.learning_rates[member] for member in members], self.eps)
        rows = torch.tensor(members, device=kept.parameters[0].device)
        first, second = (
            [moment.index_select(0, rows) for moment in moments]
            for moments in (self.first, self.second)
        )
        return kept.after(self.steps, first, second)

    def after(self, steps: int, first: Sequence[Tensor], second: Sequence[Tensor]) -> "Adam":
        """This optimiser, set to where it stands after some steps: with these two moments."""
        self.steps, self.first, self.second = steps, list(first), list(second)
        self._group()
        return self

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor]) -> None:
        """Update every member."""
        self.steps += 1
        for rows, learning_rate, (parameters, first, second), counters in self._groups:
            adam(
                parameters,
                [gradient[rows] for gradient in gradients],
                first,
                second,
                [],
                counters,
                foreach=False,
                fused=True,
                amsgrad=False,
                beta1=0.9,
                beta2=0.999,
                lr=learning_rate,
                weight_decay=0.0,
                eps=self.eps,
                maximize=False,
            )

    @torch.no_grad()
    def _group(self) -> None:
        """Cut the member axis into runs of members with equal learning rates."""
        self._groups = []
        for rows, learning_rate in _runs(self.learning_rates):
            state = [[t[rows] for t in ts] for ts in (self.parameters, self.first, self.second)]
            counters = [torch.tensor(float(self.steps), device=p.device) for p in self.parameters]
            self._groups.append((rows, learning_rate, state, counters))


def _runs(rates: Sequence[float]) -> list[tuple[slice, float]]:
    """Maximal runs of neighbours that share a rate.

    >>> _runs([1.0, 1.0, 2.0])
    [(slice(0, 2, None), 1.0), (slice(2, 3, None), 2.0)]
    """
    runs: list[tuple[slice, float]] = []
    for member, rate in enumerate(rates):
        if runs and runs[-1][1] == rate:
            runs[-1] = (slice(runs[-1][0].start, member + 1), rate)
        else:
            runs.append((slice(member, member + 1), rate))
    return runs
