"""The tables of accounts: who can sign in, what is granted, and who is signed in. Of secrets only digests are kept."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text, UniqueConstraint

from sukusuku_server.db.tables_alerts import ID, metadata

organisation = Table(
    "organisation",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(120), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("created_by", String(120), nullable=False),
    Column("ended", BigInteger),
    sqlite_autoincrement=True,
)

account = Table(
    "account",
    metadata,
    Column("id", ID, primary_key=True),
    Column("login", String(254), nullable=False),
    Column("name", String(120), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("language", String(2), nullable=False),
    Column("organisation_id", BigInteger, ForeignKey("organisation.id")),
    Column("created", BigInteger, nullable=False),
    Column("created_by", String(120), nullable=False),
    Column("disabled", BigInteger),
    Column("password", String(255)),
    Column("totp", String(64)),
    Column("totp_step", BigInteger),
    Column("subject", String(512), nullable=False),
    UniqueConstraint("login"),
    sqlite_autoincrement=True,
)
"""`login` is in lower case. `totp_step` is the step of time whose code was used last. `subject` is empty for whoever
has never come from an OpenID provider."""

access_key = Table(
    "access_key",
    metadata,
    Column("id", ID, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("name", String(120), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("start", String(16), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("created_by", String(120), nullable=False),
    Column("expires", BigInteger),
    Column("used", BigInteger),
    Column("revoked", BigInteger),
    UniqueConstraint("digest"),
    sqlite_autoincrement=True,
)

role_grant = Table(
    "role_grant",
    metadata,
    Column("id", ID, primary_key=True),
    Column("account_id", BigInteger, ForeignKey("account.id")),
    Column("organisation_id", BigInteger, ForeignKey("organisation.id")),
    Column("key_id", BigInteger, ForeignKey("access_key.id")),
    Column("role", String(20), nullable=False),
    Column("site", String(63)),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("given_by", String(120), nullable=False),
    Column("revoked", BigInteger),
    Column("revoked_by", String(120)),
    sqlite_autoincrement=True,
)
"""One of the three ids is given. `site` null: for the operator as a whole. A grant that ends stays as a record."""

session = Table(
    "session",
    metadata,
    Column("id", ID, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("digest_before", String(64)),
    Column("turned", BigInteger, nullable=False),
    Column("account_id", BigInteger, ForeignKey("account.id")),
    Column("key_id", BigInteger, ForeignKey("access_key.id")),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("address", String(64), nullable=False),
    Column("agent", String(200), nullable=False),
    Column("waits", BigInteger),
    Column("id_token", Text),
    UniqueConstraint("digest"),
    Index("ix_session_account", "account_id"),
    Index("ix_session_before", "digest_before"),
    sqlite_autoincrement=True,
)
"""`digest_before` opens it for a moment after its token was changed. `waits` is since when it waits for the second
factor. `id_token` is what the OpenID provider said of the person, where the session began there."""

one_time_link = Table(
    "one_time_link",
    metadata,
    Column("id", ID, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("purpose", String(12), nullable=False),
    Column("account_id", BigInteger, ForeignKey("account.id")),
    Column("created", BigInteger, nullable=False),
    Column("created_by", String(120), nullable=False),
    Column("expires", BigInteger, nullable=False),
    UniqueConstraint("digest"),
    sqlite_autoincrement=True,
)

sign_in_attempt = Table(
    "sign_in_attempt",
    metadata,
    Column("id", ID, primary_key=True),
    Column("login", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("time", BigInteger, nullable=False),
    Index("ix_sign_in_attempt_login", "login", "address", "time"),
    sqlite_autoincrement=True,
)
"""Failed ones, for as long as they count. `login` is a digest: what was typed there may be a password."""
