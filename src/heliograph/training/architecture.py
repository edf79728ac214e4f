"""The network as a table of convolutions, from which both torch and ONNX build it.

A single-shot, anchor-free detector of plain 3x3 convolutions: they train several
times faster on a CPU than depthwise ones and quantise well. Five halvings, two merges
back up to the grid of 8 pixels, and a head for what is there and one for where it ends
(Ge et al., YOLOX, 2021, https://arxiv.org/abs/2107.08430). Peaks of the scores are
objects (Zhou et al., "Objects as Points", 2019, https://arxiv.org/abs/1904.07850), each
with the distances to its four edges (Tian et al., FCOS, ICCV 2019,
https://arxiv.org/abs/1904.01355).
"""

from dataclasses import dataclass

from heliograph.camera.detection.model_facts import INPUT, OUTPUTS
from heliograph.labelled.classes import CLASSES


@dataclass(frozen=True, slots=True)
class Conv:
    """A convolution of what *source* gives, normalised except at the outputs.

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
        """Say whether the network ends here; outputs have a bias of their own."""
        return self.name in OUTPUTS


def layers(channels: int) -> tuple[Conv, ...]:
    """Return the network for a surface of *channels* planes, in order of reckoning."""
    return (
        Conv("by_2", INPUT, channels, 16, stride=2),
        Conv("by_4", "by_2", 16, 32, stride=2),
        Conv("by_8", "by_4", 32, 48, stride=2),
        Conv("by_8_more", "by_8", 48, 48),
        Conv("by_16", "by_8_more", 48, 96, stride=2),
        Conv("by_16_more", "by_16", 96, 96),
        Conv("by_32", "by_16_more", 96, 144, stride=2),
        Conv("by_32_more", "by_32", 144, 144),
        Conv(
            "up",
            "by_32_more",
            144,
            96,
            kernel=1,
            rectified=False,
            plus="by_16_more",
        ),
        Conv("up_more", "up", 96, 48, kernel=1, rectified=False, plus="by_8_more"),
        Conv("head", "up_more", 48, 64),
        # What a thing is and where it ends are told from different marks of it.
        Conv("what", "head", 64, 48),
        Conv("where", "head", 64, 48),
        Conv("scores", "what", 48, len(CLASSES), kernel=1, rectified=False),
        Conv("boxes", "where", 48, 4, kernel=1, rectified=False),
    )


def parameters(channels: int) -> int:
    """Count the numbers that training finds, with each normalisation folded in."""
    return sum(
        one.channels_out * (one.channels_in * one.kernel**2 + 1)
        for one in layers(channels)
    )
