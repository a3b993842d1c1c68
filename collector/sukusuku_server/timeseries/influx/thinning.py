"""Raw readings of rooms that the file has thinned out go from InfluxDB too. Their hours and days stay."""

import logging

from sukusuku_core.errors import TransientError
from sukusuku_core.model import AssetKind
from sukusuku_core.time import DAY_MS
from sukusuku_server.settings.influx import MINUTES, RAW
from sukusuku_server.timeseries import THINNED_READINGS
from sukusuku_server.timeseries.influx.line_protocol import FIVE_MINUTES, READING
from sukusuku_server.timeseries.influx.query import Query, RefusedError
from sukusuku_server.timeseries.sqlite import SqliteStore

DELETED = "ship/thinned"
"""Under which it is noted before what time (UTC ms) they have been deleted in InfluxDB."""


_log = logging.getLogger("sukusuku_server.timeseries.influx")


def delete_thinned(store: SqliteStore, query: Query) -> None:
    """Delete what the file has deleted since the last time, a day at least. InfluxDB 3 Core cannot: it is told once.

    What InfluxDB does not manage in time is tried again at the next call; nothing waits for it. Raises TransientError
    when the file does not answer.
    """
    done, goal = store.noted(DELETED) or 0, store.noted(THINNED_READINGS) or 0
    if goal - done < DAY_MS:
        return
    try:
        for bucket, measurement in ((RAW, READING), (MINUTES, FIVE_MINUTES)):
            query.ask(
                f'DELETE FROM "{measurement}" WHERE "kind" = \'{AssetKind.ROOM}\' '
                f"AND time >= {done}ms AND time < {goal}ms",
                bucket,
            )
    except RefusedError as error:
        if not done:
            _log.warning("raw readings of rooms stay in InfluxDB until its buckets forget them: %s", error)
    except TransientError as error:
        _log.info("raw readings of rooms are not deleted in InfluxDB yet: %s", error)
        return
    store.note(DELETED, goal)
