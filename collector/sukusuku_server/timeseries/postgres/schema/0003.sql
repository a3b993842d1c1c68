-- Hours older than a day, packed by packed_hours.py; see 0011.sql of the SQLite store.
CREATE TABLE packed_hour (
    series integer NOT NULL,
    period integer NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (series, period)
);
ALTER TABLE packed_hour ALTER COLUMN data SET STORAGE EXTERNAL;
