"""The network in torch, as its table says; and its numbers as ONNX takes them."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from heliograph.camera.detection.decoding import STRIDE_PX
from heliograph.camera.detection.model_facts import INPUT, OUTPUTS
from heliograph.labelled.classes import CLASSES
from heliograph.training.architecture import Conv, layers

SHARED = "head"
"""The layer that all is told from."""

SCORE_PRIOR = 0.01
"""What a cell is taken to hold before anything is learnt: mostly nothing."""

INSIDE_PRIOR = -3.0
"""The same, as a logit, for being inside of anything."""


class Answer(NamedTuple):
    """Logits of scores (N, classes, h, w), edges (N, 4, h, w), and logits of `inside`.

    The last, shaped as scores are, say what each cell is within the box of. They are
    asked for in training only, and no file has them.
    """

    scores: torch.Tensor
    boxes: torch.Tensor
    inside: torch.Tensor


class Network(nn.Module):
    """Surfaces (N, C, H, W) of levels from 0 to 1 in, an `Answer` out."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.table = layers(channels)
        self.convs = nn.ModuleDict({one.name: _module(one) for one in self.table})
        nn.init.constant_(
            self.convs["scores"].bias, float(np.log(SCORE_PRIOR / (1 - SCORE_PRIOR)))
        )
        nn.init.constant_(self.convs["boxes"].bias, 1.0)
        wide = next(one.channels_out for one in self.table if one.name == SHARED)
        self.inside = nn.Conv2d(wide, len(CLASSES), 1)
        nn.init.constant_(self.inside.bias, INSIDE_PRIOR)

    def forward(self, surface: torch.Tensor) -> Answer:
        """Return what is there, of each cell of the grid."""
        given = {INPUT: surface}
        for one in self.table:
            value = self.convs[one.name](given[one.source])
            if one.plus is not None:
                beside = given[one.plus]
                larger = nn.functional.interpolate(value, scale_factor=2)
                # A crop's sides are no multiples of the coarsest stride.
                value = larger[..., : beside.shape[2], : beside.shape[3]] + beside
            given[one.name] = value
        scores, boxes = (given[name].float() for name in OUTPUTS)
        inside = self.inside(given[SHARED]).float()
        return Answer(scores, boxes.clamp(-6, 4).exp() * STRIDE_PX, inside)

    def kernels(self) -> list[nn.Parameter]:
        """Return the kernels of all layers but the outputs, (out, in, k, k)."""
        return [
            self.convs[one.name][0].weight for one in self.table if not one.is_output
        ]

    def weights(self) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Return each layer's kernel and bias, with its normalisation folded in."""
        found: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}
        for one in self.table:
            module = self.convs[one.name]
            if one.is_output:
                kernel, bias = module.weight, module.bias
            elif not one.is_normalised:
                kernel, bias = module[0].weight, module[0].bias
            else:
                conv, norm = module[0], module[1]
                gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
                kernel = conv.weight * gain[:, None, None, None]
                bias = norm.bias - norm.running_mean * gain
            found[one.name] = (_array(kernel), _array(bias))
        return found


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    return np.ascontiguousarray(tensor.detach().numpy(), np.float32)


def _module(one: Conv) -> nn.Module:
    conv = nn.Conv2d(
        one.channels_in,
        one.channels_out,
        one.kernel,
        one.stride,
        one.kernel // 2,
        bias=not one.is_normalised,
    )
    if one.is_output:
        return conv
    norm = [nn.BatchNorm2d(one.channels_out)] if one.is_normalised else []
    rectifier = [nn.ReLU(inplace=True)] if one.rectified else []
    return nn.Sequential(conv, *norm, *rectifier)
