"""The tables of what is handed out: which counts are withheld, and the reports that were issued."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, String, Table, Text

from sukusuku_server.db.tables_alerts import ID, metadata

withheld = Table(
    "withheld",
    metadata,
    Column("year", Integer, primary_key=True),
    Column("part", String(10), primary_key=True),
    Column("who", String(70), primary_key=True),
    Column("told", Boolean, nullable=False),
    Column("decided", BigInteger, nullable=False),
    Column("told_count", Integer),
    Column("rooms", Text),
)
"""`year` is the fiscal year, `part` a day, a month or the year, `who` a room, a centre or all.

`told_count` is what was last told, `rooms` the ids of the rooms with visits that a sum was of
then, joined by blanks. Both are null for a count that never was told.
"""

issued_report = Table(
    "issued_report",
    metadata,
    Column("id", ID, primary_key=True),
    Column("kind", String(16), nullable=False, server_default="rooms"),
    Column("period", String(10), nullable=False),
    Column("site", String(63)),
    Column("language", String(2), nullable=False),
    Column("issued", BigInteger, nullable=False),
    Column("issued_by", String(120), nullable=False),
    Column("note", Text, nullable=False),
    Column("replaces", BigInteger),
    Column("settings", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("cells", LargeBinary, nullable=False),
    Column("xlsx", LargeBinary),
    Column("csv", LargeBinary),
    Column("pdf", LargeBinary),
    Column("zip", LargeBinary),
    sqlite_autoincrement=True,
)
"""`id` is the number of the report, which is given once. Without files it was never issued: its making failed."""
