"""What is withheld outside is decided once and kept."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "withheld",
        sa.Column("year", sa.Integer, primary_key=True),
        sa.Column("part", sa.String(10), primary_key=True),
        sa.Column("who", sa.String(70), primary_key=True),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.Column("decided", sa.BigInteger, nullable=False),
    )
