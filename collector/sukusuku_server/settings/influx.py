"""`[store.influx]`: where InfluxDB is and how readings are brought to it."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from sukusuku_core.errors import Mistake
from sukusuku_core.settings import PositiveSeconds, Settings

RAW, MINUTES, DAYS = "raw", "5m", "daily"
"""How the names of the three buckets end: readings; five-minute values; hours and days."""


class Influx(Settings, frozen=True, kw_only=True):
    """InfluxDB 1.8 or 2.x. Give `token`, or `username` and `password`, or nothing if nothing is asked for."""

    url: Annotated[
        str, msgspec.Meta(pattern=r"^https?://[^/@\s]+\Z", description="http:// or https://, host and port")
    ] = "http://127.0.0.1:8086"
    token: str | None = None
    username: str | None = None
    password: str | None = None
    org: str = ""
    """The organisation; InfluxDB 2.x asks for it."""
    prefix: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,40}[/_-]\Z")] = "sukusuku/"
    """How the names of the buckets begin. Before a slash stands the database, after it the retention policy."""
    ca_file: str | None = None
    """PEM of the authority that signed the server's certificate; relative to this file."""
    gzip: bool = True
    batch: Annotated[int, msgspec.Meta(ge=1, le=20_000)] = 5_000
    """Points in one request."""
    timeout: PositiveSeconds = 10.0

    def bucket(self, end: str) -> str:
        """Return the whole name of a bucket."""
        return self.prefix + end

    def source(self, end: str, measurement: str) -> str:
        """Return a measurement with its database and retention policy, as every version takes it in a SELECT."""
        database, _, policy = self.bucket(end).partition("/")
        return ".".join((f'"{database}"', f'"{policy}"' if policy else "", f'"{measurement}"'))


def check_influx(influx: Influx) -> Iterator[Mistake]:
    """Yield mistakes between the keys."""
    if influx.token is not None and influx.username is not None:
        yield Mistake("store.influx", "found token and username; give one of them")
    if (influx.username is None) != (influx.password is None):
        yield Mistake("store.influx", "username and password belong together; one of them is missing")
