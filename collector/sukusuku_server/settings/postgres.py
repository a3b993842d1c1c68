"""`[store.postgres]`: the PostgreSQL database that keeps readings."""

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

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
    def in_the_clear(self) -> str | None:
        """Return the host of a server to which password and readings may go without TLS."""
        parts = urlsplit(self.url)
        mode = parse_qs(parts.query).get("sslmode", ["prefer"])[-1]
        return None if mode in {"require", "verify-ca", "verify-full"} else parts.hostname


def check_postgres(postgres: Postgres) -> Iterator[Mistake]:
    """Yield what is wrong beyond the types."""
    parts = urlsplit(postgres.url)
    if parts.password is not None or "password" in parse_qs(parts.query):
        yield Mistake("store.postgres.url", "found a password in the address; give it as `password`")
