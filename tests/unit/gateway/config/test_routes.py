"""Routes: what a name stands for, and what each mistake in one is told."""

from collections.abc import Callable

import pytest

from heliograph.gateway.config import Problem
from heliograph.gateway.types import Config, Hedge, Route

Read = Callable[..., Config | list[Problem]]

TWO = (
    "providers:\n"
    "  openai: {keys: [env.KEY], models: [gpt-4o, {name: gpt-4o-mini}]}\n"
    "  groq: {keys: [env.KEY], models: [gpt-4o, openai/gpt-oss-20b]}\n"
    "  ollama:\n"
    "routes:\n"
)


def routes_of(found: Config | list[Problem]) -> dict[str, Route]:
    assert isinstance(found, Config), found
    return dict(found.routes)


def test_a_route_has_targets_and_policies(read: Read) -> None:
    found = routes_of(
        read(
            TWO + "  captions:\n"
            "    to:\n"
            "      - {target: openai/gpt-4o, weight: 3}\n"
            "      - ollama/qwen3:8b\n"
            "      - {target: groq/openai/gpt-oss-20b, weight: 0}\n"
            "    balance: fastest\n"
            "    sticky_header: X-Session-Id\n"
            "    rescue: off\n"
            "    hedge: {share: 0.02, after_s: 1.5}\n"
        )
    )
    assert found == {
        "captions": Route(
            "captions",
            (
                ("openai/gpt-4o", 3.0),
                ("ollama/qwen3:8b", 1.0),
                ("groq/openai/gpt-oss-20b", 0.0),
            ),
            balance="fastest",
            sticky_header="x-session-id",
            rescue="off",
            hedge=Hedge(share=0.02, after_s=1.5),
        )
    }


def test_one_target_needs_no_list_and_a_route_no_policies(read: Read) -> None:
    found = routes_of(read(TWO + "  best: {to: openai/gpt-4o-mini}\n"))
    assert found == {"best": Route("best", (("openai/gpt-4o-mini", 1.0),))}


@pytest.mark.parametrize(
    ("written", "hedge"),
    [
        ("true", Hedge()),
        ("false", None),
        ("{}", Hedge()),
        ("{share: 0.1}", Hedge(share=0.1)),
    ],
)
def test_a_hedge_is_a_word_or_a_table(
    written: str, hedge: Hedge | None, *, read: Read
) -> None:
    found = routes_of(read(f"{TWO}  a: {{to: openai/gpt-4o, hedge: {written}}}\n"))
    assert found["a"].hedge == hedge


@pytest.mark.parametrize(
    "name", ["openai/gpt-4o", "groq/openai/gpt-oss-20b", "ollama/any:1b"]
)
def test_a_route_named_like_a_model_sets_the_policies_of_that_model(
    name: str, read: Read
) -> None:
    found = routes_of(read(f"{TWO}  {name}: {{rescue: hold}}\n"))
    assert found == {name: Route(name, ((name, 1.0),), rescue="hold")}


def test_fallbacks_may_begin_at_a_route_and_are_followed(read: Read) -> None:
    config = read(
        TWO + "  captions: {to: [openai/gpt-4o, groq/gpt-4o]}\n"
        "fallbacks:\n"
        "  - {from: captions, to: openai/gpt-4o-mini}\n"
        "  - {from: openai/gpt-4o-mini, to: ollama/a}\n"
    )
    assert isinstance(config, Config), config
    assert config.fallbacks["captions"] == ("openai/gpt-4o-mini", "ollama/a")


@pytest.mark.parametrize(
    ("fallback", "key", "message", "fix"),
    [
        (
            "{from: openai/gpt-4o, to: captions}",
            "fallbacks[1].to",
            '"captions" is a route, which leads to targets only',
            "write the provider/model that is meant",
        ),
        (
            "{from: caption, to: openai/gpt-4o}",
            "fallbacks[1].from",
            '"caption" is not of the form provider/model',
            'did you mean "captions"?',
        ),
        (
            "{from: 4, to: openai/gpt-4o}",
            "fallbacks[1].from",
            "expected a provider/model or a route, found a number",
            "put it in quotes",
        ),
    ],
)
def test_a_fallback_that_mistakes_a_route_is_told(
    fallback: str, key: str, message: str, fix: str, *, read: Read
) -> None:
    text = f"{TWO}  captions: {{to: groq/gpt-4o}}\nfallbacks:\n  - {fallback}\n"
    found = read(text)
    assert isinstance(found, list), "this was read without complaint"
    (problem,) = found
    assert (problem.line, problem.key) == (8, key)
    assert message in problem.message
    assert fix in problem.fix


def test_a_fallback_of_a_route_with_a_mistake_is_no_second_mistake(read: Read) -> None:
    found = read(
        TWO + "  captions: {to: nobody/x}\n"
        "fallbacks: [{from: captions, to: openai/gpt-4o}]\n"
    )
    assert isinstance(found, list)
    assert [problem.key for problem in found] == ["routes.captions.to"]


