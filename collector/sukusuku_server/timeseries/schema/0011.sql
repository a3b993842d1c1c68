-- Hours older than a day, packed by packed_hours.py: 768 of a series in a row (`period` is hour / 768). The newest hour
-- of a series is always in `hourly`. What came late to a packed hour is there as well, and counts beside it.
CREATE TABLE packed_hour (
    series INTEGER NOT NULL,
    period INTEGER NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (series, period)
);
