"""Good configurations, and files that cannot be opened."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from heliograph.gateway.config import Problem, read_file, render_problems
from heliograph.gateway.providers.endpoints import ENDPOINTS
from heliograph.gateway.types import Config, Secret, Timeouts

Read = Callable[..., Config | list[Problem]]

EXAMPLES = Path(__file__).parents[4] / "examples" / "gateway"
# The field report's configuration, as it was published.
ARTICLE = b"""\
providers:
  anthropic:
    keys:
      - value: env.ANTHROPIC_KEY_1
        weight: 0.5
      - value: env.ANTHROPIC_KEY_2
        weight: 0.5
    models:
      - claude-sonnet-4-6
  openai:
    keys:
      - value: env.OPENAI_KEY
    models:
      - gpt-4o
fallbacks:
  - from: anthropic/claude-sonnet-4-6
    to: openai/gpt-4o
"""


def good(found: Config | list[Problem]) -> Config:
    assert isinstance(found, Config), render_problems(found)
    return found


def file_problem(path: Path | str) -> Problem:
    found = read_file(path, endpoints=ENDPOINTS, environ={})
    assert isinstance(found, list)
    (problem,) = found
    assert (problem.line, problem.key, problem.file) == (1, "file", str(path))
    return problem


def test_the_articles_file_is_read_as_it_is(read: Read) -> None:
    assert (EXAMPLES / "article.yaml").read_bytes() == ARTICLE
    config = good(read(ARTICLE.decode()))
    anthropic, openai = config.providers["anthropic"], config.providers["openai"]
    assert [(key.id, key.weight) for key in anthropic.keys] == [
        ("anthropic#1", 0.5),
        ("anthropic#2", 0.5),
    ]
    assert anthropic.keys[1].secret == Secret("secret-eight-22")
    assert anthropic.endpoint == ENDPOINTS["anthropic"]
    assert anthropic.models == ("claude-sonnet-4-6",)
    assert [(key.id, key.weight) for key in openai.keys] == [("openai#1", 1.0)]
    assert config.fallbacks == {"anthropic/claude-sonnet-4-6": ("openai/gpt-4o",)}
    assert config.source == "gateway.yaml"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda p: p.name)
def test_each_example_is_read_without_complaint(path: Path) -> None:
    names = re.findall(r"env\.(\w+)", path.read_text())
    environ = dict.fromkeys(names, "https://value.example/v1")
    config = good(read_file(path, endpoints=ENDPOINTS, environ=environ))
    assert config.source == str(path)
    assert config.providers


def test_a_file_with_a_byte_order_mark_and_windows_line_ends_is_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_bytes(b"\xef\xbb\xbfproviders:\r\n  ollama:\r\n")
    config = good(read_file(path, endpoints=ENDPOINTS, environ={}))
    assert list(config.providers) == ["ollama"]


def test_a_missing_file_a_directory_and_no_path_are_told_apart(tmp_path: Path) -> None:
    assert file_problem(tmp_path / "none.yaml").message == "there is no such file"
    assert file_problem(tmp_path).message == "this is a directory"
    assert file_problem("a\0b").message == "cannot be read: not a path"
    below_a_file = tmp_path / "file"
    below_a_file.write_text("")
    assert "Not a directory" in file_problem(below_a_file / "x").message


def test_a_file_that_may_not_be_read_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text("providers: {}\n")
    path.chmod(0)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    # Root may read anything, so the refusal is made here.
    monkeypatch.setattr(Path, "open", refuse if os.geteuid() == 0 else Path.open)
    assert file_problem(path).message == "may not be read"


def test_bytes_that_are_not_utf8_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_bytes(b"providers:\n  openai:\n    # gr\xfc\xdfe\n")
    found = read_file(path, endpoints=ENDPOINTS, environ={})
    assert isinstance(found, list)
    assert [(p.line, p.message, p.fix) for p in found] == [
        (3, "is not UTF-8", "save it as UTF-8")
    ]


def test_a_file_far_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    with path.open("wb") as file:
        file.truncate(10_000_000_000)
    assert "more than 1000000 bytes" in file_problem(path).message


def test_a_key_may_stand_alone_and_be_written_out(read: Read) -> None:
    config = good(read("providers: {openai: {keys: [env.KEY, literal-key-1]}}"))
    secrets = [key.secret.reveal() for key in config.providers["openai"].keys]
    assert secrets == ["secret-one-4711", "literal-key-1"]


def test_weights_below_a_hundredth_stay_what_they_are(read: Read) -> None:
    config = good(
        read("providers: {openai: {keys: [{value: a, weight: 0.001}, {value: b}]}}")
    )
    assert [key.weight for key in config.providers["openai"].keys] == [0.001, 1.0]


def test_one_key_of_several_may_have_weight_zero(read: Read) -> None:
    config = good(
        read("providers: {openai: {keys: [{value: a, weight: 0}, {value: b}]}}")
    )
    assert [key.weight for key in config.providers["openai"].keys] == [0.0, 1.0]


def test_timeouts_are_laid_over_the_files_and_those_over_the_defaults(
    read: Read,
) -> None:
    config = good(
        read(
            "timeouts: {idle_s: 7, total_s: 60}\n"
            "providers:\n"
            "  ollama: {timeouts: {total_s: 90.5}}\n"
            "  mine: {base_url: http://127.0.0.1:1/v1}\n"
        )
    )
    assert config.providers["ollama"].timeouts == Timeouts(idle_s=7.0, total_s=90.5)
    assert config.providers["mine"].timeouts == Timeouts(idle_s=7.0, total_s=60.0)


def test_an_own_provider_needs_an_address_and_no_key(read: Read) -> None:
    config = good(read("providers: {mine: {base_url: env.URL}}"))
    mine = config.providers["mine"]
    assert mine.endpoint.base_url == "https://proxy.example/v1"
    assert (mine.endpoint.dialect, mine.endpoint.auth) == ("openai", "bearer")
    assert mine.keys == ()


def test_the_dialect_decides_how_the_key_travels(read: Read) -> None:
    config = good(
        read(
            "providers:\n"
            "  mine: {base_url: http://h/v1, dialect: anthropic, keys: [k]}\n"
            "  deepseek: {base_url: http://h/a, dialect: anthropic, keys: [k]}\n"
        )
    )
    for provider in config.providers.values():
        assert provider.endpoint.dialect == "anthropic"
        assert provider.endpoint.auth == "header:x-api-key"


def test_a_key_for_a_provider_that_wants_none_is_sent_all_the_same(read: Read) -> None:
    config = good(read("providers: {ollama: {keys: [env.KEY]}}"))
    assert config.providers["ollama"].endpoint.auth == "bearer"


def test_another_address_keeps_the_rest_of_the_row_and_drops_add_up(
    read: Read,
) -> None:
    config = good(
        read("providers: {groq: {base_url: http://h/v1/, drop: [user, top_k]}}")
    )
    endpoint = config.providers["groq"].endpoint
    assert endpoint.base_url == "http://h/v1"
    assert endpoint.drop == ENDPOINTS["groq"].drop | {"user", "top_k"}
    assert endpoint.docs == ENDPOINTS["groq"].docs


def test_a_model_with_a_slash_in_its_name_can_fall_back(read: Read) -> None:
    config = good(
        read(
            "providers:\n"
            "  groq: {keys: [k], models: [openai/gpt-oss-120b]}\n"
            "  ollama:\n"
            "fallbacks: [{from: groq/openai/gpt-oss-120b, to: 'ollama/qwen3:8b'}]\n"
        )
    )
    assert config.fallbacks == {"groq/openai/gpt-oss-120b": ("ollama/qwen3:8b",)}


def test_chains_of_fallbacks_are_followed_to_their_end(read: Read) -> None:
    config = good(
        read(
            "providers: {ollama: }\n"
            "fallbacks:\n"
            "  - {from: ollama/a, to: [ollama/b, ollama/c]}\n"
            "  - {from: ollama/b, to: [ollama/d, ollama/c]}\n"
            "  - {from: ollama/c, to: ollama/e}\n"
        )
    )
    names = {
        source: [target.removeprefix("ollama/") for target in targets]
        for source, targets in config.fallbacks.items()
    }
    assert names == {
        "ollama/a": ["b", "c", "d", "e"],
        "ollama/b": ["d", "c", "e"],
        "ollama/c": ["e"],
    }


def test_a_config_cannot_be_changed(read: Read) -> None:
    config = good(read("providers: {ollama: }"))
    with pytest.raises(TypeError):
        config.providers["x"] = config.providers["ollama"]  # type: ignore[index] # that it is refused is the point
    with pytest.raises(AttributeError):
        config.source = "x"  # type: ignore[misc] # that it is refused is the point
