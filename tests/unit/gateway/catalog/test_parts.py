"""What of a prompt is text, seen at once or by looking for all else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.gateway.catalog import parts
from heliograph.gateway.catalog.parts import Parts, is_text, parts_of

NAMES = ("role", "content", "name", "type", "text", "image_url", "url", "data", "file")
PAYLOADS = (
    "user",
    "text",
    'a "url": b',
    "data:image/png;base64,iVBORw0KGgo=",
    "\\u0075",
)
VALUES = st.recursive(
    st.sampled_from([None, 1, *PAYLOADS]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    ),
    max_leaves=8,
)
TEXT = [{"type": "text", "text": "seen"}]


@given(
    st.lists(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4), max_size=3)
)
def test_what_is_seen_to_be_text_has_no_other_part(messages: list[object]) -> None:
    said = json.dumps(messages).encode()
    found = parts._parts(said, ("openai", "gpt-4o"))
    if is_text(said):
        assert found == Parts(said)
    assert parts_of(said, "openai", "gpt-4o") == found


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": 'He said: "file": null'},
        {"role": "user", "content": TEXT, "name": "gate"},
        {"role": "assistant", "content": None},
    ],
)
def test_text_is_seen_at_once(message: dict[str, object]) -> None:
    assert is_text(json.dumps([message]).encode())


@pytest.mark.parametrize(
    "said",
    [
        b'[{"role": "user", "content": "a", "image": "data:image/png;base64,aaaa"}]',
        b'[{"role": "user", "content": "a", "im\\u0061ge": "aaaa"}]',
        b'[{"role": "user", "content": [{"type": "file"}], "content": "a"}]',
        b'[{"role": "user", "content": [{"type": "text", "text": "a", "data": "b"}]}]',
        b'[{"role": "user", "content": {"type": "text", "text": "a"}}]',
        b'[{"role": "user", "content": "\xff"}]',
        b'[{"role": "user", "content": "a", "cache_control": {}}]',
        b'[{"role": "user"',
    ],
)
def test_whatever_is_not_known_needs_a_closer_look(said: bytes) -> None:
    assert not is_text(said)
