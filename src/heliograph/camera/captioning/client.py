"""The camera's way to the gateway: HTTP, the OpenAI dialect, one answer a picture.

It asks once, and once more without a schema where one is refused. Trying again,
elsewhere or later is the gateway's trade, and a caption that comes late is worth
nothing. No picture and no key gets into a message.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProtocolError,
)
from urllib3.exceptions import TimeoutError as WaitedTooLongError

from heliograph import __version__
from heliograph.camera.captioning.answer import (
    Answer,
    Outcome,
    decode_answer,
    decode_models,
    encode_question,
    is_schema_refused,
    judge,
)
from heliograph.camera.captioning.tags import TAGS_HEADER, tags_of
from heliograph.camera.config import SettingError
from heliograph.camera.config.captioning import AnswerForm
from heliograph.camera.http_deadline import pool_manager
from heliograph.camera.types import Caption, CaptionJob
from heliograph.clock import Clock

ANSWER_BYTES_MAX = 1 << 20
PIECE_BYTES = 1 << 16
OK = 200
CHAT = "/v1/chat/completions"
WAIT_S_MIN = 0.001


class GatewayError(Exception):
    """The gateway cannot be reached, or gave no usable answer in time."""


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes


class GatewayClient:
    """One gateway at *url*, asked over at most *connections* at a time.

    Raises `SettingError` for a key that cannot stand in a header.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        api_key: str | None = None,
        connect_s: float = 3.0,
        connections: int = 4,
    ) -> None:
        self.url = url
        self._clock = clock
        self._connect_s = connect_s
        self._key = api_key
        self._schema = True
        self._headers = {"user-agent": f"heliograph/{__version__}"}
        if api_key is not None:
            if not api_key or not api_key.isascii() or not api_key.isprintable():
                raise SettingError("the API key is empty or not plain ASCII text")
            self._headers["authorization"] = f"Bearer {api_key}"
        self._pool = pool_manager(connections=connections)

    def models(self, *, timeout_s: float) -> list[str]:
        """Return the names of the models the gateway lists, in its order.

        Raises `GatewayError` where it cannot be reached or lists none.
        """
        reply = self._call("GET", "/v1/models", None, timeout_s=timeout_s)
        if reply.status != OK:
            told = decode_answer(reply.status, reply.headers, reply.body).error
            raise GatewayError(f"{self.url}/v1/models answered {told}")
        names = decode_models(reply.body)
        if not names:
            raise GatewayError(
                f"{self.url}/v1/models lists no model: is it a gateway? "
                "If it is, name one with --model"
            )
        return names

    def ask(
        self,
        model: str,
        job: CaptionJob,
        *,
        timeout_s: float,
        answer: AnswerForm = "line",
        tags: str | None = None,
    ) -> Answer:
        """Return what *model* says about *job*'s picture, which the prompt asks for.

        A JSON answer is bound to its schema until somebody refuses that. *tags* is what
        the gateway records the call under. Raises `GatewayError` where nothing came
        back within *timeout_s*.
        """
        until_s = self._clock.monotonic_s() + timeout_s
        schema = answer == "json" and self._schema
        headers = {} if tags is None else {TAGS_HEADER: tags}
        while True:
            body = encode_question(
                model, job.prompt, job.png, answer=answer, schema=schema
            )
            left_s = max(WAIT_S_MIN, until_s - self._clock.monotonic_s())
            reply = self._call("POST", CHAT, body, timeout_s=left_s, more=headers)
            if not (schema and is_schema_refused(reply.status, reply.body)):
                break
            schema = self._schema = False
        return decode_answer(reply.status, reply.headers, reply.body, answer=answer)

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self._pool.clear()

    def _call(
        self,
        method: str,
        path: str,
        body: bytes | None,
        *,
        timeout_s: float,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> _Reply:
        """Do one call within *timeout_s*; raise `GatewayError` where it fails."""
        headers = {**self._headers, **more}
        if body is not None:
            headers["content-type"] = "application/json"
        try:
            response = self._pool.request(
                method,
                self.url + path,
                body=body,
                headers=headers,
                timeout=urllib3.Timeout(
                    connect=min(self._connect_s, timeout_s), total=timeout_s
                ),
                # A redirect would carry key and picture to a place nobody named.
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                answer = _read(response)
            except BaseException:
                # A connection with half an answer in it is of no use to the next.
                response.close()
                raise
            response.release_conn()
        except HTTPError as error:
            raise GatewayError(self._why(error, timeout_s)) from error
        if self._key is not None:
            # A server may repeat what it was sent; whatever is read here may be shown.
            answer = answer.replace(self._key.encode(), b"[...]")
        return _Reply(response.status, response.headers, answer)

    def _why(self, error: HTTPError, timeout_s: float) -> str:
        """Put *error* into one line without urllib3's objects in it."""
        if isinstance(error, NewConnectionError | ConnectTimeoutError):
            cause = error.__cause__ or error.__context__
            told = getattr(cause, "strerror", None) or "no connection in time"
            return f"cannot reach the gateway at {self.url}: {str(told).lower()}"
        if isinstance(error, WaitedTooLongError):
            return f"no answer within {timeout_s:.1f} s"
        if isinstance(error, ProtocolError):
            return "the connection broke before the whole answer was there"
        return f"no usable answer: {type(error).__name__}"


def _read(response: urllib3.BaseHTTPResponse) -> bytes:
    """Read piece by piece, and no more than is believed of an answer."""
    pieces, size = [], 0
    while piece := response.read1(PIECE_BYTES):
        pieces.append(piece)
        size += len(piece)
        if size > ANSWER_BYTES_MAX:
            raise GatewayError(f"the answer is larger than {ANSWER_BYTES_MAX} bytes")
    return b"".join(pieces)


@dataclass(frozen=True, slots=True)
class Reply:
    """The caption of *job*, and whether asking once more may bring a better one.

    `reached` says that the gateway took the question, whatever came of it.
    """

    job: CaptionJob
    caption: Caption
    outcome: Outcome
    retry_after_s: float | None = None
    reached: bool = False


class Captioner:
    """Asks *model* about jobs, each within *timeout_s* at most.

    None is the first one that the gateway lists, once it can be asked. *camera* is who
    asks, by the gateway's record.
    """

    def __init__(
        self,
        client: GatewayClient,
        model: str | None,
        *,
        clock: Clock,
        timeout_s: float,
        answer: AnswerForm = "line",
        camera: str | None = None,
    ) -> None:
        self._client = client
        self._answer = answer
        self._camera = camera
        self._model = model
        self._clock = clock
        self._timeout_s = timeout_s

    def __call__(self, job: CaptionJob) -> Reply:
        """Ask about *job*; what goes wrong is told in the caption's `error`."""
        asked_s = self._clock.monotonic_s()
        tags = None if self._camera is None else tags_of(job, self._camera)
        left_s = max(WAIT_S_MIN, min(self._timeout_s, job.deadline_s - asked_s))
        try:
            if self._model is None:
                self._model = self._client.models(timeout_s=left_s)[0]
            answer = self._client.ask(
                self._model, job, timeout_s=left_s, answer=self._answer, tags=tags
            )
        except GatewayError as error:
            answer = Answer("", str(error), None, None, None, None)
        answered_s = self._clock.monotonic_s()
        caption = Caption(
            t_us=job.t_us,
            track_id=job.track.id,
            box=job.track.box,
            text=answer.text,
            provider=answer.provider,
            model=answer.model,
            attempts=answer.attempts,
            latency_ms=(answered_s - asked_s) * 1e3,
            asked_s=asked_s,
            answered_s=answered_s,
            error=answer.error,
            fallback=answer.fallback,
            cost_usd=answer.cost_usd,
            reason=job.reason,
            id=job.id,
            recording=job.recording,
            at_s=job.at_s,
            zones=job.zones,
            actions=answer.actions,
            carried=answer.carried,
            clip=job.clip,
            confidence=answer.confidence,
        )
        return Reply(
            job,
            caption,
            judge(answer),
            retry_after_s=answer.retry_after_s,
            reached=answer.status is not None,
        )
