"""Why a track was chosen or not, in a line for people."""

from heliograph.camera.captioning.policy_terms import Verdict


def verdict_line(verdict: Verdict, *, begin_us: int) -> str:
    """Write *verdict*, its time counted from *begin_us*."""
    at_s = (verdict.t_us - begin_us) / 1e6
    what = verdict.kind.replace(" ", ", ") if verdict.asked else "not asked"
    return f"{at_s:8.2f} s  track {verdict.track_id}  {what}: {verdict.text}"
