"""What the collection page shows, ready for its template: words in the reader's language, lengths of bars. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sukusuku_api.timestamps import WEEKDAYS
from sukusuku_api.web import texts
from sukusuku_api.web.base import Locale
from sukusuku_api.web.collection import texts as said
from sukusuku_api.web.wall.forecast_texts import moment
from sukusuku_core.model import FaultCode
from sukusuku_core.time import DAY_MS, japan_time
from sukusuku_server.live.outlook import Outlook
from sukusuku_server.live.views import UnitView
from sukusuku_server.model.collection import Emptying, EmptyingState, Finding
from sukusuku_server.model.rounds import FAILING, Answer, Plan, Reason, Run, Stop, StopRecord
from sukusuku_server.model.run_state import state_of
from sukusuku_server.model.series import Point
from sukusuku_server.rounds.next_visit import NextVisit
from sukusuku_server.settings import Site, Unit

SHOWN_DAYS = 7
"""How many days ahead the band of the forecast shows."""
LOW_CONFIDENCE = 60.0
_FULL = 100.0


@dataclass(frozen=True, slots=True)
class Band:
    """When a bag is full, in percent of the days shown: from the early to the late end, the median, the deadline."""

    start: float
    width: float
    median: float | None
    hygiene: float | None


@dataclass(frozen=True, slots=True)
class UnitCard:
    """A unit: how full it is, what is ahead, what is wrong. Texts are empty where nothing is to be said.

    `centre` is the id of its site.
    """

    id: str
    name: str
    site: str
    centre: str
    level: int | None
    fill: float
    rise: float
    tone: str
    confidence: int | None
    doubtful: bool
    age: str
    stale: bool
    room: str
    full: str
    between: str
    hygiene: str
    hygiene_over: bool
    bag: str
    film: str
    band: Band | None
    fault: str
    findings: tuple[str, ...]
    asked: str
    comes: str


@dataclass(frozen=True, slots=True)
class StopLine:
    """A unit in the plan of a round."""

    number: int | None
    unit: str
    site: str
    reason: str
    failing: bool
    level: str
    deadline: str
    arrives: str
    answer: str


@dataclass(frozen=True, slots=True)
class RoundCard:
    """A round on its next date. `km` is empty when it does not go anywhere."""

    name: str
    when: str
    state: str
    way: str
    stops: tuple[StopLine, ...]
    others: tuple[StopLine, ...]


@dataclass(frozen=True, slots=True)
class EmptyingLine:
    """An emptying; `open` while no person has said anything about it."""

    id: int
    when: str
    unit: str
    site: str
    level: int
    seen: str
    state: str
    rejected: bool
    open: bool
    by: str


def card(
    site: Site,
    unit: Unit,
    view: UnitView,
    derived: Mapping[str, Point],
    emptied: int | None,
    findings: Sequence[Finding],
    asked: str | None,
    comes: NextVisit | None,
    reader: Locale,
) -> UnitCard:
    """Return a unit. `asked` is who has asked for a visit, `comes` the round that comes next.

    What is not known is not shown, and never green.
    """
    translate, ahead = reader.translate, view.outlook
    film = derived.get("Film/CyclesLeft"), derived.get("Film/DaysLeft")
    over = ahead is not None and ahead.hygiene_by is not None and ahead.hygiene_by <= reader.now
    return UnitCard(
        id=unit.id,
        name=unit.name[reader.language],
        site=site.name[reader.language],
        centre=site.id,
        level=None if ahead is None else round(ahead.percent),
        fill=0.0 if ahead is None else min(max(ahead.percent, 0.0), _FULL),
        rise=view.fill_rise,
        tone=_tone(view, ahead),
        confidence=None if ahead is None else round(ahead.confidence),
        doubtful=ahead is not None and ahead.confidence < LOW_CONFIDENCE,
        age=_age(view, ahead, reader),
        stale=view.stale or ahead is None,
        room="" if ahead is None else translate("space for %(n)s nappies") % {"n": ahead.room},
        full=_full(ahead, reader),
        between=_between(ahead, reader),
        hygiene=_hygiene(ahead, reader),
        hygiene_over=over,
        bag="" if emptied is None else translate("Emptied %(time)s") % {"time": past(emptied, reader)},
        film=_film(*film, reader) if ahead is not None else "",
        band=_band(ahead, reader.now),
        fault="" if view.stale or view.fault == FaultCode.NONE else texts.fault(view.fault, translate),
        findings=tuple(translate(said.FINDINGS[finding.name]) for finding in findings),
        asked="" if asked is None else translate("Visit requested by %(who)s") % {"who": asked},
        comes=_comes(comes, reader),
    )


def _comes(visit: NextVisit | None, reader: Locale) -> str:
    """Return which round comes next; what has no plan yet is not promised."""
    if visit is None:
        return reader.translate("none")
    when = moment(visit.departs, reader.now, reader.translate)
    return when if visit.planned else reader.translate("%(when)s, if needed") % {"when": when}


def past(time: int, reader: Locale) -> str:
    """Return a moment that was, to the minute, as people say it."""
    then, translate = japan_time(time), reader.translate
    if then.date() == japan_time(reader.now).date():
        return translate("today %(clock)s") % {"clock": f"{then:%H:%M}"}
    day = {"weekday": translate(WEEKDAYS[then.weekday()]), "month": then.month, "day": then.day}
    return translate("%(weekday)s %(month)s/%(day)s %(clock)s") % {**day, "clock": f"{then:%H:%M}"}


def _tone(view: UnitView, ahead: Outlook | None) -> str:
    if not view.stale and view.fault != FaultCode.NONE:
        return "fault"
    if view.stale or ahead is None or ahead.confidence < LOW_CONFIDENCE:
        return "unknown"
    if ahead.percent >= _FULL:
        return "full"
    return "soon" if ahead.percent >= view.fill_rise else "ok"


def _age(view: UnitView, ahead: Outlook | None, reader: Locale) -> str:
    """How old the newest measurement is, and what is wrong with it."""
    translate = reader.translate
    if view.last_time is None:
        return translate("No readings yet")
    age = texts.age((reader.now - view.last_time) / 1000, translate)
    if view.stale:
        return translate("No data (last measured %(age)s)") % {"age": age}
    if ahead is None:
        return translate("No estimate yet, measured %(age)s") % {"age": age}
    return translate("measured %(age)s") % {"age": age}


def _full(ahead: Outlook | None, reader: Locale) -> str:
    translate = reader.translate
    if ahead is None:
        return translate("Not known")
    if ahead.percent >= _FULL:
        return translate("Full now")
    if ahead.full_at is None:
        return translate("Not within two weeks")
    return moment(ahead.full_at, reader.now, translate)


def _between(ahead: Outlook | None, reader: Locale) -> str:
    translate = reader.translate
    if ahead is None or ahead.full_from is None or ahead.percent >= _FULL:
        return ""
    first = moment(max(ahead.full_from, reader.now), reader.now, translate)
    if ahead.full_until is None:
        return translate("80 %%: from %(first)s") % {"first": first}
    last = moment(ahead.full_until, reader.now, translate)
    return translate("80 %%: %(first)s to %(last)s") % {"first": first, "last": last}


def _hygiene(ahead: Outlook | None, reader: Locale) -> str:
    if ahead is None or ahead.hygiene_by is None:
        return reader.translate("Not known")
    if ahead.hygiene_by <= reader.now:
        return reader.translate("overdue since %(time)s") % {"time": past(ahead.hygiene_by, reader)}
    return moment(ahead.hygiene_by, reader.now, reader.translate)


def _film(cycles: Point | None, days: Point | None, reader: Locale) -> str:
    if cycles is None or not isinstance(cycles.value, int | float):
        return ""
    if days is None or not isinstance(days.value, int | float):
        return reader.translate("%(cycles)s cycles") % {"cycles": round(cycles.value)}
    values = {"cycles": round(cycles.value), "days": round(days.value)}
    return reader.translate("%(cycles)s cycles, about %(days)s days") % values


def _band(ahead: Outlook | None, now: int) -> Band | None:
    """None when there is nothing to show within the days shown."""
    if ahead is None or (ahead.full_from is None and ahead.hygiene_by is None):
        return None
    end = now + SHOWN_DAYS * DAY_MS

    def place(time: int | None) -> float | None:
        return None if time is None or time > end else _FULL * max(0, time - now) / (SHOWN_DAYS * DAY_MS)

    start, stop = place(ahead.full_from), place(ahead.full_until)
    width = 0.0 if start is None else (_FULL if stop is None else stop) - start
    return Band(start or 0.0, width, place(ahead.full_at), place(ahead.hygiene_by))


def round_card(
    name: str,
    plan: Plan,
    run: tuple[Run, Sequence[StopRecord]] | None,
    places: Mapping[str, tuple[Site, Unit]],
    reasons: Mapping[Reason, str],
    reader: Locale,
    *,
    whole: bool,
) -> RoundCard:
    """Return a round on a date: `run` is how it was told and answered, None while it is only planned.

    Not `whole`: it has stops that are not shown, so its way is not told.
    """
    translate = reader.translate
    answers = {} if run is None else {record.stop.asset: record.answer for record in run[1]}
    lines = [_line(stop, places, reasons, answers.get(stop.asset, Answer.NONE), reader) for stop in plan.stops]
    way = {"km": f"{plan.km:.1f}", "minutes": round(plan.minutes)}
    return RoundCard(
        name=name,
        when=moment(plan.departs, reader.now, translate),
        state=translate("If planned now (not sent)")
        if run is None
        else translate(said.RUNS[state_of(run[0], reader.now)]),
        way=translate("%(km)s km, about %(minutes)s min") % way if plan.joined and whole else "",
        stops=tuple(line for line in lines if line.number is not None),
        others=tuple(line for line in lines if line.number is None),
    )


def _line(
    stop: Stop,
    places: Mapping[str, tuple[Site, Unit]],
    reasons: Mapping[Reason, str],
    answer: Answer,
    reader: Locale,
) -> StopLine:
    site, unit = places.get(stop.asset, (None, None))
    level = stop.percent if stop.percent_then is None else stop.percent_then
    return StopLine(
        number=stop.position,
        unit=stop.asset if unit is None else unit.name[reader.language],
        site=stop.site if site is None else site.name[reader.language],
        reason=reasons[stop.reason],
        failing=stop.reason in FAILING,
        level="–" if level is None else f"{level:.0f} %",
        deadline="" if stop.deadline is None else moment(stop.deadline, reader.now, reader.translate),
        arrives="" if stop.arrives is None else f"{japan_time(stop.arrives):%H:%M}",
        answer=reader.translate(said.ANSWERS[answer]) if said.ANSWERS[answer] else "",
    )


def emptying_line(emptying: Emptying, place: tuple[Site, Unit], reader: Locale) -> EmptyingLine:
    """Return an emptying."""
    site, unit = place
    seen = [reader.translate(said.EVIDENCE[evidence]) for evidence in emptying.evidence]
    return EmptyingLine(
        id=emptying.id,
        when=past(emptying.time, reader),
        unit=unit.name[reader.language],
        site=site.name[reader.language],
        level=round(emptying.percent),
        seen=reader.translate(", ").join(seen),
        state=reader.translate(said.EMPTYING_STATES[emptying.state]),
        rejected=emptying.state is EmptyingState.REJECTED,
        open=emptying.state is EmptyingState.DETECTED,
        by=emptying.by or "",
    )
