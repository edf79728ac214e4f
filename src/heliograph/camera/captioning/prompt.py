"""What a model is told about the montage, so that it reads it for what it is.

It says what the sensor cannot see, for models invent what they are not warned of:
colours, faces, and what stands still.
"""

from collections.abc import Sequence

from heliograph.camera.types import Track

INSTRUCTION = (
    "The picture comes from an event camera. It records only change of brightness: "
    "grey means no change, brighter and darker pixels moved just now, and whatever "
    "stands still is invisible. There are no colours; do not name any. "
    "Left half: one moving object up close. Right half: the whole scene, with that "
    "object in the yellow frame. {motion} "
    "Say in one line of at most 25 words what the object is, what it does and what it "
    "carries, if that can be seen. If it cannot be told, say 'something' and its shape "
    "and size. No preamble, no guess about identity."
)

SLOW_PX_S = 15.0
"""Below it a velocity is the jitter of the box."""


def prompt_for(
    track: Track, *, zones: Sequence[str] = (), happened: str | None = None
) -> str:
    """Return the instruction for the montage of *track*.

    *zones* are the names of those it is in, *happened* what it did there, as the config
    calls them: a model's guess at a place is worth nothing.
    """
    facts = [f"It {happened or motion_of(track)}."]
    if zones:
        facts.append(f"It is in {' and '.join(zones)}: name the place so.")
    return INSTRUCTION.format(motion=" ".join(facts))


def motion_of(track: Track) -> str:
    """Say in words where *track* moves in the picture: `moves left and down`."""
    ways = []
    if abs(track.velocity_x_px_s) >= SLOW_PX_S:
        ways.append("right" if track.velocity_x_px_s > 0 else "left")
    if abs(track.velocity_y_px_s) >= SLOW_PX_S:
        ways.append("down" if track.velocity_y_px_s > 0 else "up")
    if not ways:
        return "moves about its place"
    return f"moves {' and '.join(ways)}"
