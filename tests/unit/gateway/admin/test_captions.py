"""The caption in an answer that was kept."""

import json

import pytest

from heliograph.gateway.admin.captions import text_of


def answer(content: str | None) -> str:
    message = {"role": "assistant", "content": content}
    return json.dumps({"id": "x", "choices": [{"index": 0, "message": message}]})


STRUCTURED = json.dumps({"caption": "a car", "actions": ["parks"], "confidence": 0.9})


@pytest.mark.parametrize(
    ("kept", "text"),
    [
        (answer("a person walks by"), "a person walks by"),
        (answer(STRUCTURED), "a car"),
        (answer('{"caption": 7}'), '{"caption": 7}'),
        (answer("7"), "7"),
        (answer(None), None),
        (answer("a person walks by")[:40], None),
        ('{"choices": []}', None),
        ('{"error": {"message": "no"}}', None),
        ("data: {}", None),
        ("", None),
    ],
)
def test_the_text_is_what_the_model_said(kept: str, text: str | None) -> None:
    assert text_of(kept) == text
