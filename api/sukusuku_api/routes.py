"""How routes are made and added: each once, all in one list.

`FastAPI.include_router` makes every route a second time when the first request comes, and then asks for each request
router by router, the chosen one twice.
"""

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

PREFIX = "/api/v1"


def resource(path: str = "", tag: str | None = None) -> APIRouter:
    """Return a router for a resource of the API, at `path` below its prefix; `tag` groups what clients see."""
    tags = [] if tag is None else [tag]
    return APIRouter(prefix=PREFIX + path, tags=[*tags], generate_unique_id_function=_operation_id)


def add(app: FastAPI, *routers: APIRouter) -> None:
    """Add the routes of these routers, in their order; of two that fit a request, the first one answers."""
    for router in routers:
        app.router.routes.extend(router.routes)


def _operation_id(route: APIRoute) -> str:
    """Return the name of an operation as generated clients show it: resource and function."""
    return "_".join([*map(str, route.tags[:1]), route.name])
