"""What is told of a centre that is closed: why, and when it is open again. Pure."""

from dataclasses import dataclass

from sukusuku_api.collector_texts import collector_texts
from sukusuku_api.web.base import Locale
from sukusuku_api.web.wall.forecast_texts import moment
from sukusuku_core.time import japan_time
from sukusuku_server.calendar.holiday_names import holiday_name
from sukusuku_server.rooms import texts
from sukusuku_server.rooms.schedule import FacilitySchedules

NIGHT = (20, 6)
"""From this hour until that one a display of closed centres is dimmed."""


@dataclass(frozen=True, slots=True)
class Closing:
    """A centre that is closed now, in words. `all_day`: it does not open today; `why` is the reason then."""

    title: str
    why: str
    opens: str
    all_day: bool


def closing(index: FacilitySchedules, site: str, reader: Locale) -> Closing | None:
    """Return how a centre is closed; None: it is open."""
    hours, translate = index.hours[site], reader.translate
    if hours.is_open(reader.now):
        return None
    today = japan_time(reader.now).date()
    reason = hours.closed_reason(today)
    following = hours.next_opening(reader.now)
    opens = (
        "" if following is None else translate("Opens %(time)s") % {"time": moment(following, reader.now, translate)}
    )
    if reason is None:
        return Closing(translate("Closed now"), "", opens, all_day=False)
    name = holiday_name(index.facility.calendar, today, reader.language)
    why = name or texts.closed(collector_texts(reader.language))[reason]
    return Closing(translate("Closed today"), why, opens, all_day=True)


def is_night(now: int) -> bool:
    """Whether people are asleep."""
    hour = japan_time(now).hour
    return hour >= NIGHT[0] or hour < NIGHT[1]
