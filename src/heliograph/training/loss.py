"""How wrong the network is: of what is there, where it ends, and what is inside it."""

from typing import NamedTuple

import torch

from heliograph.training.network import Answer

BOX_SHARE = 5.0
"""How much an object's edges weigh beside its peak: as much as in TTFNet.

Liu et al., "Training-Time-Friendly Network", AAAI 2020, https://arxiv.org/abs/1909.00700.
"""

INSIDE_SHARE = 0.5
"""How much it weighs whose box each cell is in."""

OBJECT_CELLS_MIN = 50.0
"""A batch with less in it is not worth more."""


class Losses(NamedTuple):
    """What is wrong with a batch: peaks, edges, and what each cell is inside of."""

    peaks: torch.Tensor
    boxes: torch.Tensor
    inside: torch.Tensor


def loss(found: Answer, asked: dict[str, torch.Tensor]) -> Losses:
    """Return the parts for a batch; *asked* holds `targets.Targets` as tensors."""
    logits, edges, bodies = found
    objects = asked["weight"].sum().clamp(min=1.0)
    peaks = _focal(logits, asked["heat"]) * asked["judged"][:, None]
    missed = 1.0 - _overlap(edges, asked["edges"])
    return Losses(
        peaks.sum() / objects,
        BOX_SHARE * (missed * asked["weight"]).sum() / objects,
        INSIDE_SHARE * _outside(bodies, asked),
    )


def _outside(bodies: torch.Tensor, asked: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the cross entropy of what each cell is said to be inside of.

    An object has one peak but many cells, all of which have something to learn.
    """
    wrong = torch.nn.functional.binary_cross_entropy_with_logits(
        bodies, asked["inside"], reduction="none"
    )
    cells = asked["inside"].sum().clamp(min=OBJECT_CELLS_MIN)
    return (wrong * asked["told"][:, None]).sum() / cells


def _focal(logits: torch.Tensor, heat: torch.Tensor) -> torch.Tensor:
    """Return the focal loss with less blame near a peak, per cell and class.

    Law, Deng, "CornerNet", ECCV 2018, https://arxiv.org/abs/1808.01244.
    """
    score = torch.sigmoid(logits)
    log_is = torch.nn.functional.logsigmoid(logits)
    log_is_not = log_is - logits
    at_peak = -((1 - score) ** 2) * log_is
    elsewhere = -((1 - heat) ** 4) * score**2 * log_is_not
    return torch.where(heat >= 1.0, at_peak, elsewhere)


def _overlap(found: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
    """Return the generalised IoU of boxes around the same cells, shape (N, h, w).

    Rezatofighi et al., CVPR 2019, https://arxiv.org/abs/1902.09630.
    """
    shared = torch.minimum(found, asked).clamp(min=0)
    around = torch.maximum(found, asked)
    both = _area(shared)
    either = (_area(found) + _area(asked.clamp(min=0)) - both).clamp(min=1e-6)
    hull = _area(around).clamp(min=1e-6)
    return both / either - (hull - either) / hull


def _area(edges: torch.Tensor) -> torch.Tensor:
    return (edges[:, 0] + edges[:, 2]) * (edges[:, 1] + edges[:, 3])
