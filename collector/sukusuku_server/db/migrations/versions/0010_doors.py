"""How it stands with the sources of doors: when they were last taken, and what is wrong."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "door_source",
        sa.Column("door", sa.String(63), nullable=False),
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("taken", sa.BigInteger),
        sa.Column("failing", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("door", "source", name="pk_door_source"),
    )
