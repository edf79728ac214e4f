"""What a caller calls its exchanges."""

import pytest

from heliograph.gateway.types import Failure
from heliograph.gateway.wire.tags import TAG_CHARACTERS_MAX, TAGS_MAX, read_tags


def said(value: bytes) -> str:
    failure = read_tags(value)
    assert isinstance(failure, Failure)
    assert (failure.status, failure.param) == (400, "x-heliograph-tags")
    return failure.message


def test_tags_are_read_in_order_once_each() -> None:
    assert read_tags(b"night, run=7,night , a/b:c@d+e-f_g.h") == (
        "night",
        "run=7",
        "a/b:c@d+e-f_g.h",
    )


@pytest.mark.parametrize("value", [b"", b" ", b",", b" , ,"])
def test_nothing_between_commas_is_no_tag(value: bytes) -> None:
    assert read_tags(value) == ()


def test_as_many_and_as_long_as_may_be() -> None:
    longest = b"x" * TAG_CHARACTERS_MAX
    assert read_tags(longest) == (longest.decode(),)
    assert "tag 1 cannot be used" in said(longest + b"x")
    most = [b"t%d" % number for number in range(TAGS_MAX)]
    assert len(read_tags(b",".join(most))) == TAGS_MAX  # type: ignore[arg-type] # a failure has no length
    assert "holds 17 tags; send at most 16" in said(b",".join([*most, b"more"]))


@pytest.mark.parametrize(
    "bad",
    [b"two words", b"=x", b"a=", b"a=b=c", b"-a", b"<b>", b"a;b", b'"a"', b"\xc3\xa9"],
)
def test_what_cannot_be_a_tag_is_told_by_its_place_and_not_quoted(bad: bytes) -> None:
    message = said(b"good," + bad)
    assert "tag 2 cannot be used; write a name, or name=value" in message
    assert bad.decode("latin-1") not in message
