"""A room as it is now, ready for the template: count against limit, the limit with its parts, zones. Pure."""

from dataclasses import dataclass

from sukusuku_api.collector_texts import collector_texts
from sukusuku_api.web import texts
from sukusuku_api.web.base import Locale
from sukusuku_api.web.rooms.queries import RoomFacts
from sukusuku_api.web.wall.forecast_texts import moment
from sukusuku_server.rooms.capacity_limit import Rule
from sukusuku_server.rooms.texts import house_rule, limited_by, rules

POOR = 80.0
"""Below so many percent of the expected samples a count is doubtful."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Children against what is allowed, in children: `scale` is the length of the whole bar."""

    value: int
    limit: int
    scale: int


@dataclass(frozen=True, slots=True)
class PartLine:
    """What one rule alone would allow. `share` is the length of its bar in percent, None: it cannot be asked."""

    name: str
    value: int | None
    how: str
    limited_by: bool
    share: float | None


@dataclass(frozen=True, slots=True)
class ZoneLine:
    """A zone: how many are in, what is counted there, and the house rule."""

    name: str
    value: int | None
    counted: str
    capacity: int | None
    over: bool
    share: float


@dataclass(frozen=True, slots=True)
class NowCard:
    """Who is in now. `tone`: ok, near, over, unknown, closed."""

    tone: str
    state: str
    children: int | None
    limit: int
    bar: Bar | None
    people: str
    staff: str
    completeness: str
    doubtful: bool
    age: str
    stale: bool


@dataclass(frozen=True, slots=True)
class LimitCard:
    """The limit: `when` says from when on it holds, empty for now."""

    children: int
    when: str
    limited_by: str
    parts: tuple[PartLine, ...]


def now_card(facts: RoomFacts, reader: Locale) -> NowCard:
    """Who is in, against the limit. What is old or not known is never green."""
    count, limit = facts.count, facts.limit.children
    tone, state = _tone(facts, reader)
    children = count.children
    known = not facts.is_open or count.completeness is not None
    return NowCard(
        tone=tone,
        state=state,
        children=children,
        limit=limit,
        bar=None if children is None else Bar(children, limit, max(limit, children, facts.places, 1)),
        people=_people(facts, reader),
        staff=_staff(facts, reader),
        completeness=_completeness(facts, reader),
        doubtful=facts.is_open and (count.completeness or 0.0) < POOR,
        age=_age(facts, reader),
        stale=facts.view.stale or not known,
    )


def limit_card(facts: RoomFacts, reader: Locale) -> LimitCard:
    """Return the limit with what each rule alone would allow."""
    limit, translate = facts.limit, reader.translate
    names = rules(collector_texts(reader.language))
    most = max((part for part in limit.parts.values() if part is not None), default=0)
    when = ""
    if not facts.is_open and facts.opens is not None:
        when = translate("from %(time)s") % {"time": moment(facts.opens, facts.now, translate)}
    return LimitCard(
        children=limit.children,
        when=when,
        limited_by=limited_by(limit.limited_by, collector_texts(reader.language)),
        parts=tuple(
            PartLine(
                name=names[rule],
                value=part,
                how=_how(facts, rule, reader),
                limited_by=rule in limit.limited_by,
                share=None if part is None else 100.0 * part / max(most, 1),
            )
            for rule, part in limit.parts.items()
        ),
    )


def zone_lines(facts: RoomFacts, reader: Locale) -> tuple[ZoneLine, ...]:
    """Return the zones of the room."""
    names = {zone.id: zone.name[reader.language] for zone in facts.room.zone}
    translate, lines = reader.translate, []
    for zone in facts.view.zones:
        value = zone.children if zone.children is not None else zone.people
        if facts.view.stale:
            value, counted = None, translate("No data")
        elif value is None:
            in_use = translate("occupied") if zone.presence else translate("nobody there")
            counted = in_use if zone.presence is not None else translate("not counted")
        else:
            counted = translate("Children") if zone.children is not None else translate("People")
        most = zone.capacity if zone.capacity is not None else facts.view.capacity
        over = zone.capacity is not None and value is not None and value > zone.capacity
        share = 0.0 if value is None else min(100.0 * value / max(most, 1), 100.0)
        lines.append(ZoneLine(names[zone.id], value, counted, zone.capacity, over, share))
    return tuple(lines)


