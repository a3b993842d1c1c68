"""The page of rooms ready for its template: every room with its cards, one room with a form that was not taken."""

from dataclasses import dataclass, field
from datetime import date
from functools import partial

from sukusuku_api.cache import TtlCache
from sukusuku_api.dependencies import Context
from sukusuku_api.queries.room_use import changed
from sukusuku_api.reports.collection import words
from sukusuku_api.web import base
from sukusuku_api.web.base import Locale
from sukusuku_api.web.rooms import chart_descriptions, history, room_cards
from sukusuku_api.web.rooms import texts as said
from sukusuku_api.web.rooms.count_form import Entry
from sukusuku_api.web.rooms.queries import RoomFacts, read, use
from sukusuku_core.time import japan_time
from sukusuku_server.live.views import RoomView
from sukusuku_server.settings import Language, left

WHOLE_ROOMS = 2
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of one room: the effect of a day, or to keep a count, with what was wrong with it.

    `doubtful`: the count can be kept when it is said once more.
    """

    room: str = ""
    since: str = ""
    entry: Entry = field(default_factory=Entry)
    error: str = ""
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class RoomSheet:
    """A room. Not `whole`: only how it is now."""

    whole: bool
    id: str
    name: str
    site: str
    centre: str
    now: room_cards.NowCard
    limit: room_cards.LimitCard
    zones: tuple[room_cards.ZoneLine, ...]
    course: chart_descriptions.Described | None
    use: history.UseCard | None
    heat: chart_descriptions.Described | None
    ahead: chart_descriptions.Described | None
    findings: tuple[str, ...]
    corrections: tuple[history.CorrectionLine, ...]
    counts: tuple[history.CountLine, ...]
    effects: tuple[history.EffectCard, ...]
    since: str
    since_error: str
    entry: Entry
    error: str
    doubtful: bool


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page at one moment."""

    clock: str
    day: str
    today: str
    simulated: bool
    zone_note: str
    rooms: tuple[RoomSheet, ...]


def page(context: Context, figures: TtlCache, language: Language, asked: Asked, only: str | None = None) -> Page:
    """Return the page, of one room or of all. Figures of weeks are kept for a while, all else is of now.

    Of more than `WHOLE_ROOMS` rooms there is only how they are now, and the way to each one's own page.
    """
    now = context.clock()
    reader = Locale(language, base.texts(language).gettext, now)
    room_views = {view.id: view for view in context.views(now) if isinstance(view, RoomView)}
    derived = context.store.live.derived_latest()
    wanted = [
        (site, room)
        for site, room in context.index.rooms.values()
        if not left(room, now) and (only is None or room.id == only)
    ]
    facts = [read(context, site, room, room_views[room.id], derived.get(room.id, {}), now) for site, room in wanted]
    whole = len(facts) <= WHOLE_ROOMS
    today = japan_time(now).date()
    return Page(
        clock=f"{japan_time(now):%H:%M}",
        day=words.day(today),
        today=today.isoformat(),
        simulated=any(view.simulated for view in room_views.values()),
        zone_note=room_cards.zone_note(reader),
        rooms=tuple(_sheet(context, figures if whole else None, of, asked, reader) for of in facts),
    )


def _sheet(context: Context, figures: TtlCache | None, facts: RoomFacts, asked: Asked, reader: Locale) -> RoomSheet:
    """Return a room; without figures, only how it is now."""
    room, site = facts.room, facts.site
    own = asked if asked.room == room.id else Asked()
    day = _day(own.since)
    use_card, heat, ahead, effects = None, None, None, []
    if figures is not None:
        key = (room.id, context.derived_until())
        of_weeks = figures.get(("use", *key), lambda: use(context, site, room, facts.now))
        use_card = history.use_card(of_weeks.month, reader)
        heat, ahead = chart_descriptions.heat(of_weeks, use_card, reader), chart_descriptions.ahead(of_weeks, reader)
        come = [change.date for change in room.change if change.date <= japan_time(facts.now).date()]
        effects = [figures.get(("effect", *key, each), partial(changed, context, site, room, each)) for each in come]
    if day is not None:
        effects = [changed(context, site, room, day)]
    wrong = reader.translate("Please choose a date, such as 2026-10-01.") if own.since and day is None else ""
    return RoomSheet(
        whole=figures is not None,
        id=room.id,
        name=room.name[reader.language],
        site=site.name[reader.language],
        centre=site.id,
        now=room_cards.now_card(facts, reader),
        limit=room_cards.limit_card(facts, reader),
        zones=room_cards.zone_lines(facts, reader),
        course=chart_descriptions.course(facts, reader),
        use=use_card,
        heat=heat,
        ahead=ahead,
        findings=tuple(reader.translate(said.FINDINGS[found.name]) for found in facts.findings),
        corrections=history.correction_lines(facts, reader),
        counts=history.count_lines(facts, reader),
        effects=tuple(history.effect_card(found, reader) for found in effects),
        since=own.since if day is not None else "",
        since_error=wrong,
        entry=own.entry,
        error=own.error,
        doubtful=own.doubtful,
    )


def _day(text: str) -> date | None:
    """Return the day in a form; None: it is none, or one that no room has seen."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _FIRST_YEAR <= day.year < _LAST_YEAR else None
