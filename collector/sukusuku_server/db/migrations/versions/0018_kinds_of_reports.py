"""Reports on collection beside those on rooms, and their tables as a zip."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("issued_report", sa.Column("kind", sa.String(16), nullable=False, server_default="rooms"))
    op.add_column("issued_report", sa.Column("zip", sa.LargeBinary))
