"""How wrong the network is: about what is there, and about where its edges are."""

import torch

BOX_SHARE = 2.0
"""How much an object's edges weigh beside its peak."""


def loss(
    found: tuple[torch.Tensor, torch.Tensor], asked: dict[str, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the two parts for a batch; *asked* holds `targets.Targets` as tensors."""
    logits, edges = found
    objects = asked["weight"].sum().clamp(min=1.0)
    peaks = _focal(logits, asked["heat"]) * asked["judged"][:, None]
    missed = 1.0 - _overlap(edges, asked["edges"])
    return peaks.sum() / objects, BOX_SHARE * (missed * asked["weight"]).sum() / objects


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
