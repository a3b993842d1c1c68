"""Reports that were issued are kept to the byte, with a number."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "issued_report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("site", sa.String(63)),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("issued", sa.BigInteger, nullable=False),
        sa.Column("issued_by", sa.String(120), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("replaces", sa.BigInteger),
        sa.Column("settings", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("cells", sa.LargeBinary, nullable=False),
        sa.Column("xlsx", sa.LargeBinary),
        sa.Column("csv", sa.LargeBinary),
        sa.Column("pdf", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id", name="pk_issued_report"),
        sqlite_autoincrement=True,
    )
