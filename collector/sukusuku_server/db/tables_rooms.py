"""The tables of rooms: corrections of their counts, and what staff counted."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

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
