"""What the simulated model says, and what it costs in tokens."""

import base64
import io
import json

import msgspec
import pytest
from PIL import Image

from heliograph.simulation.providers.answer import compose
from heliograph.simulation.providers.rules import Fault
from heliograph.simulation.providers.types import (
    Answer,
    Ask,
    DialectName,
    Picture,
    Refusal,
    Tool,
)

ASK = Ask("some-model", text="one two three", chars=40)
TEXT = "[simulated] Your last message has 3 words and no picture."


def answer(
    ask: Ask, dialect: DialectName = "openai", *, fault: Fault | None = None
) -> Answer:
    made = compose(ask, dialect, serial="1", created_at=0, fault=fault)
    assert isinstance(made, Answer)
    return made


def changed(**changes: object) -> Ask:
    return msgspec.structs.replace(ASK, **changes)


def png(width: int, height: int) -> Picture:
    out = io.BytesIO()
    Image.new("L", (width, height), 128).save(out, "PNG")
    return Picture(base64.b64encode(out.getvalue()).decode(), "image/png")


def test_without_a_picture_the_words_of_the_last_message_are_counted() -> None:
    made = answer(ASK)
    assert made.text == TEXT
    assert (made.finish, made.model) == ("stop", "some-model")
    assert made.output_tokens == len(TEXT.split())
    assert made.input_tokens == 10


def test_max_tokens_cuts_the_text_after_so_many_words() -> None:
    made = answer(changed(max_tokens=4))
    assert made.text == "[simulated] Your last message"
    assert (made.finish, made.output_tokens) == ("length", 4)


def test_max_tokens_as_long_as_the_text_cuts_nothing() -> None:
    assert answer(changed(max_tokens=len(TEXT.split()))).finish == "stop"


def test_the_earliest_stop_sequence_ends_the_text() -> None:
    made = answer(changed(stop=("words", " message", "absent", "")))
    assert made.text == "[simulated] Your last"
    assert (made.finish, made.stop_sequence) == ("stop_sequence", " message")


def test_a_limit_before_the_stop_sequence_is_what_ends_the_text() -> None:
    made = answer(changed(stop=("words",), max_tokens=2))
    assert (made.text, made.finish) == ("[simulated] Your", "length")
    assert made.stop_sequence is None


def test_a_forced_tool_is_called_with_arguments_of_its_schema() -> None:
    schema: dict[str, object] = {
        "type": "object",
        "properties": {"city": {"type": "string"}},
    }
    made = answer(changed(tool=Tool("weather", schema)))
    assert (made.tool, made.finish, made.pieces) == ("weather", "tool", ())
    assert json.loads(made.arguments) == {"city": "simulated"}


@pytest.mark.parametrize(
    ("dialect", "tokens"), [("openai", 765), ("anthropic", 1399), ("gemini", 258)]
)
def test_a_picture_costs_what_its_provider_says(
    dialect: DialectName, tokens: int
) -> None:
    made = answer(changed(pictures=(png(1024, 1024),)), dialect)
    assert made.input_tokens == 10 + tokens
    assert made.text.startswith("[simulated] I see ")


def test_the_first_of_several_pictures_is_described_and_all_are_paid_for() -> None:
    made = answer(changed(pictures=(png(64, 64), png(64, 64))))
    assert "(the first of 2 pictures)" in made.text
    assert made.input_tokens == 10 + 2 * 255


def test_a_picture_behind_a_url_is_said_not_to_be_fetched() -> None:
    made = answer(changed(pictures=(Picture(url="https://example.com/a.png"),)))
    assert "a picture behind a URL is not fetched" in made.text


def test_a_picture_of_another_type_than_said_is_refused() -> None:
    ask = changed(
        pictures=(msgspec.structs.replace(png(8, 8), media_type="image/jpeg"),)
    )
    made = compose(ask, "anthropic", serial="1", created_at=0, fault=None)
    assert isinstance(made, Refusal)
    assert made.status == 400
    assert "it is image/png, not image/jpeg" in made.message


def test_a_fault_may_say_the_text_its_length_and_its_finish() -> None:
    assert answer(ASK, fault=Fault(answer="as told")).text == "[simulated] as told"
    assert answer(ASK, fault=Fault(answer_words=200)).output_tokens == 201
    assert answer(ASK, fault=Fault(finish="filter")).finish == "filter"
