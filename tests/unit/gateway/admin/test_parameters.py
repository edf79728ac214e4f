"""What is asked for is read with bounds, or refused by its name."""

import pytest
from msgspec.json import Decoder
from starlette.requests import Request
from starlette.types import Message

from heliograph.gateway.admin.errors import AdminError
from heliograph.gateway.admin.parameters import (
    choice_field,
    count_field,
    iso_of,
    read_body,
    read_query,
    text_field,
    time_field,
)
from heliograph.gateway.admin.routes import WAYS

ANY = Decoder(dict[str, str])
FIELDS = {
    "name": text_field("a name"),
    "limit": count_field("how many", 10),
    "form": choice_field("in what form", "json", "csv"),
    "since": time_field("from when"),
}


def asking(query: str) -> Request:
    return Request({"type": "http", "query_string": query.encode(), "headers": []})


def test_all_that_is_known_is_read() -> None:
    found = read_query(asking("name=a%20b&limit=10&form=csv&since=1h"), FIELDS, 7200.0)
    assert found == {"name": "a b", "limit": 10, "form": "csv", "since": 3600.0}
    assert read_query(asking(""), FIELDS, 0.0) == {}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("nam=a", "nam"),
        ("name=", "name"),
        (f"name={'a' * 201}", "name"),
        ("name=a&name=b", "name"),
        ("limit=11", "limit"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=1e1", "limit"),
        ("limit=%D9%A3", "limit"),  # a digit, and not one of ours
        (f"limit={'9' * 99}", "limit"),
        ("form=xml", "form"),
        ("since=soon", "since"),
    ],
)
def test_a_mistake_is_told_by_name(query: str, field: str) -> None:
    with pytest.raises(AdminError) as refused:
        read_query(asking(query), FIELDS, 0.0)
    assert (refused.value.status, refused.value.field) == (400, field)
    assert refused.value.fix


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, None),
        (0, "1970-01-01T00:00:00Z"),
        (1_790_000_000.25, "2026-09-21T14:13:20.250Z"),
    ],
)
def test_moments_are_written_in_utc(seconds: float | None, text: str | None) -> None:
    assert iso_of(seconds) == text


def test_every_path_is_there_once_and_says_what_it_is() -> None:
    ways = [(way.method, way.path) for way in WAYS]
    assert len(set(ways)) == len(ways)
    assert all(way.answer.__doc__ for way in WAYS)
    assert all(way.open == way.path.endswith("/session") for way in WAYS)


async def test_a_body_that_is_cut_off_is_no_fault_of_ours() -> None:
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    headers = [(b"content-type", b"application/json")]
    with pytest.raises(AdminError) as refused:
        await read_body(Request({"type": "http", "headers": headers}, receive), ANY)
    assert (refused.value.status, refused.value.code) == (400, "gone")
