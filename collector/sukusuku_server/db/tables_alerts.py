"""The tables as they are now; `migrations/` holds how they came to be. A test keeps the two alike."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ACTOR = "actor"
"""The option of a connection that says who acts: an `access.records.Actor`."""

ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows only for INTEGER PRIMARY KEY

alert = Table(
    "alert",
    metadata,
    Column("id", ID, primary_key=True),
    Column("rule", String(40), nullable=False),
    Column("site", String(63), nullable=False),
    Column("asset", String(63), nullable=False),
    Column("state", String(20), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("raised", BigInteger, nullable=False),
    Column("clearing", BigInteger),
    Column("told", Integer, nullable=False, server_default="0"),
    Column("told_first", BigInteger),
    Column("told_at", BigInteger),
    Column("stage", Integer, nullable=False, server_default="1"),
    Column("reason", String(120), nullable=False, server_default=""),
    Column("told_stage", Integer, nullable=False, server_default="0"),
    Column("repeats", Integer, nullable=False, server_default="0"),
    Column("returns", Integer, nullable=False, server_default="0"),
    Column("gap", BigInteger, nullable=False, server_default="0"),
    Column("fired", BigInteger),
    Column("acknowledged", BigInteger),
    Column("acknowledged_by", String(120)),
    Column("assigned_to", String(120)),
    Column("assigned_account", BigInteger),
    Column("resolved", BigInteger),
    Column("value", Float),
    Column("threshold", Float),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index(
    "uq_alert_open",
    alert.c.rule,
    alert.c.asset,
    unique=True,
    sqlite_where=alert.c.resolved.is_(None),  # its migration says so to PostgreSQL too; here that loaded its dialect
)
Index("ix_alert_since", alert.c.since)

alert_event = Table(
    "alert_event",
    metadata,
    Column("id", ID, primary_key=True),
    Column("alert_id", ID, ForeignKey("alert.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("time", BigInteger, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("value", Float),
    Column("who", String(120)),
    Column("note", String(500), nullable=False, server_default=""),
    Column("assigned_to", String(120)),
    sqlite_autoincrement=True,
)

mail_outbox = Table(
    "mail_outbox",
    metadata,
    Column("id", ID, primary_key=True),
    Column("alert_id", ID, ForeignKey("alert.id"), index=True),
    Column("run_id", ID, index=True),
    Column("kind", String(20), nullable=False),
    Column("channel", String(63), nullable=False, server_default="mail"),
    Column("sender", String(254), nullable=False),
    Column("recipient", String(254), nullable=False),
    Column("language", String(8), nullable=False),
    Column("subject", Text, nullable=False),
    Column("message_id", String(254), nullable=False, unique=True),
    Column("content", LargeBinary, nullable=False),
    Column("state", String(20), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", BigInteger, nullable=False),
    Column("leased_until", BigInteger, nullable=False),
    Column("sent", BigInteger),
    Column("reason", Text, nullable=False),
    Column("expires", BigInteger),
    sqlite_autoincrement=True,
)
Index("ix_mail_outbox_due", mail_outbox.c.state, mail_outbox.c.next_try)

alert_word = Table(
    "alert_word",
    metadata,
    Column("id", ID, primary_key=True),
    Column("alert_id", ID, ForeignKey("alert.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("channel", String(63), nullable=False),
    Column("recipient", String(254), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("opens", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("held", String(20), nullable=False, server_default=""),
    Column("mail_id", ID, ForeignKey("mail_outbox.id", ondelete="CASCADE"), index=True),
    sqlite_autoincrement=True,
)
"""What one recipient is to hear about one alert; `mail_id` is the mail that says it, empty while the word waits."""

audit = Table(
    "audit",
    metadata,
    Column("id", ID, primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("who", String(120), nullable=False),
    Column("action", String(40), nullable=False),
    Column("target", String(120), nullable=False),
    Column("actor", String(40), nullable=False, server_default=""),
    Column("address", String(64), nullable=False, server_default=""),
    Column("before", Text),
    Column("after", Text),
    sqlite_autoincrement=True,
)
"""What people did. `who` is the name that is shown, `actor` the account or key, `address` where from; `before` and
`after` are JSON where something was changed. Rows are only added; a name is erased, the rest stays."""

known_asset = Table(
    "known_asset",
    metadata,
    Column("asset", String(63), primary_key=True),
    Column("since", BigInteger, nullable=False),
)
