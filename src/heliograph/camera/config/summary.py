"""What a camera's file says, in a few lines for its writer."""

from heliograph.camera.config.file import CameraConfig


def config_summary(config: CameraConfig, *, file: str) -> str:
    """Return what *config*, read from *file*, comes to. The key is not in it."""
    watch = config.watch
    again = (
        "once a track"
        if watch.again_us is None
        else f"a track's next after {watch.again_us / 1e6:g} s"
    )
    model = config.model or "the first model it lists"
    key = "" if config.key is None else ", with a key"
    lines = [
        f"{file}: camera {watch.camera}",
        f"  watches {_watched(config)}",
        f"  asks {model} at {config.url}{key}",
        f"  captions: at most {watch.captions_per_s:g} a second, {again}",
        f"  each is worth waiting for {watch.deadline_s:g} s",
    ]
    lines.append(f"  finds {_found(config)}")
    if watch.reconstruction is not None:
        lines.append(f"  shows pictures that {watch.reconstruction} makes of events")
    if (spool := watch.spool) is not None:
        lines.append(
            f"  spool {spool.file}: {spool.rows_max:,} pictures, "
            f"{spool.bytes_max >> 20:,} MB, {spool.keep_s / 3600:g} h"
        )
    if watch.zones or watch.lines:
        ids = [zone.id for zone in watch.zones] + [line.id for line in watch.lines]
        lines.append(f"  zones and lines: {', '.join(ids)}")
    if config.view is not None:
        host, port = config.view
        lines.append(f"  is shown to browsers at {host}:{port}")
    if (mqtt := watch.mqtt) is not None:
        lines.append(f"  tells {mqtt.url} under {mqtt.topic}/{watch.camera}")
    if watch.webhook is not None:
        signed = "" if watch.webhook.secret is None else ", signed"
        lines.append(f"  posts captions to a webhook{signed}")
    if (shots := watch.snapshots) is not None:
        lines.append(f"  snapshots in {shots.folder}: {shots.bytes_max >> 20:,} MB")
    if (clips := watch.clips) is not None:
        lines.append(
            f"  clips in {clips.folder}: {clips.before_us / 1e6:g} s before and "
            f"{clips.after_us / 1e6:g} s after, {clips.bytes_max >> 20:,} MB"
        )
    if watch.metrics is not None:
        host, port = watch.metrics
        lines.append(f"  metrics at http://{host}:{port}/metrics")
    return "\n".join(lines)


def _watched(config: CameraConfig) -> str:
    """Say what is watched, how large it is and whether it grows."""
    told = config.source or "what the command names"
    if config.size is not None:
        told += f", {config.size.width}x{config.size.height}"
    return f"{told}, as it grows" if config.follow else told


def _found(config: CameraConfig) -> str:
    """Say what finds things."""
    detector = config.watch.detector
    if detector.kind == "blobs":
        return "what moves, as blobs"
    weights = detector.weights or "the weights of the package"
    return f"things by a network, {weights}"
