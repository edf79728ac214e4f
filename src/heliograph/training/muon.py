"""Muon: kernels move by the same length in all directions that a step tells of.

Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024,
https://kellerjordan.github.io/posts/muon/. The step of a kernel, as a matrix of its
outputs, is momentum whose singular values are all brought near to one.

torch's own (`torch.optim.Muon`) takes matrices only and reckons in bf16, which a CPU
without the instructions for it does many times as slowly.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import torch

MOMENTUM = 0.95

ITERATIONS = 5
FIRST, THIRD, FIFTH = 3.4445, -4.7750, 2.0315
"""Newton and Schulz's odd polynomial, by the source: steepest at zero."""

Each = Callable[[Callable[[torch.Tensor], None], Iterable[torch.Tensor]], Any]
"""Calls a function with each of some tensors, several at a time."""


class Muon(torch.optim.Optimizer):
    """Moves kernels (out, in, k, k) by their gradients; *each* divides the work."""

    def __init__(
        self, kernels: Iterable[torch.Tensor], *, rate: float, decay: float, each: Each
    ) -> None:
        super().__init__(kernels, {"lr": rate, "weight_decay": decay})
        self._each = each

    def step(self, closure: None = None) -> None:
        """Move each kernel once."""
        del closure
        for group in self.param_groups:
            move = partial(self._move, rate=group["lr"], decay=group["weight_decay"])
            self._each(move, group["params"])

    def _move(self, kernel: torch.Tensor, *, rate: float, decay: float) -> None:
        # A thread of its own does not know that no gradients are wanted.
        with torch.no_grad():
            kernel.mul_(1 - rate * decay)
            kernel.sub_(self._direction(kernel), alpha=rate)

    def _direction(self, kernel: torch.Tensor) -> torch.Tensor:
        state = self.state[kernel]
        if not state:
            state["mean"] = torch.zeros_like(kernel)
        gradient, mean = kernel.grad, state["mean"]
        mean.lerp_(gradient, 1 - MOMENTUM)
        ahead = gradient.lerp(mean, MOMENTUM)
        # Flat as it lies in memory, channels last: in another order it is copied.
        out, given, high, wide = kernel.shape
        even = orthogonal(ahead.permute(0, 2, 3, 1).flatten(1))
        even = even * max(1.0, out / even.shape[1]) ** 0.5
        return even.reshape(out, high, wide, given).permute(0, 3, 1, 2)


def orthogonal(matrix: torch.Tensor) -> torch.Tensor:
    """Return *matrix* with its singular values brought near to one.

    All iterates are polynomials of the first one's square times itself, so that they
    are reckoned on the small square alone.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    first = matrix.mT if tall else matrix
    first = first / (first.norm() + 1e-7)
    square = first @ first.mT
    one = torch.eye(len(square))
    product = one
    for _ in range(ITERATIONS):
        factor = FIRST * one + THIRD * square + FIFTH * (square @ square)
        product = factor @ product
        square = factor @ square @ factor
    even = product @ first
    return even.mT if tall else even
