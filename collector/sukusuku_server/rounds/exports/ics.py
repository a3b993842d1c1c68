"""A round as an iCalendar event (RFC 5545): the whole trip, with its stops in the description and one alarm."""

from datetime import UTC, datetime, timedelta
from gettext import NullTranslations

from sukusuku_server.rounds.route_sheet import Sheet
from sukusuku_server.rounds.texts import RoundWords, StopWords

_ALARM = timedelta(minutes=15)


def ics(sheet: Sheet, told: RoundWords, texts: NullTranslations, domain: str) -> bytes:
    """One event. Its UID is that of the run, so that the same round told again replaces it. Times are UTC."""
    from icalendar import Alarm, Calendar, Event  # noqa: PLC0415 - its library takes a tenth of a start

    calendar = Calendar()
    calendar.add("prodid", "-//Sukusuku//Round//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    event = Event()
    event.add("uid", f"round-{sheet.run}-{sheet.planned}@{domain}")
    event.add("dtstamp", _time(sheet.planned))
    event.add("dtstart", _time(sheet.departs))
    event.add("dtend", _time(max(sheet.returns, sheet.departs)))
    event.add("summary", told.headline)
    event.add("description", "\n".join([*(_stop(stop) for stop in told.stops), *_note(sheet, texts)]))
    if sheet.depot is not None:
        event.add("location", sheet.depot.name[sheet.language])
        event.add("geo", (sheet.depot.lat, sheet.depot.lon))
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", told.headline)
    alarm.add("trigger", -_ALARM)
    event.add_component(alarm)
    calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def _stop(stop: StopWords) -> str:
    line = stop.line
    parts = (f"{line.number}. {stop.arrives}", line.site, line.unit, stop.reason, stop.deadline, stop.load)
    return " ".join(part for part in parts if part)


def _note(sheet: Sheet, texts: NullTranslations) -> list[str]:
    return [texts.gettext("Simulated data: this mail is not about real devices.")] if sheet.simulated else []


def _time(time: int) -> datetime:
    return datetime.fromtimestamp(time / 1000, UTC)
