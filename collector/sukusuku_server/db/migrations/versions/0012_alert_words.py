"""One mail may tell of several alerts, an alert may come back, and a mail may be of no use any more."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    for name, kind in (
        ("told_stage", sa.Integer),
        ("repeats", sa.Integer),
        ("returns", sa.Integer),
        ("gap", sa.BigInteger),
    ):
        op.add_column("alert", sa.Column(name, kind, nullable=False, server_default="0"))
    op.execute("UPDATE alert SET told_stage = stage WHERE told > 0")
    op.add_column("mail_outbox", sa.Column("expires", sa.BigInteger))
    op.create_table(
        "alert_word",
        sa.Column("id", _ID, nullable=False),
        sa.Column("alert_id", _ID, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("channel", sa.String(63), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("opens", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("held", sa.String(20), nullable=False, server_default=""),
        sa.Column("mail_id", _ID),
        sa.PrimaryKeyConstraint("id", name="pk_alert_word"),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name="fk_alert_word_alert_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["mail_id"], ["mail_outbox.id"], name="fk_alert_word_mail_id", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alert_word_alert_id", "alert_word", ["alert_id"])
    op.create_index("ix_alert_word_mail_id", "alert_word", ["mail_id"])
    op.execute(
        "INSERT INTO alert_word (alert_id, kind, channel, recipient, since, opens, due, urgent, held, mail_id) "
        "SELECT alert_id, kind, channel, lower(recipient), created, created, created, "
        "(1 = 0), '', id FROM mail_outbox WHERE alert_id IS NOT NULL"
    )
