"""What a virtual key may ask for."""

import pytest

from heliograph.gateway.routing.names import Named
from heliograph.gateway.routing.names import named as name
from heliograph.gateway.routing.permission import may_ask, narrowed
from heliograph.gateway.types import (
    Chat,
    Config,
    Endpoint,
    Failure,
    Provider,
    Route,
    VirtualKey,
)


def provider(name: str, *models: str) -> Provider:
    return Provider(name, Endpoint(name, "openai", "http://x/v1"), models=models)


CONFIG = Config(
    providers={
        "anthropic": provider("anthropic", "claude-sonnet-4-6"),
        "openai": provider("openai", "gpt-4o", "gpt-4o-mini"),
    },
    fallbacks={
        "openai/gpt-4o-mini": ("openai/gpt-4o", "anthropic/claude-sonnet-4-6"),
    },
    routes={
        "captions": Route(
            "captions", (("openai/gpt-4o-mini", 1.0), ("openai/gpt-4o", 1.0))
        ),
        "mixed": Route(
            "mixed", (("openai/gpt-4o", 1.0), ("anthropic/claude-sonnet-4-6", 1.0))
        ),
    },
)
MINI = "openai/gpt-4o-mini"


def key(*models: str, routes: tuple[str, ...] = ()) -> VirtualKey:
    return VirtualKey("k1", "night", models=models, routes=routes)


def asked(model: str, of: VirtualKey, *fallbacks: str) -> Named | Failure:
    chat = Chat({}, model, fallbacks=fallbacks)
    return narrowed(name(chat, CONFIG), chat, of)


def order(model: str, of: VirtualKey, *fallbacks: str) -> list[str]:
    found = asked(model, of, *fallbacks)
    assert isinstance(found, Named), found
    return [choice.name for choice in (*found.first, *found.then)]


def refused(model: str, of: VirtualKey, *fallbacks: str) -> Failure:
    found = asked(model, of, *fallbacks)
    assert isinstance(found, Failure)
    return found


def test_a_key_without_bounds_may_ask_for_all_of_it() -> None:
    chat = Chat({}, MINI)
    found = name(chat, CONFIG)
    assert narrowed(found, chat, key()) is found


def test_fallbacks_that_fit_no_pattern_are_left_out() -> None:
    assert order(MINI, key("openai/*")) == [MINI, "openai/gpt-4o"]
    assert order(MINI, key("*-mini")) == [MINI]
    assert order("gpt-4o-mini", key(MINI)) == [MINI]


@pytest.mark.parametrize(
    ("model", "patterns"),
    [
        ("openai/gpt-4o", ("*-mini",)),
        ("gpt-4o", ("*-mini",)),
        ("mixed", ("openai/*",)),
        ("openai/gpt-4o", ("OPENAI/*",)),
        ("openai/gpt-4o", ("openai/gpt-4",)),
    ],
)
def test_what_fits_no_pattern_is_refused_with_the_rule(
    model: str, patterns: tuple[str, ...]
) -> None:
    failure = refused(model, key(*patterns))
    assert (failure.status, failure.code) == (403, "model_not_allowed")
    assert failure.param == "model"
    assert failure.message == (
        f"This key may not use '{model}': it is for the models {patterns[0]}."
    )


def test_a_fallback_of_the_requests_own_must_fit_too() -> None:
    failure = refused(MINI, key(MINI), "anthropic/claude-sonnet-4-6")
    assert (failure.status, failure.param) == (403, "fallbacks[0]")
    with_both = key("openai/*", "anthropic/*")
    assert order(MINI, with_both, "anthropic/claude-sonnet-4-6")[1] == (
        "anthropic/claude-sonnet-4-6"
    )


def test_a_listed_route_is_allowed_with_all_it_leads_to() -> None:
    of = key(routes=("mixed",))
    assert "anthropic/claude-sonnet-4-6" in order("mixed", of)
    failure = refused("captions", of)
    assert failure.message == (
        "This key may not use 'captions': it is for the routes mixed."
    )
    assert refused("openai/gpt-4o", of).status == 403


def test_a_route_whose_targets_all_fit_need_not_be_listed() -> None:
    assert order("captions", key("openai/*"))[:2] == [MINI, "openai/gpt-4o"]


def test_models_and_routes_are_both_named_in_a_refusal() -> None:
    of = key(MINI, routes=("captions", "mixed"))
    assert "for the models openai/gpt-4o-mini and the routes captions, mixed." in (
        refused("openai/gpt-4o", of).message
    )


def test_what_does_not_exist_is_told_without_the_names_that_do() -> None:
    failure = refused("gpt-4", key("openai/gpt-4o-mini"))
    assert (failure.status, failure.code) == (404, "model_not_found")
    assert "gpt-4o" not in failure.message
    assert "GET /v1/models lists" in failure.message
    assert "gpt-4o" in refused("gpt-4", key()).message


def test_what_may_be_asked_for_by_its_listed_name() -> None:
    of = key("openai/*", routes=("mixed",))
    names = [MINI, "anthropic/claude-sonnet-4-6", "captions", "mixed"]
    assert [may_ask(of, each, CONFIG) for each in names] == [True, False, True, True]
    assert not may_ask(key(MINI), "captions", CONFIG)
    assert all(may_ask(key(), each, CONFIG) for each in names)
