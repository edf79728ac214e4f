"""What cameras were told: the exchanges that `heliograph watch` tags, and the texts."""

from typing import Any

import msgspec
from msgspec import Struct
from starlette.requests import Request

from heliograph.gateway.admin.house import House
from heliograph.gateway.admin.parameters import read_query, text_field
from heliograph.gateway.admin.record import LIMIT, PAGING, as_json, rest_of, within
from heliograph.gateway.ledger import search
from heliograph.gateway.ledger.database import Database, Row
from heliograph.gateway.ledger.search import Sought

CAMERA = "camera"
"""The name of the tag that every caption's exchange has."""
PLACED = {
    CAMERA: text_field("only those of this camera, as its file calls it"),
    "class": text_field("only of what was taken for one of these"),
    "zone": text_field("only of what was in this zone"),
    "direction": text_field("only of what went this way"),
}
FIELDS = {**PLACED, **PAGING}
EXCHANGE = (
    "id", "started_at", "duration_ms", "outcome", "error", "provider", "model",
    "cost_usd", "known_cost_usd", "unknown_costs",
)  # fmt: skip


class _Message(Struct):
    content: str | None = None


class _Choice(Struct):
    message: _Message


class _Answer(Struct):
    choices: list[_Choice]


class _Structured(Struct):
    caption: str


_ANSWER = msgspec.json.Decoder(_Answer)
_STRUCTURED = msgspec.json.Decoder(_Structured)


async def listed(house: House, request: Request) -> dict[str, Any]:
    """List captions, the newest first; their text is told where bodies are kept."""
    asked = read_query(request, FIELDS, house.clock.wall_s())
    tags = tuple(f"{name}={asked[name]}" for name in PLACED if name in asked)
    sought = Sought(tags=tags, named=CAMERA, **within(asked))
    limit, before = asked.get("limit", LIMIT), asked.get("before")

    def question(database: Database) -> dict[str, Any]:
        page = search.search(database, sought, before, limit)
        numbers = [int(row[0] or 0) for row in page.rows]
        answers = search.answers_of(database, numbers)
        data = [
            caption_as_json(row, answers.get(number))
            for number, row in zip(numbers, page.rows, strict=True)
        ]
        return {"data": data, **rest_of(page)}

    return await house.desk.ask(question)


def caption_as_json(row: Row, answer: str | None) -> dict[str, Any]:
    """Write a caption; its text is None where it is not kept, or there is none."""
    exchange = as_json(row)
    pairs = [tag.partition("=") for tag in exchange["tags"]]
    said = {name: value for name, equals, value in pairs if equals}
    return {
        **{name: exchange[name] for name in EXCHANGE},
        "camera": said.get(CAMERA),
        "class": said.get("class"),
        "zones": [value for name, _, value in pairs if name == "zone"],
        "direction": said.get("direction"),
        "text": None if answer is None else text_of(answer),
    }


def text_of(answer: str) -> str | None:
    """Return the caption in a kept answer; None where that is cut, or is none.

    A model that was asked for JSON wrote the caption as a member of it.
    """
    try:
        choices = _ANSWER.decode(answer).choices
    except msgspec.DecodeError:
        return None
    text = choices[0].message.content if choices else None
    if text is None:
        return None
    try:
        return _STRUCTURED.decode(text).caption
    except msgspec.DecodeError:
        return text
