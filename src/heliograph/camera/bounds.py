"""What surfaces and filters ask of the arrays they are given, before compiled code.

Compiled loops do not check their indices, so a packet of a larger sensor would write
into foreign memory.
"""

from typing import Any

from numpy.typing import NDArray

from heliograph.camera.types import EVENT, Packet


def check_dtype(packet: Packet) -> Packet:
    """Return *packet*, or raise `ValueError` where it holds no events."""
    if packet.dtype != EVENT:
        raise ValueError(f"a packet has dtype {EVENT}, not {packet.dtype}")
    return packet


def check_events(packet: Packet, outside: int) -> None:
    """Raise `ValueError` where *outside* events did not fit the sensor."""
    if outside:
        raise ValueError(
            f"{outside} of {len(packet)} events lie outside the sensor: "
            "give it the size of the recording"
        )


def check_out(out: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Raise `ValueError` where *out* cannot be rendered to."""
    if out.shape != shape or not out.flags.c_contiguous or not out.flags.writeable:
        raise ValueError(
            f"out must be a writeable, contiguous array of shape {shape}, "
            f"not {out.shape}"
        )
