"""A scene before it is filmed: everything that chance decides about it."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from heliograph.camera.types import Size
from heliograph.simulation.camera.sensor import SensorTraits
from heliograph.simulation.scenes.actors import Actor, Tone, maps_at
from heliograph.simulation.scenes.backgrounds import SOFT_SIGMA_PX, draw_backdrop
from heliograph.simulation.scenes.behind import STEP_PX, moved_px
from heliograph.simulation.scenes.camera_path import (
    FAR_M,
    CameraMotion,
    CameraPath,
    draw_camera_path,
)
from heliograph.simulation.scenes.casting import Casting
from heliograph.simulation.scenes.chance import chance, log_uniform
from heliograph.simulation.scenes.library import Library
from heliograph.simulation.scenes.paint import Affine, Plane
from heliograph.simulation.scenes.peopled import Known, draw_peopled
from heliograph.simulation.scenes.settings import LABEL_US, SceneSettings
from heliograph.simulation.scenes.world import NEAR_M, Optics, Series

SIZES = (Size(320, 240), Size(346, 260), Size(640, 480), Size(1280, 720))
SIZE_SHARES = (0.42, 0.45, 0.12, 0.01)
MOTIONS: tuple[CameraMotion, ...] = ("static", "hand-held", "panning", "driving")
MOTION_SHARES = (0.62, 0.22, 0.09, 0.07)

PACES = (4, 20)
"""Pictures in each `LABEL_US`, at least and at most: 200 to 1,000 a second."""

LAMP_PACE = 16
"""A lamp that flickers at 100 Hz needs eight pictures a period."""

SPEED_S = 0.005
"""How often it is looked how fast things are."""

BESIDE = 0.1
"""How far beyond the border a body's middle counts, in widths of the picture."""

MARGIN = 0.35
"""How much further than the picture the background goes on each side, if it moves."""

PEOPLED_SHARE = 0.28
PEOPLED_MARGIN = 0.12
"""Who films people is looking at them: the picture goes hardly further."""


