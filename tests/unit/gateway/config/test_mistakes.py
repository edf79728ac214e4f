"""Each mistake has its line, its key, what it is and the fix; word for word."""

from collections.abc import Callable

import pytest

from heliograph.gateway.config import Problem
from heliograph.gateway.types import Config

Read = Callable[..., Config | list[Problem]]

OPENAI = "providers:\n  openai:\n    keys: [env.KEY]\n"
ALLOWED_HERE = "allowed here: keys, models, base_url, dialect, timeouts, limits, drop"
ADDRESS = 'write it like "https://host.example/v1"'
A_NUMBER = "write a number such as 0.5, without quotes or unit"
SECONDS = "write seconds above 0 and up to 86400"
BY_LIST = "docs/guide/configuration.md shows the form"


def only(found: Config | list[Problem]) -> tuple[int, str, str, str]:
    """Return the one problem's line, key, message and fix."""
    assert isinstance(found, list), "this was read without complaint"
    (problem,) = found
    assert problem.file == "gateway.yaml"
    return problem.line, problem.key, problem.message, problem.fix


@pytest.mark.parametrize(
    ("text", "line", "key", "message", "fix"),
    [
        ("", 1, "file", "the file is empty", 'begin with "providers:"'),
        ("# no more\n", 1, "file", "the file is empty", 'begin with "providers:"'),
        ("- a\n", 1, "file", "expected a table, found a list", 'begin with "pro'),
        ("providers:\n", 1, "providers", "there are no providers", "write a provider"),
        ("providers: {}\n", 1, "providers", "there are no providers", "write a pro"),
        (
            "timeouts: {total_s: 9}\n",
            1,
            "providers",
            "there are no providers",
            "write a provider below",
        ),
        (
            "providers: [openai]\n",
            1,
            "providers",
            "expected a table of providers, found a list",
            f"write a table of providers; {BY_LIST}",
        ),
        (OPENAI + "fallback: []\n", 4, "fallback", "unknown key", '"fallbacks"?'),
        (OPENAI + "zebra: 1\n", 4, "zebra", "unknown key", "allowed here: providers,"),
        (
            OPENAI + "    modles: [a]\n",
            4,
            "providers.openai.modles",
            "unknown key",
            'did you mean "models"?',
        ),
        (OPENAI + "    zebra: 1\n", 4, "providers.openai.zebra", "unkn", ALLOWED_HERE),
        (
            OPENAI + "    timeouts: {idle: 4}\n",
            4,
            "providers.openai.timeouts.idle",
            "unknown key",
            'did you mean "idle_s"?',
        ),
        (
            "providers:\n  openia:\n    keys: [env.KEY]\n",
            2,
            "providers.openia",
            "unknown provider without a base_url",
            'did you mean "openai"?',
        ),
        (
            "providers:\n  OpenAI:\n    keys: [env.KEY]\n",
            2,
            "providers.OpenAI",
            "unknown provider without a base_url",
            'did you mean "openai"?',
        ),
        (
            "providers:\n  zebra9:\n    keys: [env.KEY]\n",
            2,
            "providers.zebra9",
            "unknown provider without a base_url",
            "add its base_url, or use a known name",
        ),
        (
            'providers:\n  "a/b":\n    base_url: http://127.0.0.1:1\n',
            2,
            "providers",
            '"a/b" cannot be a provider\'s name',
            "use up to 64 letters, digits, dots, dashes and underscores",
        ),
        (
            "providers:\n  openai: yes please\n",
            2,
            "providers.openai",
            "expected a table of a provider's settings, found a text",
            BY_LIST,
        ),
        (
            "providers:\n  openai:\n",
            2,
            "providers.openai.keys",
            "openai needs a key and has none",
            'add "keys:" with an item "value: env.OPENAI_API_KEY"',
        ),
        (
            OPENAI + "    dialect: antropic\n",
            4,
            "providers.openai.dialect",
            'unknown dialect "antropic"',
            'did you mean "anthropic"?',
        ),
        (
            OPENAI + "    dialect: soap9\n",
            4,
            "providers.openai.dialect",
            'unknown dialect "soap9"',
            "write openai or anthropic",
        ),
        (
            OPENAI + "    models: gpt-4o\n",
            4,
            "providers.openai.models",
            "expected a list, each item a model name, found a text",
            BY_LIST,
        ),
        (
            OPENAI + "    models: []\n",
            4,
            "providers.openai.models",
            "the list is empty",
            "add an item or remove the key",
        ),
        (
            OPENAI + "    models: [4.1]\n",
            4,
            "providers.openai.models[1]",
            "expected a model name, found a number",
            "put it in quotes if it is meant as text",
        ),
        (
            OPENAI + "    models: [a, a]\n",
            4,
            "providers.openai.models[2]",
            '"a" stands in this list already',
            "remove one of the two",
        ),
        (
            OPENAI + "    models: [gpt 4]\n",
            4,
            "providers.openai.models[1]",
            '"gpt 4" holds a space or a character outside ASCII',
            "write one name to an item",
        ),
        (
            OPENAI + '    models: [" "]\n',
            4,
            "providers.openai.models[1]",
            "expected a model name, found an empty text",
            "write it out",
        ),
        (
            OPENAI + "    drop: [logit_bais]\n",
            4,
            "providers.openai.drop",
            'unknown parameter "logit_bais"',
            'did you mean "logit_bias"?',
        ),
        (
            OPENAI + "    drop: [messages]\n",
            4,
            "providers.openai.drop",
            '"messages" cannot be dropped: no request goes without it',
            "remove it from the list",
        ),
    ],
)
def test_a_mistake_in_the_file_or_a_provider_names_its_place_and_fix(
    text: str, line: int, key: str, message: str, fix: str, *, read: Read
) -> None:
    found = only(read(text))
    assert found[:2] == (line, key)
    assert message in found[2]
    assert fix in found[3]


