"""The table of what is handed out: which counts are withheld."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table

from sukusuku_server.db.tables_alerts import metadata

withheld = Table(
    "withheld",
    metadata,
    Column("year", Integer, primary_key=True),
    Column("part", String(10), primary_key=True),
    Column("who", String(70), primary_key=True),
    Column("told", Boolean, nullable=False),
    Column("decided", BigInteger, nullable=False),
)
"""`year` is the fiscal year, `part` a day, a month or the year, `who` a room, a centre or all."""
