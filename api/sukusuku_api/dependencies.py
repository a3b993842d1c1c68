"""What every request handler works with."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar, cast

from fastapi import Depends, Query, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from sukusuku_api.access import session_cookie
from sukusuku_api.access.principal import Principal
from sukusuku_api.problems import ProblemError
from sukusuku_api.timestamps import parse
from sukusuku_core.clock import Clock
from sukusuku_core.errors import Mistake
from sukusuku_server.access.rights import Act
from sukusuku_server.db import Operations
from sukusuku_server.db.modes import Modes
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.facility_document import state as document_state
from sukusuku_server.facility_document.source import FacilitySource
from sukusuku_server.facility_document.state import DocumentState
from sukusuku_server.live import clock as server_clock
from sukusuku_server.live import derivation_progress, watching
from sukusuku_server.live import views as live
from sukusuku_server.live.clock import ClockDoubt
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.next_visit import NextVisit, next_visits
from sukusuku_server.rounds.timetable import Timetable
from sukusuku_server.settings import Facility, Room, Round, Site, Unit
from sukusuku_server.timeseries.protocols import HistoryReader, LiveReader, NoteReader, RejectedMessages, StoreStatus

if TYPE_CHECKING:
    from sukusuku_api.access.authentication import Authentication
    from sukusuku_api.access.view import Views


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
    """The facility with the dates of its rounds, where its data is, and the clock.

    `index` is what whoever asks sees of the facility; `whole` is all of it, for what follows from the rest as well,
    such as the plan of a round, and `scoped` makes views of it. `principal` is who asks; None: nobody in particular, or
    a public page. `key` tells this view of the facility from others: answers that are kept for one are good for all
    that have its key. `source` is where the settings come from; None: they cannot be changed. `mistakes` are those of
    changed settings that are not in use because of them, `restart` the keys whose change waits for a restart of this
    process.
    """

    index: FacilitySchedules
    timetables: Mapping[str, Timetable]
    store: Readings
    operations: Operations
    clock: Clock
    whole: FacilitySchedules
    scoped: "Views"
    principal: Principal | None = None
    key: Hashable = None
    mistakes: tuple[Mistake, ...] = ()
    restart: tuple[str, ...] = ()
    source: FacilitySource | None = None

    @property
    def facility(self) -> Facility:
        """Return the settings as a whole."""
        return self.index.facility

    @property
    def account_name(self) -> str:
        """Return the name of the account or key that asks, whoever uses it."""
        return "" if self.principal is None else self.principal.name

    @property
    def own_account(self) -> int | None:
        """Return the id of the account that asks; None: there is none, or several people share it."""
        who = self.principal
        return None if who is None or who.shared or who.account is None else who.account.id

    @property
    def contact_names(self) -> Mapping[str, str]:
        """Return what the contacts of the settings are called, by their mail address in lower case."""
        return {contact.mail.lower(): contact.name for contact in self.whole.facility.contact if contact.mail}

    def name(self, given: str | None) -> str:
        """Return under which name an entry is kept. Raises ProblemError (422) when there is none, or not theirs.

        It is the name of the account. Only where several people act through one do they say who they are.
        """
        who = self.principal
        if who is None or who.shared:
            if given is None:
                raise invalid("body.by", "is wanted: several people use this account or key, so say who you are")
            return given
        if given not in {None, who.name}:
            raise invalid("body.by", f"leave it out: what you do is recorded as {who.name}")
        return who.name

    @property
    def seen(self) -> frozenset[str] | None:
        """Return the ids of the assets and sites that whoever asks sees; None: all, also those of the past."""
        return None if self.key is None else frozenset(self.index.assets) | frozenset(self.index.sites)

    def sees(self, ident: str) -> bool:
        """Whether whoever asks sees an asset or a site, or what was said of one that the settings have no more."""
        return self.key is None or ident in self.index.assets or ident in self.index.sites

    def sees_sum(self, site: str | None) -> bool:
        """Whether whoever asks may have a sum over a site, or (None) over all."""
        return self.key is None or site in self.index.sites

    def clock_doubt(self) -> ClockDoubt | None:
        """Why the collector does not believe the server's clock; None: it does."""
        return server_clock.read(self.store.live, sorted({asset.edge for asset in self.index.assets.values()}))

    def derived_until(self) -> int | None:
        """Up to when (UTC ms) the past is derived; None: all of it is."""
        return derivation_progress.read(self.store.live)

    @property
    def derived_key(self) -> Hashable:
        """Return the key for answers that follow from what is derived: another one while more of the past is."""
        return self.key, self.derived_until()

    def document(self) -> DocumentState:
        """Since when the settings are wrong, and what waits for a restart, here or in the collector."""
        found = document_state.read(self.store.live)
        since = found.wrong_since or (self.clock() if self.mistakes else None)
        return DocumentState(since, tuple(dict.fromkeys([*found.waiting, *self.restart])))

    def view(self, asset: str, now: int) -> "live.UnitView | live.RoomView":
        """How an asset of the facility stands at the time `now`."""
        store, away = self.store.live, self.is_collector_away(now)
        known = self.index.assets[asset]
        return live.view(self.index, known, store.latest(), now, store.derived_latest(), away=away)

    def views(self, now: int) -> "list[live.UnitView | live.RoomView]":
        """How every asset stands at the time `now`."""
        store, away = self.store.live, self.is_collector_away(now)
        return live.views(self.index, store.latest(), now, store.derived_latest(), away=away)

    def is_collector_away(self, now: int) -> bool:
        """Whether nothing new can come. While the server's clock is in doubt, that is what has to be told."""
        return watching.is_away(self.store.live, now) and self.clock_doubt() is None

    def next_visits(self, now: int) -> dict[str, NextVisit]:
        """Which round comes next to each unit, by its id."""
        modes = Modes(self.operations).active(now)
        return next_visits(self.index, self.timetables, Rounds(self.operations).ahead(), modes, now)


