"""With each decision is kept what was told. What was told before without it may have been decided from no data."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("withheld", sa.Column("told_count", sa.Integer))
    op.add_column("withheld", sa.Column("rooms", sa.Text))
    op.execute("DELETE FROM withheld WHERE told")
