"""Each dialect against each case, as files: a review reads the difference.

`tests/golden/wire/<case>/` holds `chat.json` (the request at our door), and for each
dialect `<dialect>.request.json` and, where there is an answer, `<dialect>.sse` with
its `<dialect>.chunks` as the caller gets them.
"""

import json
from functools import partial
from pathlib import Path

import pytest

from heliograph.gateway.types import Chat, Failure
from heliograph.gateway.wire.chat import read
from heliograph.gateway.wire.dialects import DIALECTS
from wire_cases import ANTHROPIC, FACTS, OPENAI, body_of, tell

GOLDEN = Path(__file__).resolve().parents[3] / "golden" / "wire"
CASES = sorted(path.parent.name for path in GOLDEN.glob("*/chat.json"))
STREAMS = sorted(path.relative_to(GOLDEN) for path in GOLDEN.glob("*/*.sse"))
ROWS = {"openai": OPENAI, "anthropic": ANTHROPIC}


def chat_at_the_door(case: str) -> Chat:
    chat = read((GOLDEN / case / "chat.json").read_bytes())
    assert isinstance(chat, Chat), chat
    return chat


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dialect", ROWS)
def test_the_request_of_a_case_is_the_golden_one(case: str, dialect: str) -> None:
    chat = chat_at_the_door(case)
    model = {"openai": "gpt-4o", "anthropic": "claude-sonnet-4-6"}[dialect]
    request = DIALECTS[dialect].encode(chat, model, ROWS[dialect], FACTS)
    golden = json.loads((GOLDEN / case / f"{dialect}.request.json").read_bytes())
    if isinstance(request, Failure):
        assert {"param": request.param, "message": request.message} == golden
    else:
        assert body_of(request) == golden


@pytest.mark.parametrize("path", STREAMS, ids=str)
def test_the_stream_of_a_case_is_the_golden_one(path: Path) -> None:
    chat = chat_at_the_door(path.parent.name)
    begin = partial(DIALECTS[path.stem].stream, chat)
    told = tell(begin, (GOLDEN / path).read_bytes())
    assert told.out == (GOLDEN / path).with_suffix(".chunks").read_bytes()
    assert told.complete


def test_there_are_cases() -> None:
    assert len(CASES) == 4
    assert len(STREAMS) == 4
