"""Records of exchanges for the tests of what is told about them."""

from heliograph.gateway.types import (
    Attempt,
    Blame,
    Endpoint,
    Exchange,
    Failure,
    Key,
    Provider,
    Secret,
    Target,
    Usage,
)

OPENAI = Provider(
    "openai",
    Endpoint("openai", "openai", "https://api.openai.com/v1"),
    models=("gpt-4o",),
)
CLAUDE = Provider(
    "anthropic",
    Endpoint("anthropic", "anthropic", "https://api.anthropic.com/v1"),
    models=("claude-sonnet-4-6",),
)
SECRET = "sk-never-told"


def target(provider: Provider, model: str | None = None, number: int = 1) -> Target:
    """Name a target; the model is the provider's first."""
    key = Key(f"{provider.name}#{number}", Secret(SECRET))
    return Target(provider, model or provider.models[0], key)


def failed(kind: str, blame: Blame = Blame.PROVIDER, **more: object) -> Failure:
    """Make a failure that says its kind."""
    return Failure(blame, kind, f"what a {kind} says", **more)  # type: ignore[arg-type] # the members are a failure's own


def attempt(
    failure: Failure | None, provider: Provider = OPENAI, model: str | None = None
) -> Attempt:
    """Make an attempt that took a quarter of a second."""
    return Attempt(target(provider, model), 0.5, 0.75, failure)


def exchange(*attempts: Attempt, **members: object) -> Exchange:
    """Make a record; it is answered when its last attempt is."""
    made = Exchange("hg-1", attempts=list(attempts), duration_s=1.0)
    if made.answered_by is not None:
        made.outcome, made.status, made.finish = "answered", 200, "stop"
        made.first_byte_s = 0.6
        made.usage = Usage(input_tokens=11, output_tokens=5, cached_tokens=3)
    for name, value in members.items():
        setattr(made, name, value)
    return made
