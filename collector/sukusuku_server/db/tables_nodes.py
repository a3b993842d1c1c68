"""The tables of the keys of edge nodes, and of codes that make some. Both are kept whole: proofs are made with them."""

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table, Text

from sukusuku_server.db.tables_alerts import ID, metadata

node_key = Table(
    "node_key",
    metadata,
    Column("id", ID, primary_key=True),
    Column("node", String(63), nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("created_by", String(120), nullable=False),
    Column("revoked", BigInteger),
    sqlite_autoincrement=True,
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("node", String(63), primary_key=True),
    Column("secret", String(40), nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("answer", Text, nullable=False),
)
