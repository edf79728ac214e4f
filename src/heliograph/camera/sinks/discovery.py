"""How Home Assistant is told of a camera: one device, by MQTT discovery.

https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery
"""

from typing import Any

from heliograph import __version__

STATE_CHARS_MAX = 255
"""Home Assistant takes no longer state; the whole caption is an attribute."""


def topics_of(camera: str, prefix: str) -> dict[str, str]:
    """Return the topics of *camera* under *prefix* by what they carry."""
    carried = ("events", "captions", "availability", "snapshot")
    return {name: f"{prefix}/{camera}/{name}" for name in carried}


def discovery_of(
    camera: str, topics: dict[str, str], prefix: str
) -> dict[str, dict[str, Any]]:
    """Return what is published under *prefix*: a message for each topic."""
    mark = "".join(c if c.isalnum() or c in "_-" else "_" for c in camera)
    told = {
        "availability_topic": topics["availability"],
        "device": {
            "identifiers": [f"heliograph_{mark}"],
            "name": camera,
            "manufacturer": "Heliograph",
            "model": "Event camera",
            "sw_version": __version__,
        },
        "origin": {"name": "Heliograph", "sw_version": __version__},
    }
    caption = {
        "name": "Caption",
        "unique_id": f"heliograph_{mark}_caption",
        "state_topic": topics["captions"],
        "value_template": f"{{{{ value_json.text[:{STATE_CHARS_MAX}] }}}}",
        "json_attributes_topic": topics["captions"],
        "icon": "mdi:text-recognition",
    }
    snapshot = {
        "name": "Snapshot",
        "unique_id": f"heliograph_{mark}_snapshot",
        "image_topic": topics["snapshot"],
        "content_type": "image/png",
    }
    return {
        f"{prefix}/sensor/heliograph_{mark}/caption/config": caption | told,
        f"{prefix}/image/heliograph_{mark}/snapshot/config": snapshot | told,
    }
