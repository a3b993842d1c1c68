"""The table of doors: how it stands with each source."""

from sqlalchemy import BigInteger, Column, String, Table, Text

from sukusuku_server.db.tables_alerts import metadata

door_source = Table(
    "door_source",
    metadata,
    Column("door", String(63), primary_key=True),
    Column("source", String(80), primary_key=True),
    Column("taken", BigInteger),
    Column("failing", BigInteger),
    Column("reason", Text, nullable=False),
)
