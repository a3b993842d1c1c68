"""The documents of operators may stand in the database that their machines share."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "facility_document",
        sa.Column("operator", sa.String(63), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(120)),
        sa.Column("why", sa.Text, nullable=False, server_default=""),
        sa.Column("origin", sa.String(16), nullable=False, server_default="by_hand"),
        sa.CheckConstraint("time BETWEEN 0 AND 32503679999999", name="time_ms"),
    )
