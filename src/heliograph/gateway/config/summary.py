"""A configuration in a few lines, for the terminal."""

from heliograph.gateway.types import Config, Provider


def summary(config: Config) -> str:
    """Describe *config*: what is reached, by which keys' number, and what after what.

    Holds no key and no address (an address from the environment may be private).
    """
    lines = [_provider_line(provider) for provider in config.providers.values()]
    lines += [
        f"{source} -> {' -> '.join(targets)}"
        for source, targets in config.fallbacks.items()
    ]
    count = len(config.providers)
    head = f"{config.source}: {count} provider{'' if count == 1 else 's'}"
    return "\n".join([head, *(f"  {line}" for line in lines)])


def _provider_line(provider: Provider) -> str:
    keys = len(provider.keys)
    amount = {0: "no key", 1: "1 key"}.get(keys, f"{keys} keys")
    place = provider.endpoint.base_url_from
    where = f", at {place}" if place else ""
    models = ", ".join(provider.models) or "any model"
    return f"{provider.name} ({provider.endpoint.dialect}, {amount}{where}): {models}"
