"""The sensor model against what its parameters promise."""

import numpy as np
import pytest

from heliograph.camera.types import EVENT, Packet, Size
from heliograph.simulation.camera.sensor import Plane, Sensor, SensorTraits

SIZE = Size(70, 12)
IDEAL = SensorTraits(
    threshold_on=0.25,
    threshold_off=0.25,
    mismatch_sigma=0.0,
    refractory_us=0,
    leak_hz=0.0,
    shot_noise_hz=0.0,
    hot_pixels=0,
    readout_us=1,
)


def flat(level: float = 0.0, size: Size = SIZE) -> Plane:
    return np.full((size.height, size.width), level, np.float32)


def with_pixel(level: float, *, x: int = 66, y: int = 5) -> Plane:
    picture = flat()
    picture[y, x] = level
    return picture


def traits(**changes: float) -> SensorTraits:
    values = {name: getattr(IDEAL, name) for name in SensorTraits.__slots__}
    return SensorTraits(**(values | changes))


def filmed(sensor: Sensor, *pictures: Plane, step_us: int = 5_000) -> Packet:
    packets = [sensor.step(p, i * step_us) for i, p in enumerate(pictures)]
    return np.concatenate(packets)


@pytest.mark.parametrize("steps", [1, 2, 7])
@pytest.mark.parametrize(("sign", "polarity"), [(1, 1), (-1, 0)])
def test_a_step_of_k_thresholds_gives_k_events_of_its_sign(
    steps: int, sign: int, polarity: int
) -> None:
    events = filmed(
        Sensor(SIZE, IDEAL, seed=1), flat(), with_pixel(sign * steps * 0.25)
    )
    assert len(events) == steps
    assert set(events[["x", "y", "p"]].tolist()) == {(66, 5, polarity)}


def test_less_than_a_threshold_gives_nothing_but_is_remembered() -> None:
    sensor = Sensor(SIZE, IDEAL, seed=1)
    assert len(filmed(sensor, flat(), with_pixel(0.24))) == 0
    assert len(sensor.step(with_pixel(0.26), 10_000)) == 1


def test_there_and_back_gives_as_many_of_both_signs() -> None:
    events = filmed(Sensor(SIZE, IDEAL, seed=1), flat(), with_pixel(1.0), flat())
    assert events["p"].tolist() == [1, 1, 1, 1, 0, 0, 0, 0]


def test_thresholds_may_differ_between_the_signs() -> None:
    sensor = Sensor(SIZE, traits(threshold_on=0.5, threshold_off=0.125), seed=1)
    events = filmed(sensor, flat(), with_pixel(1.0), flat())
    assert events["p"].tolist() == [1] * 2 + [0] * 8


def test_events_are_spread_over_the_time_between_two_pictures() -> None:
    events = filmed(Sensor(SIZE, IDEAL, seed=1), flat(), with_pixel(1.0), step_us=8_000)
    assert events["t"].tolist() == [2_000, 4_000, 6_000, 8_000]


def test_a_scene_at_rest_gives_nothing_without_noise() -> None:
    assert len(filmed(Sensor(SIZE, IDEAL, seed=1), *[flat(0.3)] * 50)) == 0


def test_noise_comes_at_its_rate_and_in_both_signs() -> None:
    size = Size(100, 100)
    sensor = Sensor(size, traits(shot_noise_hz=0.5), seed=1)
    events = filmed(sensor, *[flat(size=size)] * 41, step_us=100_000)
    # 10,000 pixels, 4 s, 0.5 Hz: 20,000 expected; five sigma is 700.
    assert abs(len(events) - 20_000) < 700
    assert abs(events["p"].mean() - 0.5) < 0.02


