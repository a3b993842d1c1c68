"""Which days a file may speak of. Pure."""

from dataclasses import dataclass

from sukusuku_core.time import DAY_MS, day_start, local_day
from sukusuku_server.bookings.problems import CellError
from sukusuku_server.i18n import N_

FARTHEST_DAYS = 400
"""A day farther off is a slip of the pen. So far back too, for files of a whole year."""


@dataclass(frozen=True, slots=True)
class Days:
    """The time from `first` until `end` (UTC ms)."""

    first: int
    end: int

    @classmethod
    def around(cls, now: int, keep_days: int) -> "Days":
        """Return the days that may be booked at a moment, where counts are kept for `keep_days`."""
        today = day_start(local_day(now))
        return cls(today - max(keep_days, FARTHEST_DAYS) * DAY_MS, today + (FARTHEST_DAYS + 1) * DAY_MS)

    def check(self, start: int, end: int, found: str) -> None:
        """Raise CellError when a stretch does not lie within; `found` is what the file says of it."""
        if start < self.first or end > self.end:
            raise CellError(
                "far",
                N_("`%(found)s` is too far from today; bookings may be up to 400 days ahead. Check the year"),
                found,
            )
