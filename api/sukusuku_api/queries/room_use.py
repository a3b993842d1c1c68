"""Reads what the API tells of rooms beyond their present state: hours of the past, effects of changes, the outlook."""

from datetime import date

from sukusuku_api.dependencies import Context
from sukusuku_api.queries.room_history import Changed, Gatherer
from sukusuku_core.time import DAY_MS
from sukusuku_server.db.bookings import BookingRecords
from sukusuku_server.rooms.booked import NOTHING, Plan, plan
from sukusuku_server.rooms.change_effect import stretch
from sukusuku_server.rooms.current import FRESH_MS
from sukusuku_server.rooms.expected_use import WEEKS, Expected, outlook
from sukusuku_server.rooms.usage import Hour
from sukusuku_server.rooms.usage_hours import SERIES
from sukusuku_server.rooms.vacancy import Day, Expect, outlook_expect, site_days
from sukusuku_server.settings import Room, Site, there


def past(context: Context, site: Site, room: Room, start: int, end: int) -> list[Hour]:
    """Return the hours of a room within start <= time < end."""
    return list(_gatherer(context).room(site, room, start, end).hours)


def changed(
    context: Context, site: Site, room: Room, day: date, start: int | None = None, end: int | None = None
) -> Changed:
    """Return the use of a room before a local day and from it on; without `start` or `end` eight weeks of that side.

    A change in the settings that lies between ends a side that is not given.
    """
    first, stop = stretch(day, [change.date for change in room.change])
    return _gatherer(context).changed(site, room, day, first if start is None else start, stop if end is None else end)


def changes(context: Context, site: Site, room: Room) -> tuple[Changed, ...]:
    """Return the effects of all changes of a room that the settings tell and that have come, in order."""
    return _gatherer(context).changes(site, room, 0, context.clock())


def expected(context: Context, site: Site, room: Room, now: int, days: int) -> list[Expected]:
    """Return who is expected in a room in the open hours of the coming days: booked, or as usual."""
    hours = past(context, site, room, now - WEEKS * 7 * DAY_MS, now)
    return outlook(hours, context.index.hours[room.id], now, days, comparable(context, room, now))


def booked(context: Context, room: Room, now: int) -> Plan:
    """Return what is booked in a room, as far as imports tell."""
    return plan(room.id, BookingRecords(context.operations).imports(), now)


def comparable(context: Context, room: Room, now: int) -> Plan:
    """Return the bookings that can be held against the counts of a room: of people they tell nothing."""
    return NOTHING if room.counting.counted == "people" else booked(context, room, now)


def expect(context: Context, site: Site, room: Room, now: int, days: int) -> Expect:
    """Return what is expected in a room: who is in now, then who is booked, or what is usual at that hour."""
    known = booked(context, room, now)
    if room.counting.counted == "people":  # how many children are to come is not known from people
        return outlook_expect({}, now, None, known)
    ahead = expected(context, site, room, now, days)
    series = context.store.live.derived_latest().get(room.id, {})
    point = series.get(SERIES["children"])
    fresh = point is not None and now - point.time <= FRESH_MS and isinstance(point.value, int | float)
    children = float(point.value) if fresh and point is not None and isinstance(point.value, int | float) else None
    usual = {item.start: item.mean for item in ahead}
    return outlook_expect(usual, now, children, known)


def vacancy(context: Context, days: int) -> list[tuple[Site, list[Day]]]:
    """Return the vacancy board of every centre that has rooms."""
    now = context.clock()
    found = []
    for site in context.facility.site:
        if rooms := there(site.room, now):
            expected = {room.id: expect(context, site, room, now, days) for room in rooms}
            found.append((site, site_days(context.index.schedules, site, expected, now, days)))
    return found


def _gatherer(context: Context) -> Gatherer:
    return Gatherer(context.index, context.store.history, context.operations, context.clock())
