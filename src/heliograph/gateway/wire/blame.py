"""Who is to blame for an answer that is no answer, and how long to wait.

The tables follow the providers' own pages on errors; both dialects use them:
https://platform.openai.com/docs/guides/error-codes
https://docs.anthropic.com/en/api/errors
"""

import re
from collections.abc import Mapping
from http import HTTPStatus

from msgspec import Raw, Struct, json

from heliograph.gateway.types import Blame, Failure
from heliograph.gateway.wire.http_date import unix_s
from heliograph.gateway.wire.json_text import UNREADABLE
from heliograph.gateway.wire.rate_limits import delay_s, reset_s

RETRY_AFTER_S_MAX = 3600.0
MESSAGE_CHARS_MAX = 2000

_CALLER_STATUSES = frozenset({400, 413, 415, 422})
_AMBIGUOUS_STATUSES = frozenset({400, 404, 422, 429})
_KINDS_OF_STATUSES = {
    401: "upstream_auth",
    402: "quota_exhausted",
    403: "upstream_auth",
    404: "model_not_found",
    429: "rate_limited",
    408: "upstream_timeout",
    409: "upstream_conflict",
    503: "overloaded",
    504: "upstream_timeout",
    529: "overloaded",
}
# A status alone does not tell: providers answer 400 and 429 for many reasons.
_KINDS_OF_WORDS = {
    "insufficient_quota": "quota_exhausted",
    "billing_hard_limit_reached": "quota_exhausted",
    "billing_not_active": "quota_exhausted",
    "billing_error": "quota_exhausted",
    "invalid_api_key": "upstream_auth",
    "authentication_error": "upstream_auth",
    "permission_error": "upstream_auth",
    "model_not_found": "model_not_found",
    "context_length_exceeded": "context_length_exceeded",
    "content_filter": "content_filter",
    "content_policy_violation": "content_filter",
}
_KINDS_OF_PHRASES = {
    "prompt is too long": "context_length_exceeded",
    "credit balance is too low": "quota_exhausted",
    "api key": "upstream_auth",
    "x-api-key": "upstream_auth",
}
_TARGET_KINDS = frozenset(
    {"upstream_auth", "quota_exhausted", "rate_limited", "model_not_found"}
)
_TARGET_MESSAGES = {
    # Our own words: OpenAI's 401 quotes a part of the key.
    "upstream_auth": "The provider did not accept the gateway's key",
    "quota_exhausted": "The quota or credit of the gateway's key is used up",
    "rate_limited": "The provider limits the rate of the gateway's key",
    "model_not_found": "The provider does not know the model, or not for this key",
}
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Said(Struct, frozen=True):
    """What a provider said of an error, in OpenAI's four words."""

    message: str = ""
    type: str | None = None
    code: str | None = None
    param: str | None = None
    retry_delay_s: float | None = None

    @property
    def words(self) -> str:
        """Type and code for a message of ours, if they are plain words."""
        seen = (word for word in (self.type, self.code) if word)
        plain = [word for word in dict.fromkeys(seen) if _WORD.fullmatch(word)]
        return f" ({', '.join(plain)})" if plain else ""


class _Error(Struct):
    message: str | None = None
    type: str | None = None
    code: str | int | None = None
    param: str | None = None


_ERROR = json.Decoder(_Error | str | None)


def read_said(error: Raw) -> Said:
    """Read an `error` member of either dialect; some providers send a bare text."""
    try:
        found = _ERROR.decode(error)
    except UNREADABLE:
        return Said()
    if not isinstance(found, _Error):
        return Said(message=found or "")
    code = None if found.code is None else str(found.code)
    return Said(found.message or "", found.type, code, found.param, delay_s(error))


def judge(status: int, headers: Mapping[str, str], said: Said) -> Failure:
    """Turn an answer with a *status* other than 200 into a failure with its blame."""
    kind = _kind(status, said)
    wait_s = retry_after_s(headers)
    if wait_s is None and status == HTTPStatus.TOO_MANY_REQUESTS:
        wait_s = (
            said.retry_delay_s if said.retry_delay_s is not None else reset_s(headers)
        )
        wait_s = None if wait_s is None else min(wait_s, RETRY_AFTER_S_MAX)
    if kind in _TARGET_KINDS:
        text = f"{_TARGET_MESSAGES[kind]} (status {status}){said.words}."
        return Failure(Blame.TARGET, kind, text, status=status, retry_after_s=wait_s)
    if status not in _CALLER_STATUSES:
        text = f"The provider answered with status {status}{said.words}."
        return Failure(Blame.PROVIDER, kind, text, status=status, retry_after_s=wait_s)
    silence = f"The provider refused the request (status {status}) and gave no reason."
    return Failure(
        Blame.CALLER,
        kind,
        said.message[:MESSAGE_CHARS_MAX] or silence,
        status=status,
        type=said.type or "invalid_request_error",
        code=said.code or (kind if kind == "context_length_exceeded" else None),
        param=said.param,
        retry_after_s=wait_s,
    )


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Read `retry-after-ms` and `retry-after`, in seconds; None when absent or garbage.

    A date is taken against the answer's own `date` header: no clock is read here.
    The result is never above `RETRY_AFTER_S_MAX`.
    """
    wait_s = _number(headers.get("retry-after-ms", ""), 0.001)
    if wait_s is None:
        wait_s = _number(headers.get("retry-after", ""), 1.0)
    if wait_s is None:
        then = unix_s(headers.get("retry-after", ""))
        now = unix_s(headers.get("date", ""))
        if then is None or now is None or then < now:
            return None
        wait_s = float(then - now)
    return min(wait_s, RETRY_AFTER_S_MAX)


def limited_s(headers: Mapping[str, str], said: Said) -> float | None:
    """Return how long a limit lasts, in the provider's own words for it."""
    wait_s = said.retry_delay_s
    if wait_s is None:
        wait_s = reset_s(headers)
    return None if wait_s is None else min(wait_s, RETRY_AFTER_S_MAX)


def broken(kind: str, message: str, *, status: int = 200) -> Failure:
    """Blame the provider for an answer that cannot be used."""
    return Failure(Blame.PROVIDER, kind, message, status=status)


def unreadable(body: bytes, error: Exception) -> Failure:
    """Say what an answer is that should have been a JSON document of the dialect."""
    text = body.strip()
    if not text:
        return broken("empty", "The provider's answer is empty.")
    if text[:1] == b"{" and "truncated" in str(error):
        return broken("truncated", "The provider's answer breaks off in its JSON.")
    if text[:1] == b"{" and " - at `" in str(error):
        return broken("malformed", "The provider's answer is not of its own dialect.")
    return broken("not_json", "The provider's answer is not JSON.")


def _kind(status: int, said: Said) -> str:
    if status not in _AMBIGUOUS_STATUSES:
        return _kind_of_status(status)
    for word in (said.code, said.type):
        if word in _KINDS_OF_WORDS:
            return _KINDS_OF_WORDS[word]
    if status in _CALLER_STATUSES:
        message = said.message.lower()
        for phrase, kind in _KINDS_OF_PHRASES.items():
            if phrase in message:
                return kind
    return _kind_of_status(status)


def _kind_of_status(status: int) -> str:
    if status in _CALLER_STATUSES:
        return "bad_request"
    if status in _KINDS_OF_STATUSES:
        return _KINDS_OF_STATUSES[status]
    is_server_error = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return "server_error" if is_server_error else "unexpected_status"


def _number(text: str, unit_s: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    # Not a number is neither; an infinite wait is bounded by the caller.
    return value * unit_s if value >= 0 else None
