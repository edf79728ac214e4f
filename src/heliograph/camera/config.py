"""What a watch may be told, checked once at the start.

Nothing here reads a file or the environment: the caller passes everything in.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

GATEWAY_URL = "http://127.0.0.1:8080"


class SettingError(ValueError):
    """A setting that cannot be used; the message says which and what would do."""


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How a recording is watched. Times in sensor time unless they end in `_s`.

    `picture_tau_us` is the age at which the model's picture has faded to 1/e. Views
    of a track are judged every `look_us`. At most `captions_per_s` captions are asked
    for, a track's next one not before `again_us`. `deadline_s` bounds one caption from
    its picture to its answer, `workers` how many are asked for at once, `queue_max`
    how many wait, and `drain_s` how long the end waits for those under way.
    """

    delta_t_us: int = 10_000
    picture_tau_us: int = 100_000
    look_us: int = 30_000
    captions_per_s: float = 2.0
    again_us: int = 1_000_000
    deadline_s: float = 10.0
    connect_s: float = 3.0
    workers: int = 4
    queue_max: int = 4
    drain_s: float = 25.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if not value > 0:
                raise SettingError(f"{name} must be above 0, not {value}")


def clean_gateway_url(text: str) -> str:
    """Return the gateway's address without a slash or `/v1` at its end.

    Raises `SettingError` for anything but `http://HOST[:PORT]` and its https twin.
    """
    url = text.strip().rstrip("/").removesuffix("/v1")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        # Reading the port is what checks it.
        usable = usable and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise SettingError(
            f"the gateway {text!r} is no address: write it as {GATEWAY_URL}"
        )
    if parts.username or parts.password:
        raise SettingError(
            "the gateway's address carries a user or password, which would end up in "
            "messages: pass the key as an API key instead"
        )
    return url
