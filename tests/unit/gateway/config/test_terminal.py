"""What the terminal shows: problems and the summary."""

from collections.abc import Callable

from heliograph.gateway.config import Problem, render_problems, summary
from heliograph.gateway.types import Config
from heliograph.yaml_reading.values import shown

Read = Callable[..., Config | list[Problem]]


def test_a_problem_is_one_line_and_the_last_line_counts() -> None:
    first = Problem("a.yaml", 3, "providers", "there are none", "add one")
    second = Problem("a.yaml", 9, "zebra", "unknown key", "remove it")
    assert render_problems([first]) == (
        "a.yaml:3: providers: there are none; add one\n1 problem"
    )
    assert render_problems([first, second]).splitlines() == [
        "a.yaml:3: providers: there are none; add one",
        "a.yaml:9: zebra: unknown key; remove it",
        "2 problems",
    ]


def test_the_summary_names_dialect_keys_models_and_fallbacks(read: Read) -> None:
    config = read(
        "providers:\n"
        "  anthropic: {keys: [env.KEY, env.OTHER_KEY], models: [a, b]}\n"
        "  openai: {keys: [env.KEY]}\n"
        "  ollama:\n"
        "fallbacks: [{from: anthropic/a, to: [openai/x, ollama/y]}]\n"
    )
    assert isinstance(config, Config)
    assert summary(config).splitlines() == [
        "gateway.yaml: 3 providers",
        "  anthropic (anthropic, 2 keys): a, b",
        "  openai (openai, 1 key): any model",
        "  ollama (openai, no key): any model",
        "  anthropic/a -> openai/x -> ollama/y",
    ]


def test_the_summary_says_routes_in_a_line_each(read: Read) -> None:
    config = read(
        "providers: {ollama: }\n"
        "routes:\n"
        "  plain: {to: [ollama/a, {target: ollama/b, weight: 0.25}]}\n"
        "  both:\n"
        "    to: [ollama/a, ollama/b]\n"
        "    balance: fastest\n"
        "    sticky_header: X-Me\n"
        "    hedge: true\n"
        "  ollama/c: {rescue: off}\n"
        "fallbacks: [{from: both, to: ollama/c}]\n"
    )
    assert isinstance(config, Config)
    assert summary(config).splitlines()[2:] == [
        "  route plain (weighted): ollama/a, ollama/b (weight 0.25)",
        "  route both (fastest, sticky by x-me, hedged up to 5 %): ollama/a, ollama/b",
        "  route ollama/c (rescue off)",
        "  both -> ollama/c",
    ]


def test_what_is_quoted_stays_in_one_short_line() -> None:
    assert shown("a\nb\x1b[31m") == '"a?b?[31m"'
    assert shown("x" * 100) == f'"{"x" * 80}..."'


def test_the_summary_says_budgets_in_a_line_each(read: Read) -> None:
    config = read(
        "providers: {ollama: }\n"
        "ledger: /var/lib/ledger.db\n"
        "budgets:\n"
        "  - {name: all, usd: 12.5, per: day}\n"
        "  - name: street\n"
        "    for: {project: street, tag: night}\n"
        "    usd: 3\n"
        "    per: hour\n"
        "    window: rolling\n"
        "    soft: 0.5\n"
        "    webhook: https://hooks.example/secret\n"
        "    requests_per_minute: 60\n"
        "    concurrent_max: 4\n"
        "    on_cap: ollama/small\n"
    )
    assert isinstance(config, Config)
    told = summary(config).splitlines()
    assert "  budget all (all): $12.5 a day" in told
    assert told[-1] == (
        "  budget street (project street, tag night): $3 a rolling hour,"
        " 60 requests a minute, 4 at once; then ollama/small"
    )
    assert "secret" not in summary(config)
