"""The table of the documents of operators, where several machines share them."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, String, Table, Text

from sukusuku_server.db.tables_alerts import metadata

facility_document = Table(
    "facility_document",
    metadata,
    Column("operator", String(63), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("by", String(120)),
    Column("why", Text, nullable=False, server_default=""),
    Column("origin", String(16), nullable=False, server_default="by_hand"),
    CheckConstraint("time BETWEEN 0 AND 32503679999999", name="time_ms"),
)
"""A row is a version and is never changed. The one with the highest number is the document; an empty text takes the
operator out. `time` is UTC ms, before the year 3000, so that another unit is refused. The defaults are for rows that
somebody writes by SQL."""
