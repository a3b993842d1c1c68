"""`[operations]`: the database of the operations data, which are alerts, mails and what people said."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec

from sukusuku_core.errors import Mistake
from sukusuku_core.settings import Settings


class OperationsSettings(Settings, frozen=True, kw_only=True):
    """`url` is one of SQLAlchemy; a relative SQLite path is relative to the file of the settings."""

    url: str = "sqlite:///operations.db"
    keep_mail_days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] = 90
    """What a mail said, and to whom, is forgotten so many days after it was written; that it was sent stays."""
    keep_audit_days: Annotated[int, msgspec.Meta(ge=30, le=36_500)] = 1_830
    """Entries of the audit log are kept so long: five years and some days."""
    schema: Annotated[str, msgspec.Meta(pattern=r"^[a-z_][a-z0-9_]{0,62}\Z")] | None = None
    """In PostgreSQL: the schema of this operator, made when it is missing, where a database holds several operators.
    Their leases stand in the schema `public` then. None: the one that `url` leads to."""
    lease_seconds: Annotated[float, msgspec.Meta(ge=1, le=60)] = 6.0
    """In PostgreSQL: how long a collector that says nothing may still be at work, before another one takes over."""

    @property
    def address(self) -> str:
        """Return the SQLAlchemy URL that leads to the tables of this operator."""
        return in_schema(self.url, self.schema)

    @property
    def lease_schema(self) -> str | None:
        """Return the schema of the leases; None: that of the other tables."""
        return None if self.schema is None else "public"

    @property
    def lease_address(self) -> str:
        """Return the SQLAlchemy URL that leads to the leases."""
        return in_schema(self.url, self.lease_schema)

    @property
    def shared(self) -> bool:
        """Whether several collectors can use them, of which one works and the others stand by."""
        return self.url.startswith("postgresql")

    @property
    def file(self) -> Path | None:
        """The SQLite file; None: they are in another database."""
        kind, _, path = self.url.partition(":///")
        return Path(path) if kind == "sqlite" and path else None


def check_operations(operations: OperationsSettings) -> Iterator[Mistake]:
    """Yield what is wrong beyond the types."""
    if operations.schema is None:
        return
    if not operations.shared:
        yield Mistake("operations.schema", "found a schema although `url` leads to no PostgreSQL; take it out")
    elif "options=" in operations.url:
        yield Mistake("operations.url", "found `options` in the address, which `schema` sets; take one of them out")


def in_schema(url: str, schema: str | None) -> str:
    """Return a PostgreSQL URL whose sessions have a schema in front of them; None: as it is."""
    if schema is None:
        return url
    return f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{schema}"
