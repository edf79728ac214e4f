"""From the model name a caller gives to the choices that are tried in order."""

from difflib import get_close_matches
from typing import NamedTuple

from heliograph.gateway.types import Blame, Chat, Config, Failure, Provider

NAME_MAX = 200


class Choice(NamedTuple):
    """A provider and the model it is asked for; its keys are chosen later."""

    provider: Provider
    model: str

    @property
    def name(self) -> str:
        """`provider/model`."""
        return f"{self.provider.name}/{self.model}"


def choices(chat: Chat, config: Config) -> list[Choice] | Failure:
    """Name who may answer *chat*: the model asked for, then its fallbacks.

    The request's own fallbacks come before those of the config. Each choice stands
    once.
    """
    first = resolve(chat.model, config)
    if isinstance(first, Failure):
        return first
    named = {first.name: first}
    for index, name in enumerate(chat.fallbacks):
        choice = resolve_full(name, config, f"fallbacks[{index}]")
        if isinstance(choice, Failure):
            return choice
        named.setdefault(choice.name, choice)
    for name in config.fallbacks.get(first.name, ()):
        provider_name, _, model = name.partition("/")
        named.setdefault(name, Choice(config.providers[provider_name], model))
    return list(named.values())


def resolve(name: str, config: Config) -> Choice | Failure:
    """Find the one choice *name* stands for: `provider/model`, or a listed model."""
    if len(name) > NAME_MAX or not (name.isascii() and name.isprintable()):
        said = f"A model's name is printable ASCII of at most {NAME_MAX} characters"
        return refused(said, "model", "model_not_found", 404)
    if name.partition("/")[0] in config.providers:
        return resolve_full(name, config, "model")
    listing = [p for p in config.providers.values() if name in p.models]
    if len(listing) == 1:
        return Choice(listing[0], name)
    if listing:
        full = " or ".join(f"{provider.name}/{name}" for provider in listing)
        said = f"The model '{name}' is listed by more than one provider: ask for {full}"
        return refused(said, "model", "model_ambiguous", 400)
    return unknown(name, config, "model")


def resolve_full(name: str, config: Config, param: str) -> Choice | Failure:
    """Find the choice for `provider/model`; a provider that lists models means them."""
    provider_name, _, model = name.partition("/")
    provider = config.providers.get(provider_name)
    if provider is None or not model:
        return unknown(name, config, param)
    if provider.models and model not in provider.models:
        return unknown(name, config, param)
    return Choice(provider, model)


def unknown(name: str, config: Config, param: str) -> Failure:
    """Say which names there are."""
    known = [
        f"{p.name}/{model}" for p in config.providers.values() for model in p.models
    ]
    bare = [model for p in config.providers.values() for model in p.models]
    close = get_close_matches(name, known + bare, n=1)
    if close:
        hint = f"did you mean '{close[0]}'?"
    elif known:
        hint = f"known models: {', '.join(known[:10])}; GET /v1/models lists them all"
    else:
        hint = f"name one as provider/model; providers: {', '.join(config.providers)}"
    said = f"The model '{name}' does not exist here: {hint}"
    return refused(said, param, "model_not_found", 404)


def refused(message: str, param: str, code: str, status: int) -> Failure:
    """Refuse the caller's name of a model in OpenAI's terms."""
    return Failure(
        Blame.CALLER,
        code,
        message,
        status=status,
        type="invalid_request_error",
        code=code,
        param=param,
    )