def test_leak_gives_positive_events_spread_over_time() -> None:
    size = Size(100, 100)
    sensor = Sensor(size, traits(leak_hz=0.1), seed=1)
    events = filmed(sensor, *[flat(size=size)] * 81, step_us=250_000)
    # 10,000 pixels, 20 s, 0.1 Hz.
    assert abs(len(events) - 20_000) < 400
    assert set(events["p"].tolist()) == {1}
    by_second = np.bincount(events["t"] // 1_000_000, minlength=20)[:20]
    assert by_second.min() > 800
    assert by_second.max() < 1_200


def test_hot_pixels_fire_at_rest_and_nobody_else() -> None:
    sensor = Sensor(SIZE, traits(hot_pixels=2, hot_pixel_hz=100.0), seed=1)
    events = filmed(sensor, *[flat()] * 201)
    assert len(set(events[["x", "y"]].tolist())) == 2
    assert abs(len(events) - 200) < 75


def test_a_pixel_rests_after_an_event() -> None:
    fast = traits(refractory_us=3_000)
    events = filmed(Sensor(SIZE, fast, seed=1), flat(), with_pixel(1.0), step_us=8_000)
    assert events["t"].tolist() == [2_000, 6_000]


def test_no_pixel_of_a_noisy_sensor_fires_within_its_rest() -> None:
    sensor = Sensor(SIZE, SensorTraits(shot_noise_hz=200.0, hot_pixel_hz=900.0), seed=3)
    rng = np.random.default_rng(3)
    pictures = [rng.normal(0, 0.6, (12, 70)).astype(np.float32) for _ in range(40)]
    events = filmed(sensor, *pictures)
    assert len(events) > 10_000
    pixel = events["y"].astype(np.int64) * SIZE.width + events["x"]
    order = np.lexsort([events["t"], pixel])
    same = np.diff(pixel[order]) == 0
    assert np.diff(events["t"][order])[same].min() >= 500


def test_time_never_falls_and_keeps_to_the_readout_clock() -> None:
    sensor = Sensor(SIZE, SensorTraits(shot_noise_hz=50.0), seed=2)
    rng = np.random.default_rng(2)
    pictures = [rng.normal(0, 0.5, (12, 70)).astype(np.float32) for _ in range(20)]
    events = filmed(sensor, *pictures, step_us=1_234)
    assert events.dtype == EVENT
    assert np.diff(events["t"]).min() >= 0
    assert not (events["t"] % 50).any()


def test_mismatch_makes_pixels_differ() -> None:
    picture = [flat(), flat(1.0)]
    alike = filmed(Sensor(SIZE, IDEAL, seed=1), *picture)
    unlike = filmed(Sensor(SIZE, traits(mismatch_sigma=0.05), seed=1), *picture)
    counts = np.bincount(unlike["x"])
    assert len(alike) == 4 * SIZE.width * SIZE.height
    assert counts.min() < counts.max()


def test_the_seed_decides_everything() -> None:
    def run(seed: int) -> Packet:
        sensor = Sensor(SIZE, SensorTraits(shot_noise_hz=20.0), seed=seed)
        return filmed(sensor, *[flat(0.1 * i) for i in range(10)])

    assert run(1).tolist() == run(1).tolist()
    assert run(1).tolist() != run(2).tolist()


def test_a_picture_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(3, 4\), the sensor \(12, 70\)"):
        Sensor(SIZE, seed=1).step(np.zeros((3, 4), np.float32), 0)


def test_time_must_go_forward() -> None:
    sensor = Sensor(SIZE, seed=1)
    sensor.step(flat(), 100)
    with pytest.raises(ValueError, match="100 us does not come after 100 us"):
        sensor.step(flat(), 100)


def test_a_clock_without_ticks_is_refused() -> None:
    with pytest.raises(ValueError, match="readout_us is 0"):
        Sensor(SIZE, SensorTraits(readout_us=0), seed=1)


def test_a_dark_pixel_is_noisier_by_the_trait() -> None:
    traits = SensorTraits(
        leak_hz=0.0, hot_pixels=0, shot_noise_hz=50.0, dark_noise=4.0, refractory_us=0
    )
    sensor = Sensor(Size(64, 64), traits, seed=3)
    picture = np.zeros((64, 64), np.float32)
    picture[:, :32] = -9.0
    sensor.step(picture, 0)
    noise = sensor.step(picture, 1_000_000)
    dark = np.count_nonzero(noise["x"] < 32)
    bright = noise.size - dark
    assert 0.9 < bright / (50 * 64 * 32) < 1.1
    assert 3.7 < dark / bright < 4.3


def test_a_photoreceptor_follows_light_late_and_later_in_the_dark() -> None:
    traits = SensorTraits(
        leak_hz=0.0,
        hot_pixels=0,
        shot_noise_hz=0.0,
        mismatch_sigma=0.0,
        refractory_us=0,
        readout_us=1,
        cutoff_hz=50.0,
    )
    sensor = Sensor(Size(2, 1), traits, seed=3)
    sensor.step(np.array([[-1.0, -4.5]], np.float32), 0)
    risen = np.array([[-0.01, -3.51]], np.float32)
    packets = [sensor.step(risen, t_us) for t_us in range(1_000, 200_001, 1_000)]
    events = np.concatenate(packets)
    bright, dark = (events["t"][events["x"] == x] for x in (0, 1))
    # A time constant of 1 / (2 pi 50 Hz) is 3.2 ms; in the dark ten times as long.
    assert bright.size == dark.size == 3
    assert 4_000 < bright[-1] < 6_500
    assert 35_000 < dark[-1] < 60_000


def noise(*, spread: float = 0.0, echoes: float = 0.0) -> Packet:
    traits = SensorTraits(
        leak_hz=0.0,
        hot_pixels=0,
        shot_noise_hz=2.0,
        refractory_us=0,
        readout_us=1,
        noise_spread=spread,
        echo_share=echoes,
    )
    sensor = Sensor(Size(64, 64), traits, seed=3)
    picture = np.zeros((64, 64), np.float32)
    times = range(0, 4_000_001, 100_000)
    return np.concatenate([sensor.step(picture, t_us) for t_us in times])


def test_noise_falls_unevenly_by_the_trait() -> None:
    silent, events = [], []
    for spread in (0.0, 2.0):
        found = noise(spread=spread)
        at = found["y"].astype(np.int64) * 64 + found["x"]
        silent.append(np.mean(np.bincount(at, minlength=64 * 64) == 0))
        events.append(found.size)
    assert silent[0] < 0.01
    assert silent[1] > 0.2
    assert events[1] == pytest.approx(events[0], rel=0.1)


def test_echoes_follow_soon_on_the_same_pixel_with_the_other_polarity() -> None:
    plain, echoed = noise(), noise(echoes=0.5)
    assert echoed.size == pytest.approx(1.5 * plain.size, rel=0.05)
    soon = []
    for found in (plain, echoed):
        at = found["y"].astype(np.int64) * 64 + found["x"]
        order = np.lexsort((found["t"], at))
        near = (np.diff(at[order]) == 0) & (np.diff(found["t"][order]) < 10_000)
        turned = np.diff(found["p"][order].astype(np.int64)) != 0
        soon.append(np.count_nonzero(near & turned) / found.size)
    assert soon[0] < 0.03
    assert soon[1] > 0.25
    assert (np.diff(echoed["t"]) >= 0).all()
