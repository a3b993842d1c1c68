"""The table of the keys of edge nodes. They are kept whole: the collector makes proofs with them."""

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table

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
