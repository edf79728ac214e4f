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


def check_window(window_us: tuple[int, int], bins: int) -> None:
    """Raise `ValueError` where *window_us* cannot be cut into *bins* slices."""
    begin_us, end_us = window_us
    if end_us <= begin_us:
        raise ValueError(
            f"the window from {begin_us} to {end_us} us has no length: give where it "
            "begins and ends"
        )
    if bins < 1:
        raise ValueError(f"bins must be at least 1, not {bins}")