@pytest.mark.parametrize(
    ("route", "key", "message", "fix"),
    [
        (
            "my route: {to: openai/gpt-4o}",
            "routes",
            '"my route" cannot be a route\'s name',
            "use up to 64 letters, digits, dots, dashes and underscores",
        ),
        (
            "ollama/two words: {rescue: off}",
            "routes",
            '"ollama/two words" cannot be a route\'s name',
            "use up to 64 letters",
        ),
        (
            "openai: {to: openai/gpt-4o}",
            "routes",
            '"openai" is a provider\'s name',
            "choose another name",
        ),
        (
            "gpt-4o-mini: {to: openai/gpt-4o}",
            "routes",
            '"gpt-4o-mini" is a model that openai lists',
            'choose another name, or write "openai/gpt-4o-mini" for that model alone',
        ),
        (
            "gpt-4o: {to: openai/gpt-4o}",
            "routes",
            '"gpt-4o" is a model that openai and groq list',
            'choose another name, or write "openai/gpt-4o" for that model alone',
        ),
        (
            "opena/gpt-4o: {rescue: hold}",
            "routes",
            'provider "opena" is not in this file',
            'did you mean "openai"?',
        ),
        (
            "openai/gpt-4: {rescue: hold}",
            "routes",
            'model "gpt-4" is not listed by openai',
            'did you mean "gpt-4o"?',
        ),
        *(
            (
                f"openai/gpt-4o: {{{choice}}}",
                f"routes.openai/gpt-4o.{choice.partition(':')[0]}",
                '"openai/gpt-4o" is one model: there is nothing to choose from',
                "remove this, or give the route a name without a slash",
            )
            for choice in ("to: groq/gpt-4o", "balance: fastest", "sticky_header: x")
        ),
        (
            "openai/gpt-4o:",
            "routes.openai/gpt-4o",
            "expected a table of a route's settings, found nothing",
            "write a table of a route's settings",
        ),
        ("a: openai/gpt-4o", "routes.a", "expected a table of a route's", "write"),
        (
            "a: {rescue: off}",
            "routes.a",
            '"to" is missing',
            'add "to: provider/model", or a list of them',
        ),
        ("a: {too: x, to: ollama/x}", "routes.a.too", "unknown key", '"to"?'),
        (
            "a: {to: gpt-4o-mini}",
            "routes.a.to",
            '"gpt-4o-mini" is not of the form provider/model',
            'write "openai/gpt-4o-mini"',
        ),
        (
            "a: {to: a}",
            "routes.a.to",
            '"a" is a route, which leads to targets only',
            "write the provider/model that is meant",
        ),
        ("a: {to: []}", "routes.a.to", "the list is empty", "add an item"),
        ("a: {to: {target: x}}", "routes.a.to", "expected a provider/model", "write"),
        (
            "a: {to: [ollama/x, {target: ollama/x, weight: 2}]}",
            "routes.a.to[2]",
            '"ollama/x" stands in this list already',
            "remove one of the two",
        ),
        (
            "a: {to: [{weight: 2}]}",
            "routes.a.to[1]",
            '"target" is missing',
            'add "target: provider/model"',
        ),
        (
            "a: {to: [{target: openai/zebra}]}",
            "routes.a.to[1].target",
            'model "zebra" is not listed by openai',
            "add it to providers.openai.models",
        ),
        (
            "a: {to: [{target: ollama/x, wieght: 2}]}",
            "routes.a.to[1].wieght",
            "unknown key",
            'did you mean "weight"?',
        ),
        (
            "a: {to: [{target: ollama/x, weight: -2}]}",
            "routes.a.to[1].weight",
            "-2 is negative",
            "write a share of the traffic, from 0 to 1000000",
        ),
        (
            "a: {to: [{target: ollama/x, weight: 0}]}",
            "routes.a.to",
            "all weights are 0, so no target would be used",
            "give one target a weight above 0",
        ),
        (
            "a: {to: ollama/x, balance: fast}",
            "routes.a.balance",
            'unknown balance "fast"',
            'did you mean "fastest"?',
        ),
        (
            "a: {to: ollama/x, balance: zzz}",
            "routes.a.balance",
            'unknown balance "zzz"',
            "write weighted, least_busy or fastest",
        ),
        (
            "a: {to: ollama/x, sticky_header: x y}",
            "routes.a.sticky_header",
            '"x y" is not a header\'s name',
            "write letters, digits and dashes, such as x-session-id",
        ),
        (
            "a: {to: ollama/x, rescue: hodl}",
            "routes.a.rescue",
            'unknown rescue policy "hodl"',
            'did you mean "hold"?',
        ),
        (
            "a: {to: ollama/x, hedge: yes}",
            "routes.a.hedge",
            "expected true or a table with share and after_s, found a text",
            "write true or a table",
        ),
        (
            "a: {to: ollama/x, hedge: {share: 5}}",
            "routes.a.hedge.share",
            "5 cannot be used",
            "write a number above 0 and up to 1",
        ),
        (
            "a: {to: ollama/x, hedge: {after: 5}}",
            "routes.a.hedge.after",
            "unknown key",
            'did you mean "after_s"?',
        ),
    ],
)
def test_a_mistake_in_a_route_names_its_place_and_fix(
    route: str, key: str, message: str, fix: str, *, read: Read
) -> None:
    found = read(f"{TWO}  {route}\n")
    assert isinstance(found, list), "this was read without complaint"
    (problem,) = found
    assert (problem.line, problem.key) == (6, key)
    assert message in problem.message
    assert fix in problem.fix


def test_routes_that_are_no_table_are_told(read: Read) -> None:
    found = read("routes: [a]\nproviders: {ollama: }\n")
    assert isinstance(found, list)
    (problem,) = found
    assert str(problem).startswith(
        "gateway.yaml:1: routes: expected a table of routes, found a list"
    )
