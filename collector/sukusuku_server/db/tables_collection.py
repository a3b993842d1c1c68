"""The tables of collection: emptyings, findings, forecasts and their outcomes, rounds and their answers, modes."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from sukusuku_server.db.tables_alerts import ID, metadata

# `detected` is where an emptying was seen before people moved it.
emptying = Table(
    "emptying",
    metadata,
    Column("id", ID, primary_key=True),
    Column("asset", String(63), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("percent", Float, nullable=False),
    Column("nappies", Float, nullable=False),
    Column("evidence", String(80), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("state", String(20), nullable=False),
    Column("by", String(120)),
    Column("note", Text, nullable=False),
    Column("detected", BigInteger),
    sqlite_autoincrement=True,
)
Index("ix_emptying_asset_time", emptying.c.asset, emptying.c.time)

# A person has said something about emptyings of this unit: what was derived after `since` must be derived again.
spoken = Table(
    "spoken",
    metadata,
    Column("asset", String(63), primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("changed", Integer, nullable=False),
)

finding = Table(
    "finding",
    metadata,
    Column("id", ID, primary_key=True),
    Column("asset", String(63), nullable=False),
    Column("name", String(40), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_finding_asset_since", finding.c.asset, finding.c.since)
Index(
    "ix_finding_open",
    finding.c.since,
    sqlite_where=finding.c.until.is_(None),  # its migration says so to PostgreSQL too, as that of `uq_alert_open`
)

# The state of a derivation at a moment, so that it goes on from there after a restart or when late readings arrive.
checkpoint = Table(
    "checkpoint",
    metadata,
    Column("asset", String(63), primary_key=True),
    Column("time", BigInteger, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", LargeBinary, nullable=False),
)

# One forecast of one method; `full` is what became of it, when that is known.
forecast = Table(
    "forecast",
    metadata,
    Column("asset", String(63), primary_key=True),
    Column("issued", BigInteger, primary_key=True),
    Column("method", String(20), primary_key=True),
    Column("percent", Float, nullable=False),
    Column("hours10", Float),
    Column("hours50", Float),
    Column("hours90", Float),
    Column("outcome", Float),
)

round_run = Table(
    "round_run",
    metadata,
    Column("id", ID, primary_key=True),
    Column("round", String(63), nullable=False),
    Column("date", String(10), nullable=False),
    Column("planned", BigInteger, nullable=False),
    Column("departs", BigInteger, nullable=False),
    Column("returns", BigInteger, nullable=False),
    Column("vehicle", String(63), nullable=False),
    Column("km", Float, nullable=False),
    Column("minutes", Float, nullable=False),
    Column("solver", Text, nullable=False),
    Column("sent", BigInteger),
    Column("told", Integer, nullable=False),
    Column("accepted", BigInteger),
    Column("accepted_by", String(120)),
    Column("accepted_person", BigInteger),
    Column("withdrawn", BigInteger),
    Column("changed", BigInteger),
    Column("given_up", BigInteger),
    Column("closed", BigInteger),
    UniqueConstraint("round", "date"),
    sqlite_autoincrement=True,
)
Index("ix_round_run_departs", round_run.c.departs)

# Who was asked to go on a run. Links name them by this id, so that an answer is theirs however the settings change.
round_person = Table(
    "round_person",
    metadata,
    Column("id", ID, primary_key=True),
    Column("run_id", ID, ForeignKey("round_run.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("step", Integer, nullable=False),
    Column("name", String(120), nullable=False),
    Column("mail", String(320), nullable=False),
    Column("language", String(2), nullable=False),
    Column("told", BigInteger, nullable=False),
    Column("declined", BigInteger),
    sqlite_autoincrement=True,
)

round_stop = Table(
    "round_stop",
    metadata,
    Column("id", ID, primary_key=True),
    Column("run_id", ID, ForeignKey("round_run.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("asset", String(63), nullable=False),
    Column("site", String(63), nullable=False),
    Column("joined", Boolean, nullable=False),
    Column("reason", String(40), nullable=False),
    Column("position", Integer),
    Column("arrives", BigInteger),
    Column("deadline", BigInteger),
    Column("percent", Float),
    Column("percent_then", Float),
    Column("confidence", Float, nullable=False),
    Column("bags", Integer, nullable=False),
    Column("kg", Float, nullable=False),
    Column("answer", String(20), nullable=False),
    Column("answered", BigInteger),
    Column("answered_by", String(120)),
    Column("note", Text, nullable=False),
    Column("worded", String(20), nullable=False, server_default=""),
    Column("obstacle", String(20), nullable=False, server_default="none"),
    sqlite_autoincrement=True,
)
Index("ix_round_stop_asset", round_stop.c.asset)

# Every answer that was given to a stop, also those that were taken back. `time` is when it was said; `key` is that of
# an answer that may be sent more than once.
stop_answer = Table(
    "stop_answer",
    metadata,
    Column("id", ID, primary_key=True),
    Column("stop_id", ID, ForeignKey("round_stop.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("time", BigInteger, nullable=False),
    Column("answer", String(20), nullable=False),
    Column("who", String(120), nullable=False),
    Column("note", Text, nullable=False),
    Column("obstacle", String(20), nullable=False, server_default="none"),
    Column("key", String(36)),
    sqlite_autoincrement=True,
)
Index("uq_stop_answer_key", stop_answer.c.key, unique=True)

# A request for a visit. `done`: it was withdrawn; whether it is met follows from emptyings and answers.
# `stop_id` is the stop whose answer made it: it stands as long as that answer does.
request = Table(
    "request",
    metadata,
    Column("id", ID, primary_key=True),
    Column("asset", String(63), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("who", String(120), nullable=False),
    Column("done", BigInteger),
    Column("stop_id", BigInteger),
    sqlite_autoincrement=True,
)

# A period that a person has switched on; `modes.ModeKind` says which kinds there are and what their subjects are.
# `actor` is the account or key that did it, `reminded` when they were last told that it stands.
mode = Table(
    "mode",
    metadata,
    Column("id", ID, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("subject", String(120), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("who", String(120), nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", String(80)),
    Column("reminded", BigInteger),
    sqlite_autoincrement=True,
)

# Film cassettes and bags on the shelf of a site: each counting or delivery sets or adds to the stock.
stock = Table(
    "stock",
    metadata,
    Column("id", ID, primary_key=True),
    Column("site", String(63), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("counted", Boolean, nullable=False),
    Column("who", String(120), nullable=False),
    sqlite_autoincrement=True,
)

# Made by the first process that needs it; whoever has the database can sign links.
secret = Table(
    "secret",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
