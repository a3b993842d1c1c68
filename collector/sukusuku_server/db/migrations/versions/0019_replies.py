"""An answer for a stop has a reason, and a key by which it is known again when it is sent twice."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("round_stop", "stop_answer"):
        op.add_column(table, sa.Column("obstacle", sa.String(20), nullable=False, server_default="none"))
    op.add_column("stop_answer", sa.Column("key", sa.String(36)))
    op.create_index("uq_stop_answer_key", "stop_answer", ["key"], unique=True)
