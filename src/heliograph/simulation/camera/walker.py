"""A person who walks through the street, seen from the side.

The legs follow the way walked, not the clock, so feet do not slide, and a walker who
stops stands with legs together and emits nothing. Lengths are shares of body height.
"""

from dataclasses import dataclass
from math import cos, pi, sin, tau
from typing import Literal

from heliograph.simulation.camera.shapes import Capsule, Shape

Load = Literal["nothing", "backpack", "bag", "long object"]

STRIDE = 0.82
"""Two steps, as a share of body height."""

THIGH, SHIN, UPPER_ARM, FOREARM, TRUNK = 0.245, 0.235, 0.17, 0.16, 0.30
SWING_RAD = 0.45
RAMP_S = 0.35
"""How long a walker takes to stop, and to set off again."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Looks:
    """Brightness of what a walker wears."""

    coat: float
    trousers: float
    skin: float
    hair: float


@dataclass(frozen=True, slots=True)
class Walker:
    """A person. Places and heights in pixels, times in s, speed in px/s.

    `direction` is 1 to the right and -1 to the left; `pause_s` is when the walker
    stands still, or None.
    """

    enters_s: float
    leaves_s: float
    from_x: float
    ground_y: float
    height: float
    direction: int
    speed: float
    looks: Looks
    load: Load = "nothing"
    pause_s: tuple[float, float] | None = None
    phase: float = 0.0

    @property
    def label(self) -> str:
        """What a caption should say of this actor."""
        return "person" if self.load == "nothing" else f"person with a {self.load}"

    def walked(self, t_s: float) -> tuple[float, float]:
        """Return the way walked in pixels, and the pace from 0 to 1."""
        lost, pace = 0.0, 1.0
        if self.pause_s is not None:
            lost_a, slow_a = _ramp(t_s - self.pause_s[0])
            lost_b, slow_b = _ramp(t_s - self.pause_s[1])
            lost, pace = lost_a - lost_b, 1.0 - (slow_a - slow_b)
        return self.speed * (t_s - self.enters_s - lost), pace

    def solid(self, t_s: float) -> list[Shape]:
        """Return the body at `t_s`, the far side first."""
        way, pace = self.walked(t_s)
        phase = self.phase + tau * way / (STRIDE * self.height)
        legs = [self._leg(phase + side, pace) for side in (pi, 0.0)]
        drop = max(max(knee[1], ankle[1]) for knee, ankle in legs)
        hip = (self.from_x + self.direction * way, self.ground_y - drop - 0.02)
        neck = self._from(hip, 0.04 * pace, -TRUNK)
        far, near = ([_at(hip, point) for point in leg] for leg in legs)
        looks = self.looks
        body: list[Shape] = [
            *self._arm(neck, phase, pace, looks.coat * 0.75),
            *self._leg_shapes(hip, far, looks.trousers * 0.75),
            *self._leg_shapes(hip, near, looks.trousers),
            *self._back(neck),
            Capsule(hip, neck, self._px(0.07), self._px(0.085), looks.coat),
            *self._folds(neck),
            *self._head(neck),
        ]
        if self.load == "long object":
            return body + self._shouldered(neck)
        arm = self._arm(neck, phase + pi, pace, looks.coat * 0.9)
        return body + arm + self._bag(arm)

    def shadow(self, t_s: float) -> list[Shape]:
        """Return the shadow on the ground, which belongs to no box."""
        x = self.from_x + self.direction * self.walked(t_s)[0]
        reach = self._px(0.16)
        return [
            Capsule(
                (x - reach, self.ground_y),
                (x + reach, self.ground_y),
                self._px(0.035),
                self._px(0.035),
                0.08,
                opacity=0.4,
                soft_px=max(2.0, self._px(0.05)),
            )
        ]

    def _px(self, share: float) -> float:
        return share * self.height

    def _from(self, origin: Point, forward: float, down: float) -> Point:
        """Go from `origin` by shares of the height, forward and down."""
        return (
            origin[0] + self.direction * forward * self.height,
            origin[1] + down * self.height,
        )

    def _swing(self, origin: Point, angle: float, length: float) -> Point:
        """Hang a limb from `origin`; the angle counts from down to forward."""
        return self._from(origin, length * sin(angle), length * cos(angle))

    def _leg(self, phase: float, pace: float) -> tuple[Point, Point]:
        """Return knee and ankle relative to the hip; the knee bends while it swings."""
        thigh = pace * SWING_RAD * sin(phase)
        bend = pace * (0.06 + 0.8 * max(0.0, cos(phase)) ** 2)
        knee = self._swing((0.0, 0.0), thigh, THIGH)
        return knee, self._swing(knee, thigh - bend, SHIN)

    def _leg_shapes(self, hip: Point, leg: list[Point], shade: float) -> list[Shape]:
        knee, ankle = leg
        toe = self._from(ankle, 0.085, 0.0)
        return [
            Capsule(hip, knee, self._px(0.058), self._px(0.042), shade),
            Capsule(knee, ankle, self._px(0.042), self._px(0.028), shade),
            Capsule(ankle, toe, self._px(0.026), self._px(0.018), 0.07),
        ]

    def _arm(self, neck: Point, phase: float, pace: float, shade: float) -> list[Shape]:
        upper = pace * 0.5 * sin(phase)
        shoulder = self._from(neck, 0.0, 0.03)
        elbow = self._swing(shoulder, upper - 0.05, UPPER_ARM)
        hand = self._swing(elbow, upper + 0.25 + 0.15 * pace, FOREARM)
        return [
            Capsule(shoulder, elbow, self._px(0.036), self._px(0.03), shade),
            Capsule(elbow, hand, self._px(0.03), self._px(0.022), shade),
            Capsule(hand, hand, self._px(0.024), self._px(0.024), self.looks.skin),
        ]

    def _head(self, neck: Point) -> list[Shape]:
        face, crown = self._from(neck, 0.015, -0.135), self._from(neck, -0.005, -0.15)
        throat = self._from(neck, 0.0, -0.06)
        return [
            Capsule(throat, face, self._px(0.03), self._px(0.03), self.looks.skin),
            Capsule(face, face, self._px(0.056), self._px(0.056), self.looks.skin),
            Capsule(crown, crown, self._px(0.056), self._px(0.056), self.looks.hair),
        ]

    def _folds(self, neck: Point) -> list[Shape]:
        """Return the collar, the belt and a seam of the coat."""
        shade = 0.6 * self.looks.coat if self.looks.coat > 0.5 else 0.5  # noqa: PLR2004 - mid grey
        thin = self._px(0.008)
        lines = (
            ((-0.04, 0.0), (0.05, 0.01)),
            ((-0.055, 0.27), (0.05, 0.27)),
            ((0.02, 0.03), (0.01, 0.25)),
        )
        return [
            Capsule(self._from(neck, *a), self._from(neck, *b), thin, thin, shade)
            for a, b in lines
        ]

    def _back(self, neck: Point) -> list[Shape]:
        if self.load != "backpack":
            return []
        top, bottom = self._from(neck, -0.1, 0.03), self._from(neck, -0.1, 0.19)
        return [Capsule(top, bottom, self._px(0.06), self._px(0.07), 0.75)]

    def _bag(self, arm: list[Shape]) -> list[Shape]:
        if self.load != "bag":
            return []
        left, top, right, bottom = arm[-1].bounds
        hand = ((left + right) / 2, (top + bottom) / 2)
        handle, end = self._from(hand, 0.0, 0.1), self._from(hand, 0.0, 0.16)
        return [
            Capsule(hand, handle, self._px(0.008), self._px(0.008), 0.1),
            Capsule(handle, end, self._px(0.055), self._px(0.065), 0.12),
        ]

    def _shouldered(self, neck: Point) -> list[Shape]:
        """Return a plank over the shoulder, and the arm that holds it."""
        back, front = self._from(neck, -0.62, -0.1), self._from(neck, 0.62, 0.06)
        shoulder = self._from(neck, 0.0, 0.03)
        elbow = self._swing(shoulder, 0.5, UPPER_ARM)
        hand = self._from(neck, 0.24, 0.02)
        shade = self.looks.coat * 0.9
        return [
            Capsule(back, front, self._px(0.026), self._px(0.026), 0.85),
            Capsule(shoulder, elbow, self._px(0.036), self._px(0.03), shade),
            Capsule(elbow, hand, self._px(0.03), self._px(0.022), shade),
        ]


def _at(origin: Point, offset: Point) -> Point:
    return origin[0] + offset[0], origin[1] + offset[1]


def _ramp(since_s: float) -> tuple[float, float]:
    """Return time lost and the share of pace lost, `since_s` after braking began."""
    if since_s <= 0.0:
        return 0.0, 0.0
    if since_s >= RAMP_S:
        return since_s - RAMP_S / 2, 1.0
    return since_s * since_s / (2 * RAMP_S), since_s / RAMP_S
