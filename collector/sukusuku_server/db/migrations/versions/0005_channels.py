"""The outbox holds messages of several channels; what is in it already is mail."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mail_outbox", sa.Column("channel", sa.String(63), nullable=False, server_default="mail"))
