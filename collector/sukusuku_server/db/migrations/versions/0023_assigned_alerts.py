"""An alert may be assigned to somebody."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("alert", sa.Column("assigned_to", sa.String(120)))
    op.add_column("alert", sa.Column("assigned_account", sa.BigInteger))
    op.add_column("alert_event", sa.Column("assigned_to", sa.String(120)))
