"""The official SDKs judge what is told to who has no key, or one for something else."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import anthropic
import openai
import pytest
from google.genai import errors

from conformance.fresh_gateway import fresh_gateway
from conformance.programs import Providers
from conformance.raising import Ask, Raised, by_anthropic, by_google, by_openai
from gateway.running import CLAUDE_FIRST, config_of, plain
from key_cases import KeptKeys

MODEL = "openai/gpt-4o-mini"
OTHER = "anthropic/claude-haiku-4-5"


class Guarded(NamedTuple):
    """A gateway that wants a key, one that is good for `openai/*`, and its ring."""

    url: str
    secret: str
    keys: KeptKeys


@pytest.fixture
def guarded(sim: Providers, tmp_path: Path) -> Iterator[Guarded]:
    keys = KeptKeys(tmp_path)
    _, secret = keys.add(models=("openai/*",))
    config = plain(config_of(CLAUDE_FIRST, sim.url))
    with fresh_gateway(config, keys.ring) as url:
        yield Guarded(url, secret, keys)
    keys.database.close()


SDKS: dict[str, tuple[Ask, type[Exception], type[Exception]]] = {
    "openai": (by_openai, openai.AuthenticationError, openai.PermissionDeniedError),
    "anthropic": (
        by_anthropic,
        anthropic.AuthenticationError,
        anthropic.PermissionDeniedError,
    ),
    "google": (by_google, errors.ClientError, errors.ClientError),
}
EACH = pytest.mark.parametrize("sdk", SDKS)


@EACH
def test_a_good_key_is_all_an_sdk_needs(guarded: Guarded, sdk: str) -> None:
    ask, _, _ = SDKS[sdk]
    said = ask(guarded.url, guarded.secret, MODEL)
    assert isinstance(said, str), said
    assert "hello" in said or "2 words" in said


@EACH
@pytest.mark.parametrize("key", ["hg-wrong-from-the-first-to-the-last", "sk-a-vendors"])
def test_a_key_that_is_no_good_is_an_authentication_error(
    guarded: Guarded, sdk: str, key: str, sim: Providers
) -> None:
    ask, kind, _ = SDKS[sdk]
    raised = ask(guarded.url, key, MODEL)
    assert isinstance(raised, Raised), raised
    assert (raised.kind, raised.status) == (kind, 401)
    assert "virtual key" in raised.said or "gateway's" in raised.said
    assert key not in raised.said
    assert sim.seen() == []


@EACH
def test_a_model_that_the_key_is_not_for_is_a_permission_error(
    guarded: Guarded, sdk: str, sim: Providers
) -> None:
    ask, _, kind = SDKS[sdk]
    raised = ask(guarded.url, guarded.secret, OTHER)
    assert isinstance(raised, Raised), raised
    assert (raised.kind, raised.status) == (kind, 403)
    assert f"may not use '{OTHER}': it is for the models openai/*" in raised.said
    assert guarded.secret not in raised.said
    assert sim.seen() == []


@EACH
def test_an_address_that_the_key_is_not_for_is_a_permission_error(
    guarded: Guarded, sdk: str
) -> None:
    ask, _, kind = SDKS[sdk]
    _, secret = guarded.keys.add("elsewhere", ip_ranges=("10.0.0.0/8",))
    raised = ask(guarded.url, secret, MODEL)
    assert isinstance(raised, Raised), raised
    assert (raised.kind, raised.status) == (kind, 403)
    assert "from the address that the request came from" in raised.said
    assert secret not in raised.said


def test_openais_client_lists_what_its_key_may_use(guarded: Guarded) -> None:
    direct = openai.DefaultHttpxClient(trust_env=False)
    with openai.OpenAI(
        base_url=f"{guarded.url}/v1", api_key=guarded.secret, http_client=direct
    ) as client:
        listed = [model.id for model in client.models.list()]
    assert listed == ["openai/gpt-4o", "openai/gpt-4o-mini"]