@pytest.mark.parametrize(
    ("keys", "line", "key", "message", "fix"),
    [
        ("env.KEY", 3, "", "expected a list of keys, found a text", BY_LIST),
        ("[]", 3, "", "the list is empty", "add an item or remove the key"),
        (
            "[env.GONE]",
            3,
            "[1]",
            "the environment variable GONE is not set",
            "set it before starting: export GONE=...",
        ),
        (
            "\n      - env.KEY\n      - value: env.EMPTY",
            5,
            "[2].value",
            "the environment variable EMPTY is empty",
            "set it before starting: export EMPTY=...",
        ),
        (
            "[env.BROKEN]",
            3,
            "[1]",
            "the environment variable BROKEN holds a line break, so it cannot be sent",
            "keep only the key's own characters",
        ),
        ("[env.SPACED]", 3, "[1]", "SPACED holds a space or control char", "keep only"),
        ("[env.FOREIGN]", 3, "[1]", "FOREIGN holds a character outside", "keep only"),
        (r'["a\r\nb"]', 3, "[1]", "the key holds a line break", "keep only"),
        ("[schlüssel]", 3, "[1]", "the key holds a character outside", "keep only"),
        ("[$KEY]", 3, "[1]", "looks like a variable", "write env.NAME, with letters"),
        ("[env.MY-KEY]", 3, "[1]", "looks like a variable", "write env.NAME, with l"),
        ('["${KEY}"]', 3, "[1]", "looks like a variable", "write env.NAME, with let"),
        ("[4711]", 3, "[1]", "expected a key, found a number", "put it in quotes"),
        (
            "[[a]]",
            3,
            "[1]",
            "expected a key or a table with value, found a list",
            BY_LIST,
        ),
        (
            "\n      - weight: 1",
            4,
            "[1]",
            '"value" is missing',
            'add "value: env.NAME_OF_VARIABLE"',
        ),
        (
            "[{value: env.KEY, wieght: 1}]",
            3,
            "[1].wieght",
            "unknown key",
            'did you mean "weight"?',
        ),
        (
            "[{value: env.KEY, weight: -0.5}]",
            3,
            "[1].weight",
            "-0.5 is negative",
            "write a share of the traffic, from 0 to 1000000",
        ),
        ("[{value: env.KEY, weight: 1e9}]", 3, "[1].weight", "too large", "a share"),
        (
            "[{value: env.KEY, weight: much}]",
            3,
            "[1].weight",
            "expected a number, found a text",
            A_NUMBER,
        ),
        ('[{value: env.KEY, weight: "1"}]', 3, "[1].weight", "found a text", A_NUMBER),
        ("[{value: env.KEY, weight: true}]", 3, "[1].weight", "found true", A_NUMBER),
        ("[{value: env.KEY, weight: }]", 3, "[1].weight", "found nothing", A_NUMBER),
        (
            "[{value: env.KEY, weight: .nan}]",
            3,
            "[1].weight",
            "is not a finite number",
            "write a number such as 0.5",
        ),
        ("[{value: env.KEY, weight: -.inf}]", 3, "[1].weight", "not a finite", "such"),
        ("[{value: env.KEY, weight: 1e999}]", 3, "[1].weight", "not a finite", "such"),
        (
            "\n      - {value: env.KEY, weight: 0}\n      - {value: a, weight: 0}",
            4,
            "",
            "all weights are 0, so no key would be used",
            "give one key a weight above 0",
        ),
    ],
)
def test_a_mistake_in_the_keys_names_its_place_and_fix(
    keys: str, line: int, key: str, message: str, fix: str, *, read: Read
) -> None:
    found = only(read(f"providers:\n  openai:\n    keys: {keys}\n"))
    assert found[:2] == (line, f"providers.openai.keys{key}")
    assert message in found[2]
    assert fix in found[3]


