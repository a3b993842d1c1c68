"""Booked places: imports, the days that each of them speaks of, and its counts."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "booking_import",
        sa.Column("id", _ID, nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("feed", sa.String(63), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("imported", sa.BigInteger, nullable=False),
        sa.Column("imported_by", sa.String(120), nullable=False),
        sa.Column("withdrawn", sa.BigInteger),
        sa.Column("withdrawn_by", sa.String(120)),
        sa.PrimaryKeyConstraint("id", name="pk_booking_import"),
        sqlite_autoincrement=True,
    )
    _part("booking_cover")
    _part("booking", sa.Column("children", sa.Integer, nullable=False))


def _part(name: str, *more: sa.Column[int]) -> None:
    op.create_table(
        name,
        sa.Column("id", _ID, nullable=False),
        sa.Column("import_id", _ID, nullable=False),
        sa.Column("room", sa.String(63), nullable=False),
        sa.Column("start", sa.BigInteger, nullable=False),
        sa.Column("end", sa.BigInteger, nullable=False),
        *more,
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["import_id"], ["booking_import.id"], name=f"fk_{name}_import_id", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{name}_import_id", name, ["import_id"])
