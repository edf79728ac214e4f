"""Which names of machines can be looked up."""

import pytest

from heliograph.camera.config import (
    MqttSettings,
    SettingError,
    WebhookSettings,
    clean_gateway_url,
)
from heliograph.camera.config.hosts import is_host
from heliograph.yaml_reading.secret import Secret

BAD = ["a..b", "x" * 64 + ".lan", "a\0b", ""]


@pytest.mark.parametrize(
    "host", ["::1", "10.0.0.1", "box.lan", "box.lan.", "bücher.de"]
)
def test_a_name_or_number_can_be_looked_up(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize("host", BAD)
def test_a_name_that_no_resolver_takes_is_refused_before_a_thread_dies_of_it(
    host: str,
) -> None:
    assert not is_host(host)
    with pytest.raises(SettingError, match="write it as mqtt://"):
        MqttSettings(f"mqtt://{host}")
    with pytest.raises(SettingError, match="write it as https://"):
        WebhookSettings(Secret(f"https://{host}/hook"))
    with pytest.raises(SettingError, match="write it as http://"):
        clean_gateway_url(f"http://{host}")
