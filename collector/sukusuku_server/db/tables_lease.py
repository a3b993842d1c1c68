"""The tables of the collectors of an operator: who holds its lease, and who stands by. Times: UTC ms of the server."""

from sqlalchemy import BigInteger, Column, String, Table, Text

from sukusuku_server.db.tables_alerts import metadata

collector_lease = Table(
    "collector_lease",
    metadata,
    Column("shard", Text, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("holder", String(16), nullable=False),
    Column("name", String(200), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)
"""`shard` is the id of an operator. `epoch` grows by one each time that the lease goes to somebody."""

collector_standby = Table(
    "collector_standby",
    metadata,
    Column("instance", String(16), primary_key=True),
    Column("shard", Text, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("trouble", Text),
)
"""`trouble` is why it cannot work for this operator; null: it can."""
