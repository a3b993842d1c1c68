"""Certificates of edge nodes, and who signs them."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "node_authority",
        sa.Column("id", ID, nullable=False),
        sa.Column("certificate", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_node_authority"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "node_certificate",
        sa.Column("id", ID, nullable=False),
        sa.Column("node", sa.String(63), nullable=False),
        sa.Column("serial", sa.String(40), nullable=False),
        sa.Column("authority", sa.BigInteger, nullable=False),
        sa.Column("request", sa.String(64), nullable=False),
        sa.Column("certificate", sa.Text, nullable=False),
        sa.Column("issued", sa.BigInteger, nullable=False),
        sa.Column("ends", sa.BigInteger, nullable=False),
        sa.Column("asked", sa.BigInteger),
        sa.Column("replaced", sa.BigInteger),
        sa.Column("revoked", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_node_certificate"),
        sa.UniqueConstraint("serial", name="uq_node_certificate_serial"),
        sqlite_autoincrement=True,
    )
