"""Rooms: corrections of their counts, and what staff counted."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "occupancy_correction",
        sa.Column("id", _ID, nullable=False),
        sa.Column("asset", sa.String(63), nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("before", sa.Integer),
        sa.Column("after", sa.Integer),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_occupancy_correction"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_occupancy_correction_asset_time", "occupancy_correction", ["asset", "time"])
    op.create_table(
        "room_calibration",
        sa.Column("id", _ID, nullable=False),
        sa.Column("asset", sa.String(63), nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("children", sa.Integer, nullable=False),
        sa.Column("staff", sa.Integer),
        sa.Column("by", sa.String(120), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_room_calibration"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_room_calibration_asset_time", "room_calibration", ["asset", "time"])
