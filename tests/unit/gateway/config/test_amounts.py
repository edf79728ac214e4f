"""The tables of numbers: retries, breaker and limits, and what a mistake is told."""

from collections.abc import Callable

import pytest

from heliograph.gateway.config import Problem
from heliograph.gateway.types import Breaker, Config, Limits, Retries

Read = Callable[..., Config | list[Problem]]

OLLAMA = "providers:\n  ollama:\n"
A_NUMBER = "write a number such as 0.5, without quotes or unit"


def good(found: Config | list[Problem]) -> Config:
    assert isinstance(found, Config), found
    return found


def only(found: Config | list[Problem]) -> tuple[int, str, str, str]:
    """Return the one problem's line, key, message and fix."""
    assert isinstance(found, list), "this was read without complaint"
    (problem,) = found
    return problem.line, problem.key, problem.message, problem.fix


def test_without_a_table_the_defaults_hold(read: Read) -> None:
    config = good(read(OLLAMA))
    assert config.retries == Retries()
    assert config.breaker == Breaker()
    assert config.limits == Limits()
    assert config.rescue == "auto"
    assert config.providers["ollama"].limits is None


def test_what_is_written_replaces_its_default_only(read: Read) -> None:
    config = good(
        read(
            "retries: {same_target_max: 0, budget: 0}\n"
            "breaker: {slow_factor: 0, probe_s: 90, probe_s_max: 90}\n"
            "limits: {queue_max: 0}\n"
            "rescue: off\n" + OLLAMA
        )
    )
    assert config.retries == Retries(same_target_max=0, budget=0.0)
    assert config.breaker == Breaker(slow_factor=0.0, probe_s=90.0, probe_s_max=90.0)
    assert config.limits == Limits(queue_max=0)
    assert config.rescue == "off"


def test_counts_are_whole_numbers_however_they_are_written(read: Read) -> None:
    config = good(read("limits: {concurrent_max: 1e3, queue_max: 5.0}\n" + OLLAMA))
    assert repr(config.limits.concurrent_max) == "1000"
    assert repr(config.limits.queue_max) == "5"


def test_what_is_held_of_bodies_is_bounded_for_a_process_not_for_a_provider(
    read: Read,
) -> None:
    config = good(read("limits: {body_mb_in_flight: 0.5}\n" + OLLAMA))
    assert config.limits == Limits(body_mb_in_flight=0.5)
    found = only(read(f"{OLLAMA}    limits: {{body_mb_in_flight: 4}}\n"))
    assert found[:2] == (3, "providers.ollama.limits.body_mb_in_flight")


def test_a_providers_limits_are_its_own(read: Read) -> None:
    config = good(
        read(
            "limits: {queue_s: 9}\n"
            "providers:\n"
            "  ollama: {limits: {concurrent_max: 4}}\n"
            "  mine: {base_url: http://127.0.0.1:1/v1}\n"
        )
    )
    assert config.providers["ollama"].limits == Limits(concurrent_max=4)
    assert config.providers["mine"].limits is None


@pytest.mark.parametrize(
    ("table", "written", "key", "message", "fix"),
    [
        ("retries", "2", "", "expected a table of retries' bounds", "write a table"),
        ("retries", "{same_max: 1}", ".same_max", "unknown", '"same_target_max"?'),
        (
            "retries",
            "{same_target_max: 4}",
            ".same_target_max",
            "4 cannot be used",
            "write a whole number from 0 to 3",
        ),
        (
            "retries",
            "{same_target_max: 1.5}",
            ".same_target_max",
            "1.5 cannot be used",
            "write a whole number from 0 to 3",
        ),
        ("retries", "{backoff_s: 61}", ".backoff_s", "61 c", "seconds from 0 to 60"),
        ("retries", "{budget: 10 %}", ".budget", "expected a number", A_NUMBER),
        ("retries", "{budget: 10}", ".budget", "10 can", "write a number from 0 to 1"),
        ("retries", "{floor_per_s: -1}", ".floor_per_s", "-1 can", "from 0 to 1000"),
        ("breaker", "[]", "", "expected a table of the breaker's", "write a table"),
        ("breaker", "{failures: 0}", ".failures", "0 can", "number from 1 to 1000"),
        (
            "breaker",
            "{error_rate: 0}",
            ".error_rate",
            "0 cannot be used",
            "write a number above 0 and up to 1",
        ),
        ("breaker", "{error_rate: 1.1}", ".error_rate", "1.1 can", "up to 1"),
        ("breaker", "{calls_min: 0}", ".calls_min", "0 can", "from 1 to 100000"),
        ("breaker", "{window_s: 0}", ".window_s", "0 can", "above 0 and up to 3600"),
        (
            "breaker",
            "{slow_factor: 1}",
            ".slow_factor",
            "1 cannot be used",
            "write 0 or a number above 1 and up to 1000",
        ),
        ("breaker", "{ramp_s: -1}", ".ramp_s", "-1 can", "seconds from 0 to 3600"),
        (
            "breaker",
            "{probe_s: 90}",
            ".probe_s",
            "probe_s (90) is longer than probe_s_max (60)",
            "write a probe_s_max of at least 90",
        ),
        (
            "breaker",
            "{probe_s_max: 5}",
            ".probe_s_max",
            "probe_s (6) is longer than probe_s_max (5)",
            "write a probe_s_max of at least 6",
        ),
        ("limits", "many", "", "expected a table of limits", "write a table"),
        (
            "limits",
            "{concurrent_max: 0}",
            ".concurrent_max",
            "0 cannot be used",
            "write a whole number from 1 to 1000000",
        ),
        ("limits", "{queue_max: -1}", ".queue_max", "-1 c", "from 0 to 1000000"),
        ("limits", "{queue_s: 0}", ".queue_s", "0 can", "above 0 and up to 3600"),
        (
            "limits",
            "{body_mb_in_flight: 0}",
            ".body_mb_in_flight",
            "0 can",
            "write a number from 0.001 to 1000000",
        ),
        ("limits", "{queue_s: .inf}", ".queue_s", "is not a finite number", "0.5"),
    ],
)
def test_a_mistake_names_its_place_and_fix(
    table: str, written: str, key: str, message: str, fix: str, *, read: Read
) -> None:
    found = only(read(f"{OLLAMA}{table}: {written}\n"))
    assert found[:2] == (3, f"{table}{key}")
    assert message in found[2]
    assert fix in found[3]


def test_a_mistake_in_a_providers_limits_names_the_provider(read: Read) -> None:
    found = only(read(f"{OLLAMA}    limits: {{concurrent: 4}}\n"))
    assert found[:2] == (3, "providers.ollama.limits.concurrent")
    assert 'did you mean "concurrent_max"?' in found[3]


@pytest.mark.parametrize(
    ("written", "message", "fix"),
    [
        ("hodl", 'unknown rescue policy "hodl"', 'did you mean "hold"?'),
        ("zzz", 'unknown rescue policy "zzz"', "write auto, hold, continue or off"),
        ("true", "expected auto, hold, continue or off, found true or false", "quotes"),
    ],
)
def test_a_rescue_policy_is_one_of_four(
    written: str, message: str, fix: str, *, read: Read
) -> None:
    found = only(read(f"{OLLAMA}rescue: {written}\n"))
    assert found[:2] == (3, "rescue")
    assert message in found[2]
    assert fix in found[3]
