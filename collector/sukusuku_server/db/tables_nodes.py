"""The tables of keys and certificates of edge nodes, and of codes that make some.

Keys are kept whole, as proofs are made with them; so is that of the authority, which signs.
"""

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

node_authority = Table(
    "node_authority",
    metadata,
    Column("id", ID, primary_key=True),
    Column("certificate", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
"""Who signs certificates of edge nodes; the newest one does."""

node_certificate = Table(
    "node_certificate",
    metadata,
    Column("id", ID, primary_key=True),
    Column("node", String(63), nullable=False),
    Column("serial", String(40), nullable=False, unique=True),
    Column("authority", BigInteger, nullable=False),
    Column("request", String(64), nullable=False),
    Column("certificate", Text, nullable=False),
    Column("issued", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
    Column("asked", BigInteger),
    Column("replaced", BigInteger),
    Column("revoked", BigInteger),
    sqlite_autoincrement=True,
)
"""`request`: digest of what was asked. `asked`: when the node last asked whether all is well, with this certificate.

`replaced`: since when it shall have another one, though this one holds.
"""
