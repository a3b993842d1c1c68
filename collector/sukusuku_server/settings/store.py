"""`[store]`: where readings are kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

import msgspec

from sukusuku_core.errors import Mistake
from sukusuku_core.settings import Settings
from sukusuku_server.settings import authority
from sukusuku_server.settings.influx import Influx, check_influx
from sukusuku_server.settings.postgres import Postgres, check_postgres

SHORTEST_KEPT = 31
"""Days. Readings that an edge node kept while it was cut off must be recognised when they come twice."""


class StoreSettings(Settings, frozen=True, kw_only=True):
    """Where readings are kept. `path` is relative to this file."""

    kind: Literal["sqlite", "influx", "postgres"] = "sqlite"
    """`influx`: everything is committed to the file as well, and shipped from there. `postgres`: there is no file."""
    path: str = "readings.db"
    acknowledge: Literal["stored", "replicated"] = "stored"
    """When an edge node may delete a reading: once it is in the file, or once it is in InfluxDB as well."""
    compact_after_days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 1
    """Days after which raw readings are packed into little room; 0: never. They are told as before."""
    keep_raw_days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 730
    """Days after which raw readings are deleted; 0: never. At least 31. Hourly values are kept for ever."""
    keep_occupancy_days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] = 90
    """Days after which the counts of rooms are thinned out to hours; 0: never. At least 31. See docs/rooms.md."""
    influx: Influx = Influx()
    postgres: Postgres = Postgres()

    def resolved(self, folder: Path, where: str) -> Self:
        """With absolute paths; relative ones are relative to `folder`. `where` is the key path of this table.

        Raises ConfigError.
        """
        influx = self.influx
        if influx.ca_file is not None:
            file = authority.checked(folder, influx.ca_file, f"{where}.influx.ca_file")
            influx = msgspec.structs.replace(influx, ca_file=file)
        return msgspec.structs.replace(self, path=str((folder / self.path).resolve()), influx=influx)


def check_store(store: StoreSettings) -> Iterator[Mistake]:
    """Yield mistakes between the keys."""
    for key, days in (("keep_raw_days", store.keep_raw_days), ("keep_occupancy_days", store.keep_occupancy_days)):
        if 0 < days < SHORTEST_KEPT:
            yield Mistake(f"store.{key}", f"found {days}, allowed: {SHORTEST_KEPT} or more, or 0 to keep them for ever")
    if store.acknowledge == "replicated" and store.kind != "influx":
        yield Mistake("store.acknowledge", 'found `replicated`, which needs a second copy: kind = "influx"')
    yield from check_influx(store.influx)
    yield from check_postgres(store.postgres)
