"""The tables of rooms: corrections of their counts, what staff counted, and what is booked."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from sukusuku_server.db.tables_alerts import ID, metadata

occupancy_correction = Table(
    "occupancy_correction",
    metadata,
    Column("id", ID, primary_key=True),
    Column("asset", String(63), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("channel", String(10), nullable=False),
    Column("before", Integer),
    Column("after", Integer),
    Column("detail", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_occupancy_correction_asset_time", occupancy_correction.c.asset, occupancy_correction.c.time)

room_calibration = Table(
    "room_calibration",
    metadata,
    Column("id", ID, primary_key=True),
    Column("asset", String(63), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("children", Integer, nullable=False),
    Column("staff", Integer),
    Column("by", String(120), nullable=False),
    Column("note", Text, nullable=False),
    Column("withdrawn", BigInteger),
    Column("withdrawn_by", String(120)),
    sqlite_autoincrement=True,
)
Index("ix_room_calibration_asset_time", room_calibration.c.asset, room_calibration.c.time)

booking_import = Table(
    "booking_import",
    metadata,
    Column("id", ID, primary_key=True),
    Column("source", String(20), nullable=False),
    Column("feed", String(63), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("imported", BigInteger, nullable=False),
    Column("imported_by", String(120), nullable=False),
    Column("withdrawn", BigInteger),
    Column("withdrawn_by", String(120)),
    sqlite_autoincrement=True,
)

booking_cover = Table(
    "booking_cover",
    metadata,
    Column("id", ID, primary_key=True),
    Column("import_id", ID, ForeignKey("booking_import.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("room", String(63), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

booking = Table(
    "booking",
    metadata,
    Column("id", ID, primary_key=True),
    Column("import_id", ID, ForeignKey("booking_import.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("room", String(63), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("children", Integer, nullable=False),
    sqlite_autoincrement=True,
)
