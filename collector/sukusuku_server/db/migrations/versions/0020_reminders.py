"""Whoever has begun a silence is reminded of it while it stands."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mode", sa.Column("actor", sa.String(80)))
    op.add_column("mode", sa.Column("reminded", sa.BigInteger))