def zone_note(reader: Locale) -> str:
    """Return what the limits of zones are."""
    return house_rule(collector_texts(reader.language))


def _tone(facts: RoomFacts, reader: Locale) -> tuple[str, str]:
    translate, children, limit = reader.translate, facts.count.children, facts.limit.children
    if facts.view.stale:
        return "unknown", translate("No data")
    if not facts.is_open:
        return "closed", _closed(facts, reader)
    if children is None:
        return "unknown", translate("The number of children is not known")
    if children > limit:
        return "over", translate("%(n)s over the limit") % {"n": children - limit}
    if children == limit:
        return "near", translate("The limit is reached")
    tone = "near" if 100 * children >= facts.warn * limit else "ok"
    return tone, translate("%(n)s more can be admitted") % {"n": limit - children}


def _closed(facts: RoomFacts, reader: Locale) -> str:
    if facts.opens is None:
        return reader.translate("Closed")
    opens = moment(facts.opens, facts.now, reader.translate)
    return reader.translate("Closed until %(time)s") % {"time": opens}


def _completeness(facts: RoomFacts, reader: Locale) -> str:
    """How much of the last hour is known; while the room is closed nothing is expected."""
    if not facts.is_open:
        return ""
    if facts.count.completeness is None:
        return reader.translate("no data in the last hour")
    return reader.translate("completeness of the last hour %(n)s %%") % {"n": round(facts.count.completeness)}


def _people(facts: RoomFacts, reader: Locale) -> str:
    if facts.count.people is None:
        return ""
    return reader.translate("%(n)s people, adults included") % {"n": facts.count.people}


def _staff(facts: RoomFacts, reader: Locale) -> str:
    translate, staff = reader.translate, facts.limit.staff
    if staff is None:
        return translate("Staff: not set")
    by = translate("from badges") if facts.room.counting.staff == "badges" else translate("from the shift plan")
    return translate("Staff %(n)s (%(by)s)") % {"n": staff, "by": by}


def _age(facts: RoomFacts, reader: Locale) -> str:
    """How old the newest measurement is, and what is wrong with it."""
    translate, last = reader.translate, facts.view.last_time
    if last is None:
        return translate("No readings yet")
    age = texts.age((reader.now - last) / 1000, translate)
    if facts.view.stale:
        return translate("No data (last measured %(age)s)") % {"age": age}
    return translate("measured %(age)s") % {"age": age}


def _how(facts: RoomFacts, rule: Rule, reader: Locale) -> str:
    """Where a part of the limit comes from, or what is missing in the settings."""
    translate, room = reader.translate, facts.room
    if rule is Rule.PLACES:
        if facts.places == facts.view.capacity:
            return ""
        return translate("in this time slot (capacity of the room: %(n)s)") % {"n": facts.view.capacity}
    if not room.standards.ages:
        return translate("the ages of the children are not set")
    return _area(facts, reader) if rule is Rule.AREA else _duty(facts, reader)


def _area(facts: RoomFacts, reader: Locale) -> str:
    area, each = facts.room.standards.effective_m2, facts.limit.m2_per_child
    if area is None or each is None:
        return reader.translate("the effective area is not set")
    return reader.translate("%(m2)s m² at %(each)s m² per child") % {"m2": f"{area:g}", "each": f"{each:.2f}"}


def _duty(facts: RoomFacts, reader: Locale) -> str:
    translate, staff = reader.translate, facts.limit.staff
    if staff is not None:
        return translate("with %(n)s on duty") % {"n": staff}
    if facts.room.counting.staff == "badges":
        return translate("the badges are not being read")
    return translate("the shifts are not set")
