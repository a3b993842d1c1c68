"""When the mails with the reports of a month are due: on the first of the next one. Pure."""

from datetime import timedelta

from sukusuku_core.time import HOUR_MS, day_start, local_day

AT_HOUR = 6
"""The figures of the night are derived, and nobody is at work yet."""
LATE_MS = 2 * HOUR_MS
"""So long after its time a mail is late."""


def due_since(now: int) -> int:
    """Return since when the newest mails are due at a moment (both UTC ms)."""
    first = local_day(now).replace(day=1)
    if now < day_start(first) + AT_HOUR * HOUR_MS:
        first = (first - timedelta(days=1)).replace(day=1)
    return day_start(first) + AT_HOUR * HOUR_MS
