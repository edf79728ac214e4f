"""Rewrite the goldens of the dialects from their inputs; then read the diff.

Run from the root: PYTHONPATH=src:tests .venv/bin/python tests/golden/rewrite.py
"""

import json
import sys
from functools import partial
from pathlib import Path

import inbound_cases
from heliograph.gateway.types import Chat, Failure
from heliograph.gateway.wire.chat import read
from heliograph.gateway.wire.dialects import DIALECTS
from wire_cases import ANTHROPIC, FACTS, OPENAI, body_of, tell

MODELS = {"openai": "gpt-4o", "anthropic": "claude-sonnet-4-6"}
ROWS = {"openai": OPENAI, "anthropic": ANTHROPIC}


def rewrite(case: Path) -> None:
    chat = read((case / "chat.json").read_bytes())
    if isinstance(chat, Failure):
        sys.exit(f"{case}: {chat.message}")
    for name in ROWS:
        text = json.dumps(written(name, chat), indent=2, ensure_ascii=False)
        (case / f"{name}.request.json").write_text(text + "\n", "utf-8")
        stream = case / f"{name}.sse"
        if stream.exists():
            told = tell(partial(DIALECTS[name].stream, chat), stream.read_bytes())
            stream.with_suffix(".chunks").write_bytes(told.out)


def written(name: str, chat: Chat) -> object:
    """Return what is sent, or how it is refused."""
    request = DIALECTS[name].encode(chat, MODELS[name], ROWS[name], FACTS)
    if isinstance(request, Failure):
        return {"param": request.param, "message": request.message}
    return body_of(request)


def rewrite_inbound() -> None:
    for dialect, path in inbound_cases.requests():
        chat = inbound_cases.shown(inbound_cases.read(dialect, path.read_bytes()))
        text = json.dumps(chat, indent=2, ensure_ascii=False)
        path.with_suffix(".chat.json").write_text(text + "\n", "utf-8")
    for path in inbound_cases.STREAMS:
        for dialect in inbound_cases.INBOUNDS:
            events = inbound_cases.events_of(path, dialect)
            events.parent.mkdir(exist_ok=True)
            events.write_bytes(inbound_cases.told(dialect, path.read_bytes()))


if __name__ == "__main__":
    for chat_json in sorted(Path(__file__).parent.glob("wire/*/chat.json")):
        rewrite(chat_json.parent)
    rewrite_inbound()
