"""What is ahead of a unit, in words for a tile: how many nappies still go in, when the bag will be full. Pure."""

from sukusuku_api.timestamps import WEEKDAYS
from sukusuku_core.time import japan_time
from sukusuku_server.i18n import Translate
from sukusuku_server.live.outlook import Outlook


def ahead(outlook: Outlook | None, now: int, translate: Translate) -> tuple[str, str]:
    """Room that is left, and when the bag will probably be full; empty where it is not known."""
    if outlook is None:
        return "", ""
    room = translate("space for %(n)s nappies") % {"n": outlook.room}
    if outlook.full_at is None or outlook.full_at <= now:
        return room, ""
    return room, translate("full around %(time)s") % {"time": moment(outlook.full_at, now, translate)}


def moment(time: int, now: int, translate: Translate) -> str:
    """Return a moment to come, to the minute and never later than it is, as people say it."""
    then = japan_time(time)
    days = (then.date() - japan_time(now).date()).days
    clock = f"{then:%H:%M}"
    if days == 0:
        return translate("today %(clock)s") % {"clock": clock}
    if days == 1:
        return translate("tomorrow %(clock)s") % {"clock": clock}
    return translate("%(weekday)s %(month)s/%(day)s %(clock)s") % {
        "weekday": translate(WEEKDAYS[then.weekday()]),
        "month": then.month,
        "day": then.day,
        "clock": clock,
    }
