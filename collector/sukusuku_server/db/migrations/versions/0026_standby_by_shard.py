"""A collector may stand by for several operators, and says of which one it cannot work, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_table("collector_standby")  # whoever stands by says it again within seconds
    op.create_table(
        "collector_standby",
        sa.Column("instance", sa.String(16), primary_key=True),
        sa.Column("shard", sa.Text, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
        sa.Column("trouble", sa.Text),
    )
