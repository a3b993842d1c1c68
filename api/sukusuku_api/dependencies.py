"""What every request handler works with."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Protocol, TypeVar, cast

from fastapi import Depends, Query, Request

from sukusuku_api.problems import ProblemError
from sukusuku_api.timestamps import parse
from sukusuku_core.clock import Clock
from sukusuku_server.db import Operations
from sukusuku_server.db.modes import Modes
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.live import clock as server_clock
from sukusuku_server.live import views as live
from sukusuku_server.live.clock import ClockDoubt
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.next_visit import NextVisit, next_visits
from sukusuku_server.rounds.timetable import Timetable
from sukusuku_server.settings import Facility, Room, Round, Site, Unit
from sukusuku_server.timeseries.protocols import HistoryReader, LiveReader, NoteReader, RejectedMessages, StoreStatus


class LiveStore(LiveReader, NoteReader, StoreStatus, Protocol):
    """What the store knows of the present."""


class HistoryStore(HistoryReader, LiveReader, RejectedMessages, NoteReader, Protocol):
    """What the store knows of the past and of the present, and what it refused."""


class Readings(Protocol):
    """The store by two connections: what takes long holds up nobody who asks for the present."""

    @property
    def live(self) -> LiveStore:
        """Return the connection for what is quick."""

    @property
    def history(self) -> HistoryStore:
        """Return the connection for what may take seconds."""


@dataclass(frozen=True, slots=True)
class Context:
    """The facility with the dates of its rounds, where its data is, and the clock."""

    index: FacilitySchedules
    timetables: Mapping[str, Timetable]
    store: Readings
    operations: Operations
    clock: Clock

    @property
    def facility(self) -> Facility:
        """Return the settings as a whole."""
        return self.index.facility

    def clock_doubt(self) -> ClockDoubt | None:
        """Why the collector does not believe the server's clock; None: it does."""
        return server_clock.read(self.store.live, sorted({asset.edge for asset in self.index.assets.values()}))

    def view(self, asset: str, now: int) -> "live.UnitView | live.RoomView":
        """How an asset of the facility stands at the time `now`."""
        store = self.store.live
        return live.view(self.index, self.index.assets[asset], store.latest(), now, store.derived_latest())

    def views(self, now: int) -> "list[live.UnitView | live.RoomView]":
        """How every asset stands at the time `now`."""
        store = self.store.live
        return live.views(self.index, store.latest(), now, store.derived_latest())

    def next_visits(self, now: int) -> dict[str, NextVisit]:
        """Which round comes next to each unit, by its id."""
        modes = Modes(self.operations).active(now)
        return next_visits(self.index, self.timetables, Rounds(self.operations).ahead(), modes, now)


def _context(request: Request) -> Context:
    return cast("Context", request.app.state.context)


ContextDep = Annotated[Context, Depends(_context)]


Time = Annotated[str | None, Query(max_length=64)]
FROM = Query(alias="from", description="ISO 8601 (without offset: Japan's time) or UTC ms")
TO = Query(alias="to", description="As `from`; not included; default: now")


def between(start: str | None, end: str | None, now: int, default_ms: int) -> tuple[int, int]:
    """Return the stretch in UTC ms; without `from` it is `default_ms` long. Raises ProblemError with what is wrong."""
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
    """Return the problem of a request in which one field is wrong."""
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "The request is not valid.", errors=[(field, message)])


_Known = TypeVar("_Known")


def known_unit(context: Context, ident: str) -> tuple[Site, Unit]:
    """Return a unit with its centre. Raises ProblemError (404) with those that there are."""
    return _known("unit", context.index.units, ident)


def known_site(context: Context, ident: str) -> Site:
    """Return a centre. Raises ProblemError (404) with those that there are."""
    return _known("centre", context.index.sites, ident)


def known_round(context: Context, ident: str) -> Round:
    """Return a round of the settings. Raises ProblemError (404) with those that there are."""
    return _known("round", context.index.rounds, ident)


def known_room(context: Context, ident: str) -> tuple[Site, Room]:
    """Return a room with its centre. Raises ProblemError (404) with those that there are."""
    return _known("room", context.index.rooms, ident)


def _known(kind: str, there: Mapping[str, _Known], ident: str) -> _Known:
    if ident not in there:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no {kind} {ident!r}.", available=list(there))
    return there[ident]