@pytest.mark.parametrize(
    ("address", "message", "fix"),
    [
        ("ftp://host/v1", "neither http:// nor https://", ADDRESS),
        ("host.example/v1", "neither http:// nor https://", ADDRESS),
        ("https://", "the address has no host, or port 0", ADDRESS),
        ("https://host:99999/v1", "a host or port that cannot be read", ADDRESS),
        ("https://[::1/v1", "a host or port that cannot be read", ADDRESS),
        ("https://host/a b", "holds a space", ADDRESS),
        ('"https://host/\\n"', "holds a space", ADDRESS),
        ("https://host/?key=secret", "the address holds a ? or #", "end it with the"),
        ("https://me:secret-x@host/", "a user name or password", "put the secret in"),
        ("env.URL_WITH_PASSWORD", "a user name or password", "put the secret in"),
        ("env.GONE", "the environment variable GONE is not set", "export GONE=..."),
        ("80", "expected an address, found a number", "put it in quotes"),
        ("", "expected an address, found nothing", BY_LIST),
    ],
)
def test_a_bad_address_is_refused_and_not_repeated(
    address: str, message: str, fix: str, *, read: Read
) -> None:
    found = only(read(f"providers:\n  mine:\n    base_url: {address}\n"))
    assert found[:2] == (3, "providers.mine.base_url")
    assert message in found[2]
    assert fix in found[3]
    assert "secret" not in found[2]


@pytest.mark.parametrize(
    ("timeouts", "key", "message", "fix"),
    [
        ("5", "", "expected a table of timeouts, found a number", BY_LIST),
        ("{idle_s: 0}", ".idle_s", "0 is not a time to wait", SECONDS),
        ("{total_s: -1}", ".total_s", "-1 is not a time to wait", SECONDS),
        ("{total_s: 1e6}", ".total_s", "1e+06 is not a time to wait", SECONDS),
        ("{total_s: 5s}", ".total_s", "expected a number, found a text", A_NUMBER),
        ("{total_s: .nan}", ".total_s", "is not a finite number", "such as 0.5"),
        (
            "{connect_s: 9, total_s: 8}",
            ".connect_s",
            "connect_s (9) is longer than total_s (8)",
            "write a connect_s of at most 8",
        ),
        ("{total_s: 3}", ".total_s", "connect_s (5) is longer", "of at most 3"),
    ],
)
@pytest.mark.parametrize("of_provider", [True, False])
def test_bad_timeouts_are_refused_for_all_and_for_one(
    timeouts: str, key: str, message: str, fix: str, *, of_provider: bool, read: Read
) -> None:
    indent, path = ("    ", "providers.openai.") if of_provider else ("", "")
    found = only(read(f"{OPENAI}{indent}timeouts: {timeouts}\n"))
    assert found[:2] == (4, f"{path}timeouts{key}")
    assert message in found[2]
    assert fix in found[3]


def test_all_mistakes_are_told_at_once_in_the_order_of_their_lines(read: Read) -> None:
    found = read(
        "timeouts: {idle: 1}\n"
        "providers:\n"
        "  openia: {keys: [env.GONE]}\n"
        "  groq:\n"
        "    keys: [{value: env.KEY, weight: -1}]\n"
        "    keys: []\n"
        "fallbacks:\n"
        "  - {from: groq/a, to: nobody/b}\n"
        "zebra: 1\n"
    )
    assert isinstance(found, list)
    assert [(problem.line, problem.key) for problem in found] == [
        (1, "timeouts.idle"),
        (3, "providers.openia"),
        (3, "providers.openia.keys[1]"),
        (5, "providers.groq.keys[1].weight"),
        (6, "yaml"),
        (8, "fallbacks[1].to"),
        (9, "zebra"),
    ]
