"""Counts by staff can be withdrawn."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("room_calibration", sa.Column("withdrawn", sa.BigInteger))
    op.add_column("room_calibration", sa.Column("withdrawn_by", sa.String(120)))
