"""Puts the stream of one target behind what another has already said.

The caller sees one answer: one id, one role, one text. By prefill the new stream goes
on where the old one ended; by restart it says everything again, and what the caller
has is left out for as long as it is the same. If it is not, the splice has diverged.
"""

from msgspec import Raw, json

from heliograph.gateway.types import Blame, Failure
from heliograph.gateway.wire.json_text import UNREADABLE
from heliograph.gateway.wire.reading import DONE
from heliograph.gateway.wire.transcript import Chunk, Transcript, events, text_of

_CHUNK = json.Decoder(Chunk)
_OBJECT = json.Decoder(dict[str, Raw])
_CHOICES = json.Decoder(list[dict[str, Raw]])
_DONE = b"[DONE]"


class Splice:
    """The rest of one answer, from another target.

    *comment* goes before `[DONE]`: it says what was done.
    """

    def __init__(self, sent: Transcript, *, prefill: bool, comment: str) -> None:
        text = sent.text
        self.head = {
            "id": Raw(json.encode(sent.id)),
            "created": sent.created,
        }
        self.comment = comment.encode()
        self.lenient = prefill
        self.due = text[len(text.rstrip()) :] if prefill else text
        """What the caller has already, and the new stream may say again."""
        self.failure: Failure | None = None

    def feed(self, data: bytes) -> bytes:
        """Take in events framed by us; return those that the caller gets."""
        out = []
        for payload in events(data):
            if self.failure is not None:
                break
            if payload == _DONE:
                out.append(b": heliograph-rescue: %b\n\n" % self.comment + DONE)
            else:
                out.append(self.take(payload))
        return b"".join(out)

    def take(self, payload: bytes) -> bytes:
        """Take in one chunk."""
        try:
            chunk = _CHUNK.decode(payload)
            text = text_of(chunk)
        except UNREADABLE:
            self.diverge()
            return b""
        choices = chunk.choices or []
        finished = any(choice.finish_reason for choice in choices)
        if self.lenient and self.due and (text is None or finished):
            self.due = ""  # the white space was not said again
        if self.due and (text is None or (finished and self.due != text)):
            self.diverge()
            return b""
        if not self.due:
            silent = choices and text == "" and not finished
            return b"" if silent else self.written(payload, None)
        return self.catch_up(payload, text or "", finished=finished)

    def catch_up(self, payload: bytes, text: str, *, finished: bool) -> bytes:
        """Leave out what the caller has; pass on what goes beyond it."""
        if self.lenient:
            return self.skip_space(payload, text)
        if self.due.startswith(text):
            self.due = self.due[len(text) :]
            return self.written(payload, "") if finished else b""
        if not text.startswith(self.due):
            self.diverge()
            return b""
        text = text[len(self.due) :]
        self.due = ""
        return self.written(payload, text)

    def skip_space(self, payload: bytes, text: str) -> bytes:
        """Leave out the white space that was cut off the prefill, if it comes again."""
        if not text:
            return b""
        common = 0
        while (
            common < min(len(text), len(self.due)) and text[common] == self.due[common]
        ):
            common += 1
        self.due = self.due[common:] if common == len(text) else ""
        return self.written(payload, text[common:]) if text[common:] else b""

    def written(self, payload: bytes, text: str | None) -> bytes:
        """Write one chunk as part of the answer that began; *text* replaces its own."""
        members = _OBJECT.decode(payload)
        members.update(self.head)
        if "choices" in members:
            choices = _CHOICES.decode(members["choices"])
            for choice in choices:
                delta = _OBJECT.decode(choice.get("delta", Raw(b"{}")))
                delta.pop("role", None)
                if text is not None:
                    delta["content"] = Raw(json.encode(text))
                choice["delta"] = Raw(json.encode(delta))
            members["choices"] = Raw(json.encode(choices))
        return b"data: " + json.encode(members) + b"\n\n"

    def diverge(self) -> None:
        """Give up: the new stream says something else than the caller has."""
        self.failure = Failure(
            Blame.PROVIDER,
            "rescue_diverged",
            "another target answered differently from what was already sent",
        )
