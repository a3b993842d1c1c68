"""Whoever takes care of an alert may say how."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alert_event", sa.Column("note", sa.String(500), nullable=False, server_default=""))
