"""What every request handler works with."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Protocol, cast

from fastapi import Depends, Query, Request

from sukusuku_api.problems import ProblemError
from sukusuku_api.timestamps import parse
from sukusuku_core.clock import Clock
from sukusuku_server.db import Operations
from sukusuku_server.live import views as live
from sukusuku_server.model.series import Bucket, DerivedByAsset, LatestByAsset, Point, Quarantined, RoomHour, Tally
from sukusuku_server.settings import Facility, Room, Round, Site, Unit


class Readings(Protocol):
    """The reading half of a store. Safe to use from several threads."""

    def available(self) -> bool:
        """Whether there is a store, and it answers."""

    def quarantine(self, limit: int) -> list[Quarantined]:
        """The newest rows of the quarantine, newest first."""

    def tallies(self) -> list[Tally]:
        """The quarantine, counted by reason."""

    def unassigned(self) -> list[Tally]:
        """What waits for facility.toml to be put right, counted by topic and reason."""

    def latest(self) -> LatestByAsset:
        """The newest value of every series."""

    def derived(self, asset: str, metric: str, start: int, end: int) -> list[Point]:
        """Points of a derived series with start <= time < end, in order of time."""

    def room_hours(self, asset: str, start: int, end: int) -> list[RoomHour]:
        """The hours that are kept of a room and begin in start <= time < end, in order."""

    def derived_latest(self) -> DerivedByAsset:
        """The newest point of every derived series."""

    def raw(self, asset: str, metric: str, start: int, end: int, limit: int) -> list[Point]:
        """Readings with start <= time < end in order of time, at most `limit`."""

    def hourly(self, asset: str, metric: str, start: int, end: int) -> list[Bucket]:
        """Hours that begin in start <= time < end, in order."""

    def version(self) -> int:
        """A number that changes when another process has committed."""

    def noted(self, key: str) -> int | None:
        """A number that the collector keeps under a name; None when there is none."""


@dataclass(frozen=True, slots=True)
class Context:
    """The facility, where its data is, and the clock."""

    facility: Facility
    store: Readings
    operations: Operations
    clock: Clock

    def views(self, now: int) -> "list[live.UnitView | live.RoomView]":
        """How every asset stands at the time `now`."""
        return live.views(self.facility, self.store.latest(), now, self.store.derived_latest())


def _context(request: Request) -> Context:
    return cast("Context", request.app.state.context)


ContextDep = Annotated[Context, Depends(_context)]


Time = Annotated[str | None, Query(max_length=64)]
FROM = Query(alias="from", description="ISO 8601 (without offset: Japan's time) or UTC ms")
TO = Query(alias="to", description="As `from`; not included; default: now")


def between(start: str | None, end: str | None, now: int, default_ms: int) -> tuple[int, int]:
    """The stretch in UTC ms; without `from` it is `default_ms` long. Raises ProblemError with what is wrong."""
    times: dict[str, int | None] = {}
    for name, text in (("from", start), ("to", end)):
        try:
            times[name] = None if text is None else parse(text)
        except ValueError as error:
            raise invalid(f"query.{name}", f"{error}; found {text!r}") from error
    stop = now if times["to"] is None else times["to"]
    first = stop - default_ms if times["from"] is None else times["from"]
    if first >= stop:
        raise invalid("query.from", "must be before `to`")
    return max(first, 0), stop


def invalid(field: str, message: str) -> ProblemError:
    """The problem of a request in which one field is wrong."""
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "The request is not valid.", errors=[(field, message)])


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
