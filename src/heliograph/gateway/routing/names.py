"""From the model name a caller gives to the choices that are tried in order."""

from difflib import get_close_matches
from typing import NamedTuple

from heliograph.gateway.types import Blame, Chat, Config, Failure, Provider, Route

NAME_MAX = 200


class Choice(NamedTuple):
    """A provider and the model it is asked for; its keys are chosen later."""

    provider: Provider
    model: str

    @property
    def name(self) -> str:
        """`provider/model`."""
        return f"{self.provider.name}/{self.model}"


class Named(NamedTuple):
    """What a name stands for: equals that are balanced, then the fallbacks in order."""

    route: Route
    first: tuple[Choice, ...]
    weights: tuple[float, ...]
    then: tuple[Choice, ...]
    asked: frozenset[str] = frozenset()
    """The names of `first`."""


def named(chat: Chat, config: Config) -> Named | Failure:
    """Name who may answer *chat*: the model or route asked for, then its fallbacks.

    The request's own fallbacks come before those of the config. Each choice stands
    once.
    """
    route = route_of(chat.model, config)
    if isinstance(route, Failure):
        return route
    first = tuple(split(target, config) for target, _ in route.targets)
    asked = frozenset(choice.name for choice in first)
    seen = set(asked)
    then: list[Choice] = []
    for index, name in enumerate(chat.fallbacks):
        choice = resolve_full(name, config, f"fallbacks[{index}]")
        if isinstance(choice, Failure):
            return choice
        if choice.name not in seen:
            seen.add(choice.name)
            then.append(choice)
    sources = dict.fromkeys((route.name, *(choice.name for choice in first)))
    for source in sources:
        for name in config.fallbacks.get(source, ()):
            if name not in seen:
                seen.add(name)
                then.append(split(name, config))
    weights = tuple(weight for _, weight in route.targets)
    return Named(route, first, weights, tuple(then), asked)


def route_of(name: str, config: Config) -> Route | Failure:
    """Find the route of that name, or make the one of a single model."""
    route = config.routes.get(name)
    if route is not None:
        return route
    choice = resolve(name, config)
    if isinstance(choice, Failure):
        return choice
    own = config.routes.get(choice.name)
    return own or Route(choice.name, ((choice.name, 1.0),))


def split(name: str, config: Config) -> Choice:
    """Find the choice of a `provider/model` that the config has checked."""
    provider, _, model = name.partition("/")
    return Choice(config.providers[provider], model)


def resolve(name: str, config: Config) -> Choice | Failure:
    """Find the one choice *name* stands for: `provider/model`, or a listed model."""
    if len(name) > NAME_MAX or not (name.isascii() and name.isprintable()):
        said = f"A model's name is printable ASCII of at most {NAME_MAX} characters"
        return refused(said, "model", "model_not_found", 404)
    provider, slash, _ = name.partition("/")
    if slash and provider in config.providers:
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
    known = [name for name in config.routes if "/" not in name]
    known += [
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
