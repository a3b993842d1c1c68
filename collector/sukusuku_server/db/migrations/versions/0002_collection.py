"""Collection: emptyings, findings, forecasts, rounds, answers, modes; and how often an alert was told."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("alert", sa.Column("told", sa.Integer, nullable=False, server_default="0"))
    op.add_column("alert", sa.Column("told_first", sa.BigInteger))
    op.add_column("alert", sa.Column("told_at", sa.BigInteger))
    op.add_column("alert", sa.Column("stage", sa.Integer, nullable=False, server_default="1"))
    op.add_column("alert", sa.Column("reason", sa.String(120), nullable=False, server_default=""))
    op.execute("UPDATE alert SET rule = 'collection' WHERE rule = 'fill_level'")
    op.add_column("mail_outbox", sa.Column("run_id", _ID))
    op.create_index("ix_mail_outbox_run_id", "mail_outbox", ["run_id"])
    op.create_table(
        "emptying",
        sa.Column("id", _ID, nullable=False),
        sa.Column("asset", sa.String(63), nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("percent", sa.Float, nullable=False),
        sa.Column("nappies", sa.Float, nullable=False),
        sa.Column("evidence", sa.String(80), nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("by", sa.String(120)),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("detected", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_emptying"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_emptying_asset_time", "emptying", ["asset", "time"])
    op.create_table(
        "spoken",
        sa.Column("asset", sa.String(63), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("changed", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("asset", name="pk_spoken"),
    )
    op.create_table(
        "finding",
        sa.Column("id", _ID, nullable=False),
        sa.Column("asset", sa.String(63), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_finding"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_finding_asset_since", "finding", ["asset", "since"])
    op.create_table(
        "checkpoint",
        sa.Column("asset", sa.String(63), nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("asset", "time", name="pk_checkpoint"),
    )
    op.create_table(
        "forecast",
        sa.Column("asset", sa.String(63), nullable=False),
        sa.Column("issued", sa.BigInteger, nullable=False),
        sa.Column("method", sa.String(20), nullable=False),
        sa.Column("percent", sa.Float, nullable=False),
        sa.Column("hours10", sa.Float),
        sa.Column("hours50", sa.Float),
        sa.Column("hours90", sa.Float),
        sa.Column("outcome", sa.Float),
        sa.PrimaryKeyConstraint("asset", "issued", "method", name="pk_forecast"),
    )
    op.create_table(
        "round_run",
        sa.Column("id", _ID, nullable=False),
        sa.Column("round", sa.String(63), nullable=False),
        sa.Column("date", sa.String(10), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("planned", sa.BigInteger, nullable=False),
        sa.Column("departs", sa.BigInteger, nullable=False),
        sa.Column("returns", sa.BigInteger, nullable=False),
        sa.Column("vehicle", sa.String(63), nullable=False),
        sa.Column("km", sa.Float, nullable=False),
        sa.Column("minutes", sa.Float, nullable=False),
        sa.Column("solver", sa.Text, nullable=False),
        sa.Column("sent", sa.BigInteger),
        sa.Column("told", sa.Integer, nullable=False),
        sa.Column("declined", sa.Integer, nullable=False),
        sa.Column("accepted", sa.BigInteger),
        sa.Column("accepted_by", sa.String(120)),
        sa.PrimaryKeyConstraint("id", name="pk_round_run"),
        sa.UniqueConstraint("round", "date", name="uq_round_run_round"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_round_run_departs", "round_run", ["departs"])
    op.create_table(
        "round_stop",
        sa.Column("id", _ID, nullable=False),
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("asset", sa.String(63), nullable=False),
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("joined", sa.Boolean, nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer),
        sa.Column("arrives", sa.BigInteger),
        sa.Column("deadline", sa.BigInteger),
        sa.Column("percent", sa.Float),
        sa.Column("percent_then", sa.Float),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("bags", sa.Integer, nullable=False),
        sa.Column("kg", sa.Float, nullable=False),
        sa.Column("answer", sa.String(20), nullable=False),
        sa.Column("answered", sa.BigInteger),
        sa.Column("answered_by", sa.String(120)),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_round_stop"),
        sa.ForeignKeyConstraint(["run_id"], ["round_run.id"], name="fk_round_stop_run_id", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_round_stop_run_id", "round_stop", ["run_id"])
    op.create_table(
        "stop_answer",
        sa.Column("id", _ID, nullable=False),
        sa.Column("stop_id", _ID, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("answer", sa.String(20), nullable=False),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stop_answer"),
        sa.ForeignKeyConstraint(["stop_id"], ["round_stop.id"], name="fk_stop_answer_stop_id", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_stop_answer_stop_id", "stop_answer", ["stop_id"])
    op.create_table(
        "request",
        sa.Column("id", _ID, nullable=False),
        sa.Column("asset", sa.String(63), nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("done", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_request"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "mode",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("who", sa.String(120), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mode"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "stock",
        sa.Column("id", _ID, nullable=False),
        sa.Column("site", sa.String(63), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("counted", sa.Boolean, nullable=False),
        sa.Column("who", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stock"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "secret",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_secret"),
    )
