"""Yield mistakes between the keys of calendar, opening hours, services and bands."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from sukusuku_core.errors import Mistake
from sukusuku_server.settings.base import WEEKDAYS, Weekday, check_later
from sukusuku_server.settings.opening import Calendar, Opening, Service, Slots, minutes

_LEAP_YEAR = 2024


def check_calendar(calendar: Calendar, where: str) -> Iterator[Mistake]:
    """Yield why the year-end closure has no first and last day, or one that does not exist."""
    days = calendar.year_end
    if len(days) not in {0, 2}:
        yield Mistake(
            f"{where}.year_end",
            f'found {list(days)}; expected the first and the last day, such as ["12-29", "01-03"], or [] for none',
        )
    for day in days:
        month, number = day.split("-")
        try:
            date(_LEAP_YEAR, int(month), int(number))
        except ValueError:
            yield Mistake(f"{where}.year_end", f'there is no day "{day}"')


def check_opening(opening: Opening, where: str) -> Iterator[Mistake]:
    """Yield slots that end before they begin or overlap, and special days that are no dates."""
    yield from check_later(opening.later, f"{where}.later")
    for n, week in enumerate(opening.weeks):
        for key, slots in _days(week):
            yield from _check_slots(slots, f"{where}.{key}" if n == 0 else f"{where}.later[{n - 1}].{key}")
    for key in opening.special:
        if not _is_date(key):
            yield Mistake(f"{where}.special", f'found "{key}"; expected a date as YYYY-MM-DD')


def check_services(services: Sequence[Service], centre: Opening, capacity: int, where: str) -> Iterator[Mistake]:
    """Yield services that leave their centre's hours, bands that leave their service's, and overlaps."""
    for n, service in enumerate(services):
        here = f"{where}.service[{n}]"
        if any(service.id == other.id for other in services[:n]):
            yield Mistake(f"{here}.id", f"id `{service.id}` is used twice in this room")
        if service.opening is not None:
            yield from check_opening(service.opening, f"{here}.opening")
            for own, hours in _together(service.opening, centre):
                yield from _check_within(own, hours, f"{here}.opening")
        yield from _check_bands(service, service.opening or centre, capacity, here)
        for m, other in enumerate(services[:n]):
            for one, two in _together(service.opening or centre, other.opening or centre):
                yield from _check_apart(one, two, here, f"{where}.service[{m}]")


def _together(one: Opening, other: Opening) -> Iterator[tuple[Opening, Opening]]:
    """Every two weeks that hold at the same time."""
    yield one, other
    for day in sorted({item.since for item in (*one.later, *other.later)}):
        yield one.on(day), other.on(day)


def _days(opening: Opening) -> Iterator[tuple[str, Slots]]:
    """Every list of slots with its key."""
    for day in WEEKDAYS:
        yield day, opening.weekday(day)
    if not isinstance(opening.holidays, str):
        yield "holidays", opening.holidays
    for key, slots in opening.special.items():
        yield f"special.{key}", slots


def _check_slots(slots: Sequence[str], where: str) -> Iterator[Mistake]:
    for slot in slots:
        start, end = minutes(slot)
        if start >= end:
            yield Mistake(
                where, f'"{slot}" must end after it begins; over midnight: "22:00-24:00" and the rest on the next day'
            )
    for one, other in pairwise(sorted(slots)):
        if minutes(other)[0] < minutes(one)[1]:
            yield Mistake(where, f'"{one}" and "{other}" overlap')


def _check_within(own: Opening, centre: Opening, where: str) -> Iterator[Mistake]:
    for day in WEEKDAYS:
        for slot in own.weekday(day):
            if not _inside(slot, centre.weekday(day)):
                yield Mistake(
                    f"{where}.{day}",
                    f'"{slot}" is not within the hours of the centre, {list(centre.weekday(day))}; '
                    "widen those or shorten this",
                )


def _check_bands(service: Service, opening: Opening, capacity: int, where: str) -> Iterator[Mistake]:
    yield from _check_slots([band.slot for band in service.band], f"{where}.band")
    for n, band in enumerate(service.band):
        if not any(_inside(band.slot, slots) for week in opening.weeks for _, slots in _days(week)):
            yield Mistake(f"{where}.band[{n}].slot", f'"{band.slot}" is on no day within the hours of the service')
        if band.places > capacity:
            yield Mistake(f"{where}.band[{n}].places", f"found {band.places}; the room has a capacity of {capacity}")


def _check_apart(one: Opening, other: Opening, where: str, there: str) -> Iterator[Mistake]:
    """Yield when two services of a room are open at once, whatever the day."""
    pairs: list[tuple[str, Slots, Slots]] = [(day, one.weekday(day), other.weekday(day)) for day in WEEKDAYS]
    if one.holidays != "closed" and other.holidays != "closed":
        pairs += [(f"holidays ({day})", _on_holiday(one, day), _on_holiday(other, day)) for day in WEEKDAYS]
    for key in sorted(key for key in {*one.special, *other.special} if _is_date(key)):
        day = WEEKDAYS[date.fromisoformat(key).weekday()]
        pairs.append((key, one.special.get(key, one.weekday(day)), other.special.get(key, other.weekday(day))))
    for when, mine, theirs in pairs:
        for slot in mine:
            clash = next((found for found in theirs if _overlap(slot, found)), None)
            if clash is not None:
                yield Mistake(
                    where,
                    f'on {when} "{slot}" overlaps "{clash}" of {there}; a room has one service at a time: '
                    "give each its own `opening`",
                )


def _is_date(key: str) -> bool:
    try:
        return date.fromisoformat(key).isoformat() == key
    except ValueError:
        return False


def _on_holiday(opening: Opening, day: Weekday) -> Slots:
    return opening.weekday(day) if isinstance(opening.holidays, str) else opening.holidays


def _inside(slot: str, slots: Slots) -> bool:
    """Whether a slot lies within others, those that touch taken together."""
    at, end = minutes(slot)
    for start, stop in sorted(minutes(item) for item in slots):
        if start <= at < stop:
            at = stop
    return at >= end


def _overlap(one: str, other: str) -> bool:
    (a, b), (c, d) = minutes(one), minutes(other)
    return max(a, c) < min(b, d)
