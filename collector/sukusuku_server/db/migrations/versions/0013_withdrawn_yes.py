"""A round knows when somebody took back that they go."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("round_run", sa.Column("withdrawn", sa.BigInteger))
