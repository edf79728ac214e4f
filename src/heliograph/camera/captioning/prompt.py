"""What a model is told about the montage, so that it reads it for what it is.

It says what the sensor cannot see, for models invent what they are not warned of:
colours, faces, and what stands still. Places are called as the config calls them: a
model's guess at one is worth nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from heliograph.camera.config.captioning import AnswerForm
from heliograph.camera.types import MOVING, Track

INSTRUCTION = "{picture} {facts} {answer}"
"""What stands where the config has no prompt of its own."""

MODALITY = (
    "The picture comes from an event camera. It records only change of brightness: "
    "grey means no change, brighter and darker pixels moved just now, and whatever "
    "stands still is invisible. There are no colours; do not name any. "
)
ONE_CLOSE_UP = "Left half: one moving object up close. "
TWO_CLOSE_UPS = (
    "Left half: one moving object up close, twice. {first}: {close}. {second}: only "
    "where it just got brighter (white) or darker (black). "
)
SEEN = "as a picture of the last tenth of a second"
RECKONED = (
    "as a network reckons its light and dark from the last third of a second, "
    "which may be wrong in places, above all where nothing moved"
)
SCENE = "Right half: the whole scene, with that object in the yellow frame."
MOMENTS = " Bottom row, left to right: when it was first seen, at its best, and last."
TAKEN_FOR = "A small detector takes it for: {label}. It may be wrong."
LINE = (
    "Say in one line of at most 25 words what the object is, what it does and what it "
    "carries, if that can be seen. If it cannot be told, say 'something' and its shape "
    "and size. No preamble, no guess about identity."
)
JSON = (
    "Answer with one JSON object and nothing else: "
    '{"caption": one line of at most 25 words that says what the object is, what it '
    'does and what it carries, "actions": a list of verbs for what it does, "carried": '
    'a list of things it carries, empty if none can be seen, "confidence": from 0 to 1 '
    "how sure you are}. If it cannot be told, the caption says 'something' and its "
    "shape and size. No guess about identity."
)

SLOW_PX_S = 15.0
"""Below it a velocity is the jitter of the box."""


@dataclass(frozen=True, slots=True)
class Asking:
    """How a model is asked: by an instruction of the user's, for which answer.

    `events` and `moments` say what the montage holds beside picture and scene.
    """

    instruction: str | None = None
    answer: AnswerForm = "line"
    events: bool = True
    moments: bool = False


def prompt_for(
    track: Track,
    asking: Asking,
    *,
    wide: bool = False,
    reckoned: bool = False,
    zones: Sequence[str] = (),
    happened: str | None = None,
) -> str:
    """Return the instruction for the montage of *track*.

    *wide* says that its close-ups are one above the other, *reckoned* that a network
    made the first. *zones* are the names of those it is in, *happened* what it did
    there, in the words of the config.
    """
    facts = [f"It {happened or motion_of(track)}."]
    if (label := track.box.label) != MOVING:
        facts.insert(0, TAKEN_FOR.format(label=label))
    if zones:
        facts.append(f"It is in {' and '.join(zones)}: name the place so.")
    return (asking.instruction or INSTRUCTION).format(
        picture=_picture(asking, wide=wide, reckoned=reckoned),
        facts=" ".join(facts),
        answer=LINE if asking.answer == "line" else JSON,
    )


def motion_of(track: Track) -> str:
    """Say in words where *track* moves in the picture: `moves left and down`."""
    way = way_of(track)
    return "moves about its place" if way is None else f"moves {way}"


def way_of(track: Track) -> str | None:
    """Return where *track* goes, `left and down`; None where it stays in its place."""
    ways = []
    if abs(track.velocity_x_px_s) >= SLOW_PX_S:
        ways.append("right" if track.velocity_x_px_s > 0 else "left")
    if abs(track.velocity_y_px_s) >= SLOW_PX_S:
        ways.append("down" if track.velocity_y_px_s > 0 else "up")
    return " and ".join(ways) or None


def _picture(asking: Asking, *, wide: bool, reckoned: bool) -> str:
    """Explain what the model looks at."""
    first, second = ("Above", "Below") if wide else ("Left", "Right of it")
    shown = RECKONED if reckoned else SEEN
    close = TWO_CLOSE_UPS.format(first=first, second=second, close=shown)
    told = MODALITY + (close if asking.events else ONE_CLOSE_UP) + SCENE
    return told + MOMENTS if asking.moments else told
