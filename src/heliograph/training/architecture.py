"""The network as a table of convolutions, from which both torch and ONNX build it.

A single-shot, anchor-free detector of plain 3x3 convolutions: they train several
times faster on a CPU than depthwise ones and quantise well. Six halvings, three merges
back up to the grid of 8 pixels (Lin et al., "Feature Pyramid Networks", CVPR 2017,
https://arxiv.org/abs/1612.03144), and a head for what is there and one for where it
ends (Ge et al., YOLOX, 2021, https://arxiv.org/abs/2107.08430). Peaks of the scores are
objects (Zhou et al., "Objects as Points", 2019, https://arxiv.org/abs/1904.07850), each
with the distances to its four edges (Tian et al., FCOS, ICCV 2019,
https://arxiv.org/abs/1904.01355).
"""

from dataclasses import dataclass

from heliograph.camera.detection.model_facts import INPUT, OUTPUTS
from heliograph.labelled.classes import CLASSES


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution of what *source* gives.

    Where *plus* is given, the result is doubled in size and added to what *plus* gives.
    """

    name: str
    source: str
    channels_in: int
    channels_out: int
    kernel: int = 3
    stride: int = 1
    rectified: bool = True
    plus: str | None = None

    @property
    def is_output(self) -> bool:
        """Say whether the network ends here."""
        return self.name in OUTPUTS

    @property
    def is_normalised(self) -> bool:
        """Say whether training normalises what comes out, which takes no bias then.

        Outputs are not. Nor is what the input is made into, for that is of one scale
        already, and the largest grid is the dearest to normalise.
        """
        return not self.is_output and self.source != INPUT


def layers(channels: int) -> tuple[Conv, ...]:
    """Return the network for a surface of *channels* planes, in order of reckoning."""
    return (
        Conv("by_2", INPUT, channels, 16, stride=2),
        Conv("by_4", "by_2", 16, 32, stride=2),
        Conv("by_8", "by_4", 32, 64, stride=2),
        Conv("by_8_more", "by_8", 64, 64),
        Conv("by_16", "by_8_more", 64, 80, stride=2),
        Conv("by_16_more", "by_16", 80, 80),
        Conv("by_32", "by_16_more", 80, 96, stride=2),
        Conv("by_32_more", "by_32", 96, 96),
        # A bus close by is wider than what a cell sees without this one.
        Conv("by_64", "by_32_more", 96, 64, stride=2),
        Conv("by_64_more", "by_64", 64, 64),
        _merged("to_32", "by_64_more", 64, 96, "by_32_more"),
        Conv("to_32_more", "to_32", 96, 96),
        _merged("to_16", "to_32_more", 96, 80, "by_16_more"),
        Conv("to_16_more", "to_16", 80, 80),
        _merged("to_8", "to_16_more", 80, 64, "by_8_more"),
        Conv("head", "to_8", 64, 64),
        # What a thing is and where it ends are told from different marks of it.
        Conv("what", "head", 64, 32),
        Conv("where", "head", 64, 32),
        Conv("scores", "what", 32, len(CLASSES), kernel=1, rectified=False),
        Conv("boxes", "where", 32, 4, kernel=1, rectified=False),
    )


FIT = Conv("fit", "where", 32, len(CLASSES), kernel=1, rectified=False)
"""How well a box fits, told by class from what its edges are told from.

It is found last, when all the others are as they stay (`heliograph.training.fit`).
"""


def _merged(name: str, source: str, given: int, made: int, beside: str) -> Conv:
    """Return what brings a coarse grid's *source* to the finer one of *beside*."""
    return Conv(name, source, given, made, kernel=1, rectified=False, plus=beside)


def parameters(channels: int) -> int:
    """Count the numbers that training finds, with each normalisation folded in."""
    return sum(
        one.channels_out * (one.channels_in * one.kernel**2 + 1)
        for one in (*layers(channels), FIT)
    )
