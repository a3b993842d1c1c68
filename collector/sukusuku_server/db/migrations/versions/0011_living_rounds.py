"""Rounds know whom they asked and what has changed; requests know the answer from which they came."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    for name in ("accepted_person", "changed", "given_up", "closed"):
        op.add_column("round_run", sa.Column(name, sa.BigInteger))
    op.execute("UPDATE round_run SET closed = returns WHERE state = 'closed'")
    for name in ("state", "declined"):  # in place: a copied table would take its stops with it
        op.execute(f"ALTER TABLE round_run DROP COLUMN {name}")
    op.create_table(
        "round_person",
        sa.Column("id", _ID, nullable=False),
        sa.Column("run_id", _ID, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("mail", sa.String(320), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("told", sa.BigInteger, nullable=False),
        sa.Column("declined", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_round_person"),
        sa.ForeignKeyConstraint(["run_id"], ["round_run.id"], name="fk_round_person_run_id", ondelete="CASCADE"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_round_person_run_id", "round_person", ["run_id"])
    op.add_column("round_stop", sa.Column("worded", sa.String(20), nullable=False, server_default=""))
    op.execute("UPDATE round_stop SET worded = 'cannot' WHERE answer = 'cannot'")  # contacts have heard of it
    op.create_index("ix_round_stop_asset", "round_stop", ["asset"])
    op.add_column("request", sa.Column("stop_id", sa.BigInteger))
