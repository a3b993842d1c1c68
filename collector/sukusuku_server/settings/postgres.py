"""`[store.postgres]`: the PostgreSQL database that keeps readings."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple
from urllib.parse import parse_qs

import msgspec

from sukusuku_core.errors import Mistake
from sukusuku_core.settings import PositiveSeconds, Settings


class Postgres(Settings, frozen=True, kw_only=True):
    """PostgreSQL 15 or newer. `url` is a connection URI of libpq."""

    url: Annotated[
        str,
        msgspec.Meta(pattern=r"^postgres(ql)?://\S+\Z", description="postgresql://user@host:port/database"),
    ] = "postgresql://sukusuku@127.0.0.1/sukusuku"
    password: str | None = None
    """None: the server asks for none, or libpq finds it in its password file."""
    schema: Annotated[str, msgspec.Meta(pattern=r"^[a-z_][a-z0-9_]{0,62}\Z")] = "readings"
    """Where the tables are; made when it is missing."""
    timeout: PositiveSeconds = 5.0
    """Seconds after which a server that says nothing counts as away."""

    @property
    def shown(self) -> str:
        """Return the address without what is after the question mark, for messages."""
        return f"{self.url.partition('?')[0]} ({self.schema})"

    @property
    def hosts(self) -> tuple[str, ...]:
        """Return the host of each server that is named; a folder of sockets is none."""
        parts = _parts(self.url)
        places = parts.places.split(",")
        named = [place[1:].partition("]")[0] if place[:1] == "[" else place.partition(":")[0] for place in places]
        for more in parts.query.get("host", ()):
            named += more.split(",")
        return tuple(host for host in named if host and not host.startswith("/"))

    @property
    def in_the_clear(self) -> tuple[str, ...]:
        """Return the hosts to which password and readings may go without TLS."""
        mode = _parts(self.url).query.get("sslmode", ["prefer"])[-1]
        return () if mode in {"require", "verify-ca", "verify-full"} else self.hosts


class _Parts(NamedTuple):
    account: str
    places: str
    query: dict[str, list[str]]


def _parts(url: str) -> _Parts:
    """Divide a connection URI of libpq. urllib takes it for one of a single host, and refuses others from 3.13 on."""
    before, _, query = url.partition("://")[2].partition("?")
    account, _, places = before.partition("/")[0].rpartition("@")
    return _Parts(account, places, parse_qs(query))


def check_postgres(postgres: Postgres) -> Iterator[Mistake]:
    """Yield what is wrong beyond the types."""
    parts = _parts(postgres.url)
    if ":" in parts.account or "password" in parts.query:
        yield Mistake("store.postgres.url", "found a password in the address; give it as `password`")
    wanted = parts.query.get("target_session_attrs", [""])[-1]
    if len(postgres.hosts) > 1 and wanted not in {"read-write", "primary"}:
        yield Mistake(
            "store.postgres.url",
            f"found {len(postgres.hosts)} servers without `target_session_attrs=read-write`; add it, or a standby, "
            "which cannot be written, may be taken",
        )
