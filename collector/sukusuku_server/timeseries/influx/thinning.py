"""Raw readings of rooms that the file has thinned out go from InfluxDB too. Their hours and days stay."""

import logging

from sukusuku_core.errors import TransientError
from sukusuku_core.model import AssetKind
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.settings.influx import MINUTES, RAW
from sukusuku_server.timeseries import THINNED_READINGS
from sukusuku_server.timeseries.influx.line_protocol import FIVE_MINUTES, READING
from sukusuku_server.timeseries.influx.query import Query
from sukusuku_server.timeseries.protocols import NoteReader
from sukusuku_server.timeseries.shipping_queue import ORIGIN
from sukusuku_server.timeseries.sqlite import SqliteStore

DELETED = "ship/thinned"
"""Under which it is noted before what time (UTC ms) they have been deleted in InfluxDB."""
RETRY_MS = HOUR_MS
"""How long InfluxDB is left alone after it did not delete them."""
OVERDUE_MS = 2 * DAY_MS
"""They are deleted once a day; later than this, something is in the way."""

_log = logging.getLogger("sukusuku_server.timeseries.influx")


class ThinnedReadings:
    """Follows the file, a day at least behind it. Not for several threads."""

    def __init__(self, store: SqliteStore, query: Query) -> None:
        self._store = store
        self._query = query
        self._tried: int | None = None
        self._problems = TransitionLog(_log)

    def delete(self, now: int) -> None:
        """Delete what the file has deleted, and note it only when InfluxDB shows that it is gone. `now`: UTC ms.

        The lower end is open: what came late lies before what was deleted already. What InfluxDB does not delete is
        tried again; nothing waits for it. Raises TransientError when the file does not answer.
        """
        done, goal = self._store.noted(DELETED) or 0, self._store.noted(THINNED_READINGS) or 0
        if goal - done < DAY_MS or (self._tried is not None and 0 <= now - self._tried < RETRY_MS):
            return
        try:
            for bucket, measurement in ((RAW, READING), (MINUTES, FIVE_MINUTES)):
                self._query.delete(bucket, measurement, f"\"kind\" = '{AssetKind.ROOM}' AND time < {goal}ms")
        except TransientError as error:
            self._tried = now
            self._problems.problem("raw counts of rooms", "they stay in InfluxDB; trying again every hour", error)
            return
        self._tried = None
        self._store.note(DELETED, goal)
        self._problems.recovered("raw counts of rooms", "InfluxDB has deleted them")


def overdue(notes: NoteReader, now: int) -> int | None:
    """Return before what time (UTC ms) raw readings of rooms should be gone from InfluxDB and are not; None: none.

    Where none have ever been deleted there, it is late only so long after shipping began.
    """
    goal, done = notes.noted(THINNED_READINGS) or 0, notes.noted(DELETED) or 0
    begun = notes.noted(ORIGIN)
    if not done and (begun is None or now - begun <= OVERDUE_MS):
        return None
    return goal if goal - done > OVERDUE_MS else None