def public(request: Request) -> Context:
    """Return the whole facility, for what needs no right: its handler tells only what everybody may know."""
    return cast("Context", request.app.state.context)


async def _public(request: Request) -> Context:
    return public(request)


PublicContext = Annotated[Context, Depends(_public)]
"""Like all dependencies that only look something up in memory, it is async: a change of threads would cost more."""


def whoever(request: Request) -> Principal | None:
    """Return who asks, and change nothing; None: somebody who has not signed in."""
    return cast("Authentication", request.app.state.authentication).principal(request)


def authenticated(request: Request) -> Principal:
    """Return who asks, and change nothing. Raises ProblemError (401) when that is not known."""
    found = whoever(request)
    if found is None:
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED,
            "Sign in, or send an access key (Authorization: Bearer ...).",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return found


_KEY = HTTPBearer(scheme_name="key", description="An access key", auto_error=False)
_SESSION = APIKeyCookie(
    name="sukusuku",
    scheme_name="session",
    description="Somebody who has signed in; over HTTPS the cookie is called `__Host-sukusuku`",
    auto_error=False,
)


def who_asks(
    request: Request,
    _: Annotated[object, Security(_KEY)] = None,
    __: Annotated[object, Security(_SESSION)] = None,
) -> Principal:
    """Return who asks; with the answer their session gets a new token when their rights have changed.

    Raises ProblemError (401) when it is not known who asks.
    """
    found = authenticated(request)
    if found.outdated and found.session is not None:
        token = cast("Authentication", request.app.state.authentication).turn(found.session)
        if token is not None:
            session_cookie.turned(request, token)
    return found


PrincipalDep = Annotated[Principal, Depends(who_asks)]


async def as_oneself(request: Request, principal: PrincipalDep) -> Context:
    """Return the facility for what needs no right but an account: what one sees of it, acting as oneself."""
    return seen_by(request, principal)


def seen_by(request: Request, principal: Principal, act: Act = Act.VIEW_UNITS) -> Context:
    """Return the facility where somebody has a right, acting as they."""
    context = public(request)
    view = context.scoped.of(principal.rights, act)
    return replace(
        context,
        index=view.index,
        key=view.key,
        operations=context.operations.acting(principal.actor),
        principal=principal,
    )


class Allowed:
    """The dependency of a handler on one right: it gives the facility as whoever has that right sees it.

    `everywhere`: what it is about belongs to no site, so only a right for the whole operator will do.
    """

    def __init__(self, act: Act, *, everywhere: bool = False) -> None:
        self.act, self.everywhere = act, everywhere

    async def __call__(self, request: Request, principal: PrincipalDep) -> Context:
        """Return what is seen. Raises ProblemError (403) for whoever has the right nowhere."""
        return self.context(request, principal)

    def context(self, request: Request, principal: Principal) -> Context:
        """Return what somebody sees. Raises ProblemError (403) when they have the right nowhere."""
        if not (principal.rights.may(self.act) if self.everywhere else principal.rights.somewhere(self.act)):
            where = " for the whole operator" if self.everywhere else ""
            raise ProblemError(HTTPStatus.FORBIDDEN, f"You may not do this: it needs the right `{self.act}`{where}.")
        return seen_by(request, principal, self.act)


units_context = Allowed(Act.VIEW_UNITS)
UnitsContext = Annotated[Context, Depends(units_context)]
RoomsContext = Annotated[Context, Depends(Allowed(Act.VIEW_ROOMS))]
RoundsContext = Annotated[Context, Depends(Allowed(Act.VIEW_ROUNDS))]
ReportsContext = Annotated[Context, Depends(Allowed(Act.VIEW_REPORTS))]
DevicesContext = Annotated[Context, Depends(Allowed(Act.VIEW_DEVICES, everywhere=True))]
AcknowledgingContext = Annotated[Context, Depends(Allowed(Act.ACKNOWLEDGE_ALERTS))]
CountingContext = Annotated[Context, Depends(Allowed(Act.ENTER_COUNTS))]
BookingContext = Annotated[Context, Depends(Allowed(Act.ENTER_BOOKINGS))]
EmptyingContext = Annotated[Context, Depends(Allowed(Act.ENTER_EMPTYINGS))]
RequestingContext = Annotated[Context, Depends(Allowed(Act.REQUEST_VISITS))]
answering_context = Allowed(Act.ANSWER_STOPS)
AnsweringContext = Annotated[Context, Depends(answering_context)]
ModesContext = Annotated[Context, Depends(Allowed(Act.SET_MODES))]
IssuingContext = Annotated[Context, Depends(Allowed(Act.ISSUE_REPORTS))]
SettingsContext = Annotated[Context, Depends(Allowed(Act.EDIT_SETTINGS, everywhere=True))]
PeopleContext = Annotated[Context, Depends(Allowed(Act.MANAGE_PEOPLE))]
AuditContext = Annotated[Context, Depends(Allowed(Act.VIEW_AUDIT, everywhere=True))]


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


def site_or_all(context: Context, ident: str | None) -> str | None:
    """Return the centre that a sum is of; None: of all, for whoever sees all. Raises ProblemError (404, 422).

    A sum over some of the centres is nothing that is handed out: small counts could be computed from it.
    """
    if ident is not None:
        return known_site(context, ident).id
    if context.key is None:
        return None
    if len(context.index.sites) != 1:
        raise invalid("query.site", f"name one of your centres: {', '.join(context.index.sites)}")
    return next(iter(context.index.sites))


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
