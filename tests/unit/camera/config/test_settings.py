"""Settings that cannot work are refused with the fix."""

from dataclasses import fields
from typing import Any

import pytest

from heliograph.camera.config import SettingError, WatchSettings, clean_gateway_url


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        (" http://gateway:8080/v1/ ", "http://gateway:8080"),
        ("https://[::1]:8443/inner", "https://[::1]:8443/inner"),
    ],
)
def test_an_address_is_taken_with_and_without_v1(written: str, clean: str) -> None:
    assert clean_gateway_url(written) == clean


@pytest.mark.parametrize(
    "written",
    ["", "localhost:8080", "ftp://x", "http://", "http://x:99999", "http://[::1"],
)
def test_what_is_no_address_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(SettingError, match=r"write it as http://127.0.0.1:8080"):
        clean_gateway_url(written)


def test_a_password_in_the_address_is_refused_without_being_shown() -> None:
    with pytest.raises(SettingError) as caught:
        clean_gateway_url("http://me:hunter2@gateway:8080")
    assert "hunter2" not in str(caught.value)


NUMBERS = [
    field.name
    for field in fields(WatchSettings)
    if isinstance(getattr(WatchSettings(), field.name), int | float)
]


@pytest.mark.parametrize("name", NUMBERS)
def test_no_number_may_be_zero_or_less(name: str) -> None:
    wrong: dict[str, Any] = {name: 0}
    with pytest.raises(SettingError, match=f"{name} must be above 0"):
        WatchSettings(**wrong)
