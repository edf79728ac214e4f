"""The rows of the providers, and the checks on them."""

import pytest

from heliograph.gateway.providers.endpoints import ENDPOINTS, EndpointError, load

ROW = """\
[mine]
dialect = "openai"
base_url = "https://host.example/v1"
docs = "https://host.example/docs"
"""


def test_the_well_known_providers_have_their_rows() -> None:
    assert set(ENDPOINTS) == {
        "openai",
        "anthropic",
        "gemini",
        "groq",
        "mistral",
        "deepseek",
        "xai",
        "openrouter",
        "together",
        "fireworks",
        "cerebras",
        "ollama",
    }


def test_anthropic_speaks_its_own_dialect_with_its_own_header() -> None:
    row = ENDPOINTS["anthropic"]
    assert (row.dialect, row.auth) == ("anthropic", "header:x-api-key")
    assert row.base_url == "https://api.anthropic.com/v1"
    assert row.env == ("ANTHROPIC_API_KEY",)
    assert row.base_url_env == "ANTHROPIC_BASE_URL"


def test_each_provider_that_wants_a_key_has_a_variable_of_its_own() -> None:
    owners: dict[str, str] = {}
    for name, row in ENDPOINTS.items():
        assert bool(row.env) == (row.auth != "none"), name
        for variable in row.env:
            assert owners.setdefault(variable, name) == name


def test_only_what_runs_on_this_machine_goes_without_tls() -> None:
    plain = {n for n, row in ENDPOINTS.items() if row.base_url.startswith("http://")}
    assert plain == {"ollama"}


def test_what_groq_refuses_is_dropped_and_what_mistral_calls_otherwise_is_renamed() -> (
    None
):
    assert ENDPOINTS["groq"].drop == {"logprobs", "logit_bias", "top_logprobs"}
    assert ENDPOINTS["mistral"].rename == {
        "max_completion_tokens": "max_tokens",
        "seed": "random_seed",
    }
    assert not ENDPOINTS["mistral"].stream_usage
    assert "stream_options" in ENDPOINTS["mistral"].drop


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('drop = ["logits_bias"]', "mine: unknown parameter logits_bias"),
        ('rename = { sead = "x" }', "mine: unknown parameter sead"),
        ('drop = ["model"]', "mine: cannot do without model"),
        (
            'drop = ["seed"]\nrename = { seed = "x" }',
            "mine: drops and renames seed",
        ),
        ('dorp = ["seed"]', "mine: Object contains unknown field `dorp`"),
        ('auth = "basic"', "mine: Expected `str` matching regex"),
        ('env = ["lower"]', "mine: Expected `str` matching regex"),
        ('base_url_env = "my url"', "mine: Expected `str` matching regex"),
        ('stream_usage = "no"', "mine: Expected `bool`, got `str`"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_by_name(line: str, message: str) -> None:
    with pytest.raises(EndpointError) as error:
        load(ROW + line)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    "address",
    ["https://host/v1/", "ftp://host/v1", "https://me@host/v1", "https://host/?a", ""],
)
def test_an_address_ends_without_a_slash_and_holds_no_secret(address: str) -> None:
    with pytest.raises(EndpointError, match=r"^mine: "):
        load(ROW.replace("https://host.example/v1", address))


def test_a_row_that_is_no_table_is_refused_by_name() -> None:
    with pytest.raises(EndpointError, match=r"^mine: Expected `object`"):
        load("mine = 3")


def test_a_row_is_read_with_its_defaults() -> None:
    row = load(ROW)["mine"]
    assert (row.name, row.auth, row.env, row.drop) == (
        "mine",
        "bearer",
        (),
        frozenset(),
    )
    assert row.stream_usage
    assert row.rename == {}
