"""The `webhook` section: who is posted each caption. Its address may be a secret."""

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
from heliograph.yaml_reading.ranges import counts, seconds
from heliograph.yaml_reading.secret import Secret
from heliograph.yaml_reading.values import Reading
from heliograph.yaml_reading.variables import resolve

URL_FIX = "write it as https://HOST/PATH, without a user or password"


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Where captions are posted, and with which *secret* they are signed, if any.

    A post is tried `tries_max` times, each for `timeout_s`; `queue_max` wait. Raises
    `SettingError` for what is no address.
    """

    url: Secret
    secret: Secret | None = None
    timeout_s: float = 5.0
    tries_max: int = 8
    queue_max: int = 1_000

    def __post_init__(self) -> None:
        if not is_web_address(self.url.reveal()):
            raise SettingError(f"the webhook's address is none; {URL_FIX}")


WEBHOOK_KNOBS: Mapping[str, Knob] = MappingProxyType(
    {
        "timeout_s": Knob("timeout_s", seconds(60)),
        "tries_max": Knob("tries_max", counts(1, 100)),
        "queue_max": Knob("queue_max", counts(1, 100_000)),
    }
)
WEBHOOK_KEYS = ("url", "secret", *WEBHOOK_KNOBS)


def read_webhook(reading: Reading, node: Node, key: str) -> dict[str, Any]:
    """Return the webhook, where its address is written."""
    found: dict[str, Any] = read_knobs(
        reading,
        node,
        key,
        what="a table of an address and its bounds",
        knobs=WEBHOOK_KNOBS,
        also=("url", "secret"),
    )
    if not isinstance(node, MappingNode):
        return {}
    entries = {name: entry.value for name, entry in node.entries.items()}
    if "secret" in entries:
        found["secret"] = read_secret(reading, entries["secret"], f"{key}.secret")
    if "url" not in entries:
        reading.report(node, key, "no address is named", fix=f"url: {URL_FIX}")
        return {}
    text = resolve(reading, entries["url"], f"{key}.url", what="an address")
    if text is None:
        return {}
    reading.keep_secret(text)
    if not is_web_address(text):
        message = "this is no address"
        reading.report(entries["url"], f"{key}.url", message, fix=URL_FIX)
        return {}
    return {"webhook": WebhookSettings(Secret(text), **found)}


def is_web_address(text: str) -> bool:
    """Say whether *text* can be posted to."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and is_host(parts.hostname)
        usable = usable and parts.port != 0
    except ValueError:
        return False
    return usable and text.isascii() and text.isprintable() and "@" not in parts.netloc
