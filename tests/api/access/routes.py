"""What each route of the application asks for, as its own dependencies say."""

from dataclasses import dataclass
from functools import cache

from fastapi.dependencies.models import Dependant
from starlette.routing import Mount, Route
from tests.api.access.callers import Caller

from sukusuku_api.app import without_data
from sukusuku_api.dependencies import Allowed, as_oneself
from sukusuku_server.access.rights import Act


@dataclass(frozen=True)
class Needed:
    """A right, perhaps for the whole operator; or (without one) an account."""

    act: Act | None = None
    everywhere: bool = False

    def holds(self, caller: Caller) -> bool:
        return caller.account if self.act is None else caller.may(self.act, everywhere=self.everywhere)


@cache
def routes() -> dict[str, Needed | None]:
    """Every route by method and path; None: it asks for nothing."""
    found: dict[str, Needed | None] = {}
    for route in without_data().routes:
        if isinstance(route, Mount):
            continue  # files, the same for all
        assert isinstance(route, Route)  # each in one list: nothing is included
        for method in sorted((route.methods or set()) - {"HEAD"}):
            dependant = getattr(route, "dependant", None)
            found[f"{method} {route.path}"] = None if dependant is None else _needed(dependant)
    return found


def _needed(dependant: Dependant) -> Needed | None:
    if isinstance(dependant.call, Allowed):
        return Needed(dependant.call.act, dependant.call.everywhere)
    if dependant.call is as_oneself:
        return Needed()
    return next((found for item in dependant.dependencies if (found := _needed(item)) is not None), None)