@dataclass(frozen=True, slots=True, eq=False)
class Lamp:
    """A light that flickers: where its glow reaches, how strong and how often."""

    centre: tuple[float, float]
    reach_px: float
    depth: float
    hz: float


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """All of a scene. `background` is log light, further than the picture by `pad`.

    Over each `LABEL_US` as many pictures are evenly spread as `paces` says for it; the
    last of them stands for all that follow.
    """

    size: Size
    seconds: float
    paces: tuple[int, ...]
    traits: SensorTraits
    sensor_seed: int
    tone: Tone
    optics: Optics
    camera: CameraPath
    background: Plane
    background_source: str
    pad: tuple[int, int]
    far_m: float
    actors: tuple[Actor, ...]
    lamp: Lamp | None
    known: Known | None = None

    @property
    def frame_us(self) -> int:
        """Return how far apart pictures are where they are nearest."""
        return LABEL_US // max(self.paces)

    def times_us(self) -> list[int]:
        """Return when the pictures are; the last ends the scene."""
        end_us = round(self.seconds * 1e6)
        times: list[int] = []
        for span, begin_us in enumerate(range(0, end_us, LABEL_US)):
            pace = self.paces[min(span, len(self.paces) - 1)]
            times.extend(begin_us + LABEL_US * n // pace for n in range(pace))
        return [*(t_us for t_us in times if t_us < end_us), end_us]

    def camera_at(self, t_s: Series) -> Affine:
        """Return the camera's maps at these moments, (moments, 2, 3)."""
        return self.camera.at(t_s)

    def background_at(self, t_s: Series) -> Affine:
        """Return the maps from the background's pixels to seen ones."""
        maps = self.camera.at(t_s)
        # The camera's own way shifts and swells what is far off, a little.
        ego_x, ego_z = self.optics.ego
        grown = self.far_m / np.maximum(1.0, self.far_m - ego_z * t_s)
        shift = -ego_x * t_s * self.optics.focal_px / self.far_m
        focus = np.array([self.size.width / 2, self.optics.horizon_px])
        own = np.zeros_like(maps)
        own[:, 0, 0] = own[:, 1, 1] = grown
        own[:, :, 2] = focus - grown[:, None] * (focus + np.array(self.pad))
        own[:, 0, 2] += shift
        out = np.empty_like(maps)
        out[:, :, :2] = maps[:, :, :2] @ own[:, :, :2]
        out[:, :, 2:] = maps[:, :, :2] @ own[:, :, 2:] + maps[:, :, 2:]
        return out


def draw_plan(settings: SceneSettings, library: Library, number: int) -> Plan:
    """Decide everything about scene `number`; the same arguments give the same plan."""
    split = 0 if settings.split == "train" else 1
    rng = np.random.default_rng([settings.seed, split, number])
    size = settings.size or SIZES[int(rng.choice(len(SIZES), p=SIZE_SHARES))]
    peopled = bool(library.peopled) and chance(rng, PEOPLED_SHARE)
    motion = MOTIONS[int(rng.choice(len(MOTIONS), p=MOTION_SHARES))]
    if peopled:
        motion = "hand-held"
    camera = draw_camera_path(motion, (size.width, size.height), settings.seconds, rng)
    optics = _optics(size, motion, rng)
    tone = Tone(rng.uniform(0.6, 1.6), rng.uniform(-1.6, 0.1))
    margin = 0.0 if motion == "static" else PEOPLED_MARGIN if peopled else MARGIN
    pad = (int(size.width * margin), int(size.height * margin))
    shape = (size.height + 2 * pad[1], size.width + 2 * pad[0])
    known: Known | None = None
    if peopled:
        grey, known, source = draw_peopled(shape, library.peopled, rng)
    else:
        horizon = optics.horizon_px + pad[1] + 0.05 * size.height
        grey, source = draw_backdrop(shape, horizon, library.backdrops, rng)
    actors = _actors(
        Casting(library, optics, settings.seconds, rng),
        PEOPLED_COUNTS if peopled else COUNTS,
    )
    plan = Plan(
        size=size,
        seconds=settings.seconds,
        paces=(PACES[0],),
        traits=_traits(rng),
        sensor_seed=int(rng.integers(1 << 31)),
        tone=tone,
        optics=optics,
        camera=camera,
        background=tone.log_light(_flattened(grey, rng)),
        background_source=source,
        pad=pad,
        far_m=rng.uniform(*FAR_M),
        actors=actors,
        lamp=_lamp(size, rng) if chance(rng, 0.06) else None,
        known=known,
    )
    return _timed(plan)


def _flattened(grey: Plane, rng: np.random.Generator) -> Plane:
    """Return a background of less contrast: of light haze, or of a cheap lens."""
    contrast, level = rng.uniform(0.4, 1.0), rng.uniform(0.2, 0.8)
    flatter = grey * contrast + (1 - contrast) * level
    return np.asarray(cv2.GaussianBlur(flatter, (0, 0), SOFT_SIGMA_PX), np.float32)


def _optics(size: Size, motion: CameraMotion, rng: np.random.Generator) -> Optics:
    high = (
        rng.uniform(2.5, 7.0)
        if motion == "static" and chance(rng, 0.5)
        else rng.uniform(0.9, 2.0)
    )
    tilt = 0.2 if high < 2.2 else 0.05  # noqa: PLR2004 - the same
    ego = (0.0, 0.0)
    if motion == "driving":
        ego = (0.0, rng.uniform(1.0, 12.0))
    elif motion != "static" and chance(rng, 0.5):
        ego = (rng.normal(0, 0.6), rng.normal(0.3, 0.6))
    return Optics(
        size,
        focal_px=size.width * rng.uniform(0.7, 1.5),
        horizon_px=size.height * rng.uniform(tilt, 0.65 if high < 2.2 else 0.3),  # noqa: PLR2004 - the same
        height_m=high,
        ego=ego,
    )


COUNTS = (0.09, 0.32, 0.26, 0.18, 0.09, 0.06)
PEOPLED_COUNTS = (0.62, 0.26, 0.12)
"""How often so many come into a scene: nobody, one, two, …"""


def _actors(casting: Casting, counts: tuple[float, ...]) -> tuple[Actor, ...]:
    rng = casting.rng
    actors: list[Actor] = []
    mood = rng.random()
    # People alone, traffic, or all together; and a few scenes where nobody is.
    shares = (0.9, 0.02, 0.08) if mood < 0.42 else (0.12, 0.56, 0.32)  # noqa: PLR2004
    if mood > 0.75:  # noqa: PLR2004
        shares = (0.4, 0.3, 0.3)
    count = int(rng.choice(len(counts), p=counts))
    for _ in range(count):
        kind = int(rng.choice(3, p=shares))
        if kind == 0:
            actors.extend(casting.people())
        else:
            actors.append(casting.vehicle() if kind == 1 else casting.two_wheeler())
    things = int(rng.choice([0, 1, 2, 4], p=[0.62, 0.2, 0.12, 0.06]))
    actors.extend(casting.thing() for _ in range(things))
    poles = int(rng.choice([0, 1, 2], p=[0.7, 0.2, 0.1]))
    actors.extend(casting.pole() for _ in range(poles))
    return tuple(actors)


def _traits(rng: np.random.Generator) -> SensorTraits:
    on = rng.uniform(0.15, 0.4)
    noisy = log_uniform(rng, 0.02, 4.0)
    dark = rng.uniform(1.0, 5.0)
    return SensorTraits(
        threshold_on=on,
        threshold_off=float(np.clip(on * rng.uniform(0.8, 1.25), 0.15, 0.4)),
        mismatch_sigma=rng.uniform(0.01, 0.05),
        refractory_us=int(log_uniform(rng, 100, 2000)),
        leak_hz=rng.uniform(0.0, 0.25),
        shot_noise_hz=0.0 if chance(rng, 0.15) else noisy / dark,
        dark_noise=dark,
        cutoff_hz=log_uniform(rng, 40.0, 1500.0),
        hot_pixels=int(rng.integers(0, 12)),
        hot_pixel_hz=rng.uniform(5.0, 200.0),
        readout_us=int(rng.choice([1, 10, 50])),
        noise_spread=rng.uniform(0.3, 1.8) if chance(rng, 0.6) else 0.0,
        echo_share=rng.uniform(0.1, 0.5) if chance(rng, 0.5) else 0.0,
    )


def _lamp(size: Size, rng: np.random.Generator) -> Lamp:
    return Lamp(
        (rng.uniform(0, size.width), rng.uniform(0, size.height * 0.6)),
        size.width * rng.uniform(0.03, 0.25),
        rng.uniform(0.15, 0.8),
        float(rng.choice([100.0, 120.0])),
    )


def _timed(plan: Plan) -> Plan:
    """Choose the times between pictures by the fastest that moves in them."""
    t_s = np.arange(0, plan.seconds + 1.5 * SPEED_S, SPEED_S)
    fastest = moved_px(plan.background_at(t_s), plan.size) / SPEED_S
    camera = plan.camera_at(t_s)
    for actor in plan.actors:
        maps, distance, _ = maps_at(actor, plan.optics, camera, t_s)
        speed = _body_speed(maps, plan.size)
        fastest = np.maximum(fastest, np.where(distance[:-1] > NEAR_M, speed, 0.0))
    looks = round(LABEL_US / 1e6 / SPEED_S)
    spans = np.pad(fastest, (0, -fastest.size % looks)).reshape(-1, looks)
    least = PACES[0] if plan.lamp is None else LAMP_PACE
    wanted = np.ceil(spans.max(axis=1) * (LABEL_US / 1e6 / STEP_PX))
    paces = np.clip(wanted, least, PACES[1]).astype(int).tolist()
    return replace(plan, paces=tuple(paces))


def _body_speed(maps: Affine, size: Size) -> Series:
    """Return how fast, in px/s, what can be seen of a body moves, at most."""
    heights = np.stack([np.zeros(5), np.linspace(-1, 0, 5)])
    at = maps[:, :, :2] @ heights + maps[:, :, 2:]
    speed = np.hypot(*np.diff(at, axis=0).swapaxes(0, 1)) / SPEED_S
    x, y = at[:-1].swapaxes(0, 1) / np.array([size.width, size.height])[:, None, None]
    # A body is wide: its middle may be beyond a border that its side is not.
    seen = (abs(x - 0.5) < 0.5 + BESIDE) & (abs(y - 0.5) < 0.5 + BESIDE)
    return np.asarray(np.where(seen, speed, 0.0).max(axis=1))
