"""What an epoch came to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Epoch:
    """Mean losses per object.

    While training and, of the averaged network, on the held-out samples.
    """

    epoch: int
    seconds: float
    peaks: float
    boxes: float
    held_out_peaks: float
    held_out_boxes: float
