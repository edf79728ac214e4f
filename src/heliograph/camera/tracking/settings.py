"""When a track is believed, and how long it is kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """When a track is believed, and how long it is kept. Times in sensor time.

    A track is confirmed with `hits_min` boxes over `confirm_us`. It coasts when unseen
    for `coast_us` and drifts on for `drift_us`. Unseen for `rest_us`, one that was
    slow when it was last seen (below `slow_px_s`, or `slow_share` of its longer side a
    second) is stationary, and is held there for `stationary_us`; one that was fast is
    held for `hold_us`, and looked for where its way would have led for `hidden_us`.
    One never confirmed ends after `tentative_us` unseen, one last seen within
    `edge_px` of the sensor's edge after `edge_us`.

    A box belongs to a track from `affinity_min` on. One that a track covers by
    `part_min`, or that stands above or below it within `gap_share` of its width, is a
    part of it. Two that were found above each other and are one box for `join_us` are
    one thing. A track that another covers and that has not been seen for `absorb_us`
    was a part and ends; two that differ by `crossing_px_s` are two that cross. At most
    `tracks_max` live at a time: who is unseen the longest gives way to a new one, and
    where all are seen the surplus of boxes is left out.

    With `parts` off each box is a whole thing, as a network draws it: none is joined
    to another, and one begins no track only where a track of its label covers it by
    `inside_min`, which is the same thing drawn twice.

    A measured centre is taken to be off by `position_sigma_px` plus a share of the
    box's side. A box grows with `grow_tau_us` and shrinks with `shrink_tau_us`: what
    is not seen of a thing is at rest more often than gone.
    """

    hits_min: int = 8
    confirm_us: int = 200_000
    coast_us: int = 100_000
    drift_us: int = 250_000
    rest_us: int = 500_000
    slow_px_s: float = 60.0
    slow_share: float = 1.0
    stationary_us: int = 60_000_000
    hold_us: int = 4_000_000
    hidden_us: int = 1_500_000
    tentative_us: int = 120_000
    join_us: int = 30_000
    absorb_us: int = 1_000_000
    crossing_px_s: float = 40.0
    edge_us: int = 1_000_000
    edge_px: float = 8.0
    affinity_min: float = 0.15
    parts: bool = True
    part_min: float = 0.6
    inside_min: float = 0.9
    gap_share: float = 1.0
    tracks_max: int = 64
    grow_tau_us: int = 60_000
    shrink_tau_us: int = 400_000
    position_sigma_px: float = 8.0
    position_sigma_share: float = 0.2
    velocity_sigma_px_s: float = 200.0
    acceleration_sigma_px_s2: float = 400.0
