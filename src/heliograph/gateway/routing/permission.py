"""What a virtual key may ask for: pure, over names that the config has resolved.

A listed route is allowed with all it leads to: the operator made both. Otherwise every
target that is asked for must fit a pattern, and fallbacks that fit none are left out: a
key for the small models must not come to spend on the large ones when those fail.
"""

from fnmatch import fnmatchcase

from msgspec.structs import replace

from heliograph.gateway.routing.names import NAME_MAX, Named, refused
from heliograph.gateway.types import Chat, Config, Failure, VirtualKey

FORBIDDEN = 403
CODE = "model_not_allowed"


def narrowed(found: Named | Failure, chat: Chat, key: VirtualKey) -> Named | Failure:
    """Leave what *key* may use; fail when that is not what was asked for.

    What does not exist is told without the names that do: they are not all for it.
    """
    if not key.bounded:
        return found
    if isinstance(found, Failure):
        return _unknown(chat, found)
    if chat.model in key.routes:
        return found
    if not all(may_use(key, choice.name) for choice in found.first):
        return _refused(chat.model, "model", key)
    for index, name in enumerate(chat.fallbacks):
        if not may_use(key, name):
            return _refused(name, f"fallbacks[{index}]", key)
    then = tuple(choice for choice in found.then if may_use(key, choice.name))
    return found if len(then) == len(found.then) else found._replace(then=then)


def may_use(key: VirtualKey, target: str) -> bool:
    """Say whether *key* may ask for *target*, a `provider/model`, by its own name."""
    if not key.bounded:
        return True
    return any(fnmatchcase(target, pattern) for pattern in key.models)


def may_ask(key: VirtualKey, name: str, config: Config) -> bool:
    """Say whether *key* may ask for *name*, a listed model or route of *config*."""
    if not key.bounded or name in key.routes:
        return True
    route = config.routes.get(name)
    targets = [name] if route is None else [target for target, _ in route.targets]
    return all(may_use(key, target) for target in targets)


def _unknown(chat: Chat, found: Failure) -> Failure:
    if found.code != "model_not_found" or found.param != "model":
        return found
    said = (
        f"The model '{chat.model[:NAME_MAX]}' does not exist here; GET /v1/models lists"
        " what this key may use."
    )
    return replace(found, message=said)


def _refused(name: str, param: str, key: VirtualKey) -> Failure:
    listed = [f"models {', '.join(key.models)}"] if key.models else []
    listed += [f"routes {', '.join(key.routes)}"] if key.routes else []
    said = f"This key may not use '{name}': it is for the {' and the '.join(listed)}."
    return refused(said, param, CODE, FORBIDDEN)
