"""A configuration in a few lines, for the terminal."""

from heliograph.gateway.catalog.money import print_usd
from heliograph.gateway.types import (
    Budget,
    CapRule,
    Config,
    Provider,
    Route,
    Scope,
)


def summary(config: Config) -> str:
    """Describe *config*: what is reached, with how many keys, and what after what.

    Holds no key and no address (an address from the environment may be private).
    """
    lines = [_provider_line(provider) for provider in config.providers.values()]
    lines += [_route_line(route) for route in config.routes.values()]
    lines += [
        f"{source} -> {' -> '.join(targets)}"
        for source, targets in config.fallbacks.items()
    ]
    lines += [_budget_line(budget) for budget in config.budgets]
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


def _route_line(route: Route) -> str:
    policies: list[str] = [] if "/" in route.name else [route.balance]
    if route.sticky_header:
        policies.append(f"sticky by {route.sticky_header}")
    if route.rescue:
        policies.append(f"rescue {route.rescue}")
    if route.hedge:
        policies.append(f"hedged up to {100 * route.hedge.share:.3g} %")
    head = f"route {route.name}"
    if policies:
        head += f" ({', '.join(policies)})"
    targets = [
        name if weight == 1 else f"{name} (weight {weight:g})"
        for name, weight in route.targets
    ]
    return head if targets == [route.name] else f"{head}: {', '.join(targets)}"


def _budget_line(budget: Budget) -> str:
    """Say what is capped, for whom; never where news of it goes."""
    caps = [_cap(rule) for rule in budget.caps]
    scope = {name: getattr(budget.scope, name) for name in Scope.__struct_fields__}
    whom = [f"{name} {value}" for name, value in scope.items() if value is not None]
    head = f"budget {budget.name} ({', '.join(whom) or 'all'}): {', '.join(caps)}"
    return head if budget.on_cap is None else f"{head}; then {budget.on_cap}"


def _cap(rule: CapRule) -> str:
    if rule.kind == "concurrent":
        return f"{rule.limit} at once"
    how = "rolling " if rule.kind == "usd" and rule.window == "rolling" else ""
    if rule.kind != "usd":
        return f"{rule.limit} {rule.kind} a {rule.per}"
    return f"${print_usd(rule.limit)} a {how}{rule.per}"
