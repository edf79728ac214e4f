"""The `mqtt` section: which broker hears of captions, and as whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from heliograph.camera.config.errors import SettingError
from heliograph.camera.config.hosts import is_host
from heliograph.camera.config.knobs import Knob, read_knobs
from heliograph.yaml_reading.document import MappingNode, Node
from heliograph.yaml_reading.keys import read_secret
from heliograph.yaml_reading.ranges import counts
from heliograph.yaml_reading.secret import Secret
from heliograph.yaml_reading.values import Reading, read_text

PORTS = {"mqtt": 1883, "mqtts": 8883}
TOPIC_FIX = (
    "write levels such as a/b, up to 200 characters without +, #, $ or empty ones"
)
URL_FIX = "write it as mqtt://HOST[:PORT], or mqtts:// for TLS"
TOPIC_CHARS_MAX = 200
OFF = "off"


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """A broker at *url*; topics are `topic/CAMERA/...`.

    `discovery` is the prefix under which Home Assistant looks for devices; None leaves
    it alone. At most `queue_max` messages wait while the broker is away. Raises
    `SettingError` for what is no address of a broker.
    """

    url: str
    username: str | None = None
    password: Secret | None = None
    topic: str = "heliograph"
    discovery: str | None = "homeassistant"
    keepalive_s: int = 30
    queue_max: int = 1_000

    def __post_init__(self) -> None:
        if fault_of_broker(self.url):
            raise SettingError(f"the broker's address is none; {URL_FIX}")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or PORTS[parts.scheme]

    @property
    def is_tls(self) -> bool:
        """Say whether the broker is spoken to by TLS."""
        return urlsplit(self.url).scheme == "mqtts"


MQTT_KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "keepalive_s": Knob("keepalive_s", counts(1, 3_600)),
        "queue_max": Knob("queue_max", counts(1, 65_535)),
    }
)
MQTT_TEXTS = ("url", "username", "password", "topic", "discovery")
MQTT_KEYS = (*MQTT_TEXTS, *MQTT_KNOBS)


def read_mqtt(reading: Reading, node: Node, key: str) -> dict[str, Any]:
    """Return the broker, where its address is written."""
    found: dict[str, Any] = read_knobs(
        reading,
        node,
        key,
        what="a table of the broker's address and topics",
        knobs=MQTT_KNOBS,
        also=MQTT_TEXTS,
    )
    if not isinstance(node, MappingNode):
        return {}
    entries = {name: entry.value for name, entry in node.entries.items()}
    if "password" in entries:
        where = f"{key}.password"
        found["password"] = read_secret(reading, entries["password"], where)
    for name in ("url", "username", "topic", "discovery"):
        if name in entries:
            found[name] = _read_text(reading, entries[name], key, name)
    if "password" in entries and "username" not in entries:
        message = "a password is sent with a username only"
        where = f"{key}.password"
        reading.report(entries["password"], where, message, fix="write username: too")
    if "url" not in entries:
        reading.report(node, key, "no broker is named", fix=f"url: {URL_FIX}")
        return {}
    told = {name: value for name, value in found.items() if value is not None}
    if told.get("discovery") == OFF:
        told["discovery"] = None
    return {"mqtt": MqttSettings(**told)} if "url" in told else {}


def fault_of_broker(url: str) -> bool:
    """Say whether *url* is no broker's address. A password has no place in it."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in PORTS and is_host(parts.hostname) and parts.port != 0
    except ValueError:
        return True
    alone = not (parts.path or parts.query or parts.username or parts.password)
    return not (usable and alone)


def is_topic(text: str) -> bool:
    """Say whether messages can be published below *text*.

    What begins with $ is the broker's own (MQTT 5, 4.7.2).
    """
    known = text.isprintable() and len(text) <= TOPIC_CHARS_MAX and text[0] != "$"
    return known and not set(text) & {"+", "#"} and "" not in text.split("/")


def _read_text(reading: Reading, node: Node, key: str, name: str) -> str | None:
    """Read one of the texts that has a form of its own."""
    where = f"{key}.{name}"
    text = read_text(reading, node, where, what="a text")
    if text is None:
        return None
    if name == "url" and fault_of_broker(text):
        # What was written is not repeated: it may hold a password.
        reading.report(node, where, "this is no address of a broker", fix=URL_FIX)
        return None
    if name in {"topic", "discovery"} and not is_topic(text):
        reading.report(node, where, "this is no topic", fix=TOPIC_FIX)
        return None
    return text
