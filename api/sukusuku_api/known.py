"""Whether the centre, unit, room or round of a request exists."""

from http import HTTPStatus

from sukusuku_api.context import Context
from sukusuku_api.problem import ProblemError
from sukusuku_collector.settings import Room, Round, Site, Unit


def known_unit(context: Context, ident: str) -> tuple[Site, Unit]:
    """A unit with its centre. Raises ProblemError (404) with those that there are."""
    found = {unit.id: (site, unit) for site in context.facility.site for unit in site.unit}
    if ident not in found:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no unit {ident!r}.", available=list(found))
    return found[ident]


def known_site(context: Context, ident: str) -> Site:
    """A centre. Raises ProblemError (404) with those that there are."""
    found = {site.id: site for site in context.facility.site}
    if ident not in found:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no centre {ident!r}.", available=list(found))
    return found[ident]


def known_round(context: Context, ident: str) -> Round:
    """A round of the settings. Raises ProblemError (404) with those that there are."""
    found = {each.id: each for each in context.facility.round}
    if ident not in found:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no round {ident!r}.", available=list(found))
    return found[ident]


def known_room(context: Context, ident: str) -> tuple[Site, Room]:
    """A room with its centre. Raises ProblemError (404) with those that there are."""
    found = {room.id: (site, room) for site in context.facility.site for room in site.room}
    if ident not in found:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no room {ident!r}.", available=list(found))
    return found[ident]
