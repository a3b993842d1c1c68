"""The newest value of each series, kept in memory: only what has been committed since is looked at again."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import QUALITIES, Quality
from sukusuku_server.model.series import Latest, LatestByAsset, Row
from sukusuku_server.timeseries.database import Database, typed

_GOOD_BEFORE = "SELECT last_time FROM hourly WHERE series = ? ORDER BY hour DESC LIMIT 1"
_LATEST = """
SELECT asset, metric, datatype, time, quality, received, CASE quality WHEN 192 THEN NULL ELSE
    (SELECT last_time FROM hourly WHERE hourly.series = latest.series ORDER BY hour DESC LIMIT 1) END, {}
FROM latest JOIN series ON series.id = latest.series ORDER BY asset, metric
"""


class LiveView:
    """What `latest` of a store tells. Its store asks it under its lock, and says with a version when others wrote."""

    def __init__(self, database: Database, names: Mapping[int, tuple[str, str, DataType]]) -> None:
        self._database = database
        self._names = names
        self._times: dict[int, int] = {}  # of the newest reading of each series
        self._unseen: dict[int, tuple[Row, int]] = {}  # newest rows and their receipt, not yet in the view
        self._late: set[int] = set()  # got GOOD values older than the newest one, which the view may have to tell
        self._offline: dict[str, int] = {}
        self._marked: set[str] = set()  # whose view does not show their mark yet
        self._view: dict[str, dict[str, Latest]] = {}
        self._version = -1

    def load(self) -> None:
        """Read what the database knows; what was shown before is forgotten, as some of it may be there no more."""
        self._times = dict(self._database.ask("SELECT series, time FROM latest"))
        self._offline = dict(self._database.ask("SELECT subject, since FROM offline"))
        self._unseen.clear()
        self._late.clear()
        self._version = -1

    def newer(self, rows: Mapping[int, Row]) -> dict[int, Row]:
        """Return those rows, by series, that are newer than what is known."""
        return {series: row for series, row in rows.items() if row[0] > self._times.get(series, -1)}

    def remember(self, newest: Mapping[int, Row], touched: Iterable[int], received: int) -> None:
        """Keep what is committed now: the newest rows by series, and all series that got rows."""
        self._times.update((series, row[0]) for series, row in newest.items())
        self._unseen.update((series, (row, received)) for series, row in newest.items())
        self._late.update(series for series in touched if series not in newest)

    def changed_marks(self, changes: Mapping[str, int | None]) -> dict[str, int | None]:
        """Return those marks that are not as they were: since when a subject is offline, None: it is not."""
        return {subject: since for subject, since in changes.items() if self._offline.get(subject) != since}

    def mark(self, changes: Mapping[str, int | None]) -> None:
        """Keep marks that are committed now."""
        for subject, since in changes.items():
            self._offline.pop(subject, None)
            if since is not None:
                self._offline[subject] = since
        self._marked.update(changes)

    def read(self, version: int) -> LatestByAsset:
        """Return the newest values. What has been handed out is never changed."""
        if version != self._version:
            self._read_all(version)
        if self._marked or self._unseen or self._late:
            self._view = dict(self._view)
        for asset in self._marked & set(self._view):
            since = self._offline.get(asset)
            self._view[asset] = {name: replace(it, stale_since=since) for name, it in self._view[asset].items()}
        self._marked.clear()
        for asset in {self._names[series][0] for series in (*self._unseen, *self._late)}:
            self._view[asset] = dict(self._view.get(asset, {}))
        for series, ((moment, _, value, number), received) in self._unseen.items():
            asset, metric, kind = self._names[series]
            quality, since = QUALITIES[number], self._offline.get(asset)
            good = None if quality is Quality.GOOD else self._good_before(series)
            self._view[asset][metric] = Latest(moment, typed((value,), kind), quality, received, since, good)
        for series in self._late.difference(self._unseen):
            asset, metric, _ = self._names[series]
            item = self._view[asset][metric]
            if item.quality is not Quality.GOOD:
                self._view[asset][metric] = replace(item, good_before=self._good_before(series))
        self._unseen.clear()
        self._late.clear()
        return self._view

    def _read_all(self, version: int) -> None:
        self._version, self._view = version, {}
        self._offline = dict(self._database.ask("SELECT subject, since FROM offline"))
        question = _LATEST.format(", ".join(self._database.values))
        for asset, metric, datatype, moment, quality, received, good, *value in self._database.ask(question):
            self._view.setdefault(asset, {})[metric] = Latest(
                moment, typed(value, datatype), Quality(quality), received, self._offline.get(asset), good
            )

    def _good_before(self, series: int) -> int | None:
        found = self._database.ask(_GOOD_BEFORE, (series,))
        return int(found[0][0]) if found else None
