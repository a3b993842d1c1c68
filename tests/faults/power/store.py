"""The collector's store."""

import random
from pathlib import Path

from sukusuku_server.model.series import Quarantined
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.faults.power.subjects import EVERYTHING, T, a_reading
from tests.support.stores import commit

PACKING = 0.4
"""Of all steps: a day takes several."""
LATER = T + 10**9


class StoreSubject:
    """The collector's store."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "store.db"

    def open(self) -> None:
        self._store = SqliteStore.open(self._path)

    def close(self) -> None:
        self._store.close()

    def step(self, rng: random.Random) -> None:
        if rng.random() < 0.1:
            self._store.note("state", rng.randrange(2**62))
            return
        if rng.random() < PACKING:
            self._store.compact(LATER)
            return
        start = T + rng.randrange(8 * 3_600_000)
        readings = [a_reading(rng, start + 10 * n) for n in range(rng.randint(0, 16))]
        bad = [
            Quarantined(T + n, "spBv1.0/x", "protobuf", "noise", rng.randbytes(300)) for n in range(rng.randint(0, 2))
        ]
        commit(self._store, readings, T + rng.randrange(10**9), bad)

    def dump(self) -> object:
        latest = self._store.latest()
        series = [(asset, metric) for asset, metrics in latest.items() for metric in metrics]
        end = T + 10**9
        return (
            {name: self._store.raw(*name, 0, end, EVERYTHING) for name in series},
            {name: self._store.hourly(*name, 0, end) for name in series},
            {asset: dict(metrics) for asset, metrics in latest.items()},
            self._store.quarantine(EVERYTHING),
            self._store.noted("state"),
        )

    def careless(self) -> None:
        self._store._database.connection.execute("PRAGMA synchronous=OFF").fetchall()


SUBJECT = StoreSubject
