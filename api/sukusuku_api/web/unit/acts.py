"""What staff do on the page of a unit: it was emptied, somebody should come, stock, outbreak, silence."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from sukusuku_api.dependencies import Context, EmptyingContext, ModesContext, RequestingContext, known_unit
from sukusuku_api.problems import ProblemError
from sukusuku_api.queries import emptying_doubt
from sukusuku_api.queries.emptying_doubt import NobodyAsksError
from sukusuku_api.queries.unit_levels import estimate_before
from sukusuku_api.web import base, forms, silence_lengths
from sukusuku_api.web.collection import caches, verdict
from sukusuku_api.web.collection.verdict import Verdict
from sukusuku_api.web.unit.response import PATH, shown
from sukusuku_server.db.emptyings import EmptyingClashError, Emptyings, UnknownEmptyingError
from sukusuku_server.db.modes import ModeKind, Modes
from sukusuku_server.db.stock import Stock, StockKind
from sukusuku_server.db.visit_requests import Requests
from sukusuku_server.i18n import N_
from sukusuku_server.settings import Language

_LONGEST_NAME, _LONGEST_REASON = 80, 200
_MOST_STOCK = 100_000
_NO_NAME = N_("Please enter your name.")
_KNOWN = N_("It is known already that the bag was changed.")

router = APIRouter(include_in_schema=False, prefix=PATH)


class Entry(BaseModel):
    """Who sends a form."""

    by: Annotated[forms.Line, Field(max_length=_LONGEST_NAME)] = ""


class DoubtEntry(Entry):
    """Whether the bag was changed when its level fell."""

    changed: Literal["yes", "no"]


class VisitEntry(Entry):
    """`request` is the id of the request that is taken back; 0: there is none yet."""

    request: int = 0


class StockEntry(Entry):
    """A number that somebody counted, or that was delivered, as typed."""

    kind: StockKind
    number: Annotated[forms.Line, Field(max_length=10)] = ""
    act: Literal["count", "deliver"] = "count"


class ModeEntry(Entry):
    """`mode` is the id of the period to end; 0: one is to begin. `lasts` is how long a silence is."""

    mode: int = 0
    lasts: Annotated[forms.Line, Field(max_length=10)] = ""
    reason: Annotated[forms.Line, Field(max_length=_LONGEST_REASON)] = ""


@router.post("/{unit_id}/emptied")
def emptied(
    request: Request, context: EmptyingContext, unit_id: str, entry: Annotated[Entry, Form()], lang: base.Lang = "ja"
) -> Response:
    """Keep that the bag was changed just now; it can be withdrawn below. Then back to the page."""
    known_unit(context, unit_id)

    def keep(by: str, now: int) -> str:
        percent = estimate_before(context, unit_id, now)
        nappies = percent / 100 * context.index.units[unit_id][1].collection.nappies_per_bag
        try:
            Emptyings(context.operations).enter(unit_id, now, by, now, percent=percent, nappies=nappies)
        except EmptyingClashError:
            return _KNOWN
        return ""

    return _kept(request, context, unit_id, lang, entry, keep)


@router.post("/{unit_id}/doubt")
def doubt(
    request: Request,
    context: EmptyingContext,
    unit_id: str,
    entry: Annotated[DoubtEntry, Form()],
    lang: base.Lang = "ja",
) -> Response:
    """Keep the answer to "Was the bag changed?", which a level raised that fell; it can be withdrawn below.

    Then back to the page.
    """
    known_unit(context, unit_id)

    def keep(by: str, _: int) -> str:
        try:
            emptying_doubt.answer(context, unit_id, by, changed=entry.changed == "yes")
        except NobodyAsksError:
            return N_("Nobody asks any more whether the bag was changed.")
        except EmptyingClashError:
            return _KNOWN
        return ""

    return _kept(request, context, unit_id, lang, entry, keep)


@router.post("/{unit_id}/emptyings")
def judge(
    request: Request, context: EmptyingContext, unit_id: str, entry: Annotated[Verdict, Form()], lang: base.Lang = "ja"
) -> Response:
    """Confirm or reject an emptying of the unit, or take that back; then back to the page."""
    known_unit(context, unit_id)

    def keep(by: str, _: int) -> str:
        try:
            verdict.keep(context, entry, by, unit_id)
        except UnknownEmptyingError as error:
            raise ProblemError(HTTPStatus.NOT_FOUND, str(error)) from error
        except EmptyingClashError:
            return _KNOWN
        return ""

    return _kept(request, context, unit_id, lang, entry, keep, "emptyings")


@router.post("/{unit_id}/visit")
def ask(
    request: Request,
    context: RequestingContext,
    unit_id: str,
    entry: Annotated[VisitEntry, Form()],
    lang: base.Lang = "ja",
) -> Response:
    """Request a visit by the next round, or take the request back; then back to the page."""
    known_unit(context, unit_id)

    def keep(by: str, now: int) -> str:
        requests = Requests(context.operations)
        if not entry.request:
            requests.ask(unit_id, by, now)
        elif any(it.id == entry.request and it.asset == unit_id for it in requests.standing()):
            requests.withdraw(entry.request, by, now)
        return ""

    return _kept(request, context, unit_id, lang, entry, keep)


@router.post("/{unit_id}/stock")
def stock(
    request: Request,
    context: EmptyingContext,
    unit_id: str,
    entry: Annotated[StockEntry, Form()],
    lang: base.Lang = "ja",
) -> Response:
    """Keep a count or delivery of the centre; it can be withdrawn on the page of collection. Then back to the page."""
    site, _ = known_unit(context, unit_id)

    def keep(by: str, now: int) -> str:
        typed = entry.number.strip()  # in digits of whatever width a keyboard gives
        number = int(typed) if typed.isdecimal() else -1
        if not 0 <= number <= _MOST_STOCK:
            return N_("Please enter a whole number.")
        book = Stock(context.operations)
        (book.count if entry.act == "count" else book.deliver)(site.id, entry.kind, number, by, now)
        return ""

    return _kept(request, context, unit_id, lang, entry, keep, "h-stock")


@router.post("/{unit_id}/outbreak")
def outbreak(
    request: Request, context: ModesContext, unit_id: str, entry: Annotated[ModeEntry, Form()], lang: base.Lang = "ja"
) -> Response:
    """Tighten the limits of the centre of a unit, or end that; then back to the page."""
    site, _ = known_unit(context, unit_id)
    keep = _switch(context, ModeKind.OUTBREAK, site.id, entry)
    return _kept(request, context, unit_id, lang, entry, keep, "h-modes")


@router.post("/{unit_id}/silence")
def silence(
    request: Request, context: ModesContext, unit_id: str, entry: Annotated[ModeEntry, Form()], lang: base.Lang = "ja"
) -> Response:
    """Send no mails about a unit for a while, or send them again; then back to the page."""
    known_unit(context, unit_id)
    keep = _switch(context, ModeKind.SILENCE, unit_id, entry)
    return _kept(request, context, unit_id, lang, entry, keep, "h-modes")


def _switch(context: Context, kind: ModeKind, subject: str, entry: ModeEntry) -> Callable[[str, int], str]:
    """Return what begins a period, or ends it; one about something else is left alone."""

    def keep(by: str, now: int) -> str:
        modes = Modes(context.operations)
        if entry.mode:
            own = [it for it in modes.active(now) if it.id == entry.mode and (it.kind, it.subject) == (kind, subject)]
            for mode in own:
                modes.end(mode.id, now=now, who=by)
        else:
            until = silence_lengths.end(entry.lasts, now) if kind is ModeKind.SILENCE else None
            modes.start(kind, subject, now=now, until=until, who=by, reason=entry.reason)
        return ""

    return keep


def _kept(
    request: Request,
    context: Context,
    unit_id: str,
    language: Language,
    entry: Entry | Verdict,
    keep: Callable[[str, int], str],
    part: str = "",
) -> Response:
    """Do what a form says, by whom and when, and return to a part of the page; or show there what `keep` says is wrong.

    Nothing on pages is older than what was kept.
    """
    by = forms.by(context, entry.by)
    wrong = keep(by, context.clock()) if by else _NO_NAME
    if wrong:
        return shown(context, unit_id, language, error=base.texts(language).gettext(wrong))
    caches.forget(request)
    to = f"{PATH}/{unit_id}?lang={language}{part and f'#{part}'}"
    return RedirectResponse(to, HTTPStatus.SEE_OTHER, headers=forms.HEADERS)
