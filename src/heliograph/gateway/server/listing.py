"""What may be asked for, told in OpenAI's shape: `GET /v1/models`."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from heliograph.gateway.engine import Engine
from heliograph.gateway.routing.permission import may_ask
from heliograph.gateway.server.admitted import admitted
from heliograph.gateway.server.guard import Guard
from heliograph.gateway.types import Config, VirtualKey

NOT_FOUND = 404
ROUTE_OWNER = "heliograph"


def model_routes(engine: Engine, guard: Guard) -> list[Route]:
    """Make the paths that list models."""

    async def models(request: Request) -> Response:
        pairs = listed(engine.config, admitted(guard, request))
        data = [model_entry(*pair) for pair in pairs]
        return JSONResponse({"object": "list", "data": data})

    async def model(request: Request) -> Response:
        wanted = request.path_params["name"]
        for owner, name in listed(engine.config, admitted(guard, request)):
            if wanted in (name, name.removeprefix(f"{owner}/")):
                return JSONResponse(model_entry(owner, name))
        raise HTTPException(NOT_FOUND, f"The model '{wanted}' does not exist here.")

    return [Route("/v1/models", models), Route("/v1/models/{name:path}", model)]


def listed(config: Config, key: VirtualKey | None = None) -> list[tuple[str, str]]:
    """Pairs of owner and name: the models in the order of the config, then routes.

    Only those that *key* may ask for. A route named like a `provider/model` is no name
    of its own.
    """
    models = [
        (p.name, f"{p.name}/{model}")
        for p in config.providers.values()
        for model in p.models
    ]
    models += [(ROUTE_OWNER, name) for name in config.routes if "/" not in name]
    if key is None:
        return models
    return [pair for pair in models if may_ask(key, pair[1], config)]


def model_entry(owner: str, name: str) -> dict[str, object]:
    """One entry of `GET /v1/models`, in OpenAI's shape."""
    return {"id": name, "object": "model", "created": 0, "owned_by": owner}
