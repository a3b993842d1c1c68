-- Histories that people brought in with `sukusuku import`. `undone`: when (UTC ms) one was taken back. Numbers are never
-- used again.
CREATE TABLE import (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    asset TEXT NOT NULL,
    metric TEXT NOT NULL,
    source TEXT NOT NULL,
    digest TEXT NOT NULL,
    time INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    readings INTEGER NOT NULL,
    undone INTEGER
);
-- The readings that an import has stored: it takes back these and no others.
CREATE TABLE imported (
    number INTEGER NOT NULL,
    series INTEGER NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (number, series, time)
) WITHOUT ROWID;
-- Stretches (begin <= time <= until) of which another store must forget the readings of a series. What is left of it
-- is in `outgoing`.
CREATE TABLE outgoing_gone (
    series INTEGER NOT NULL,
    begin INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (series, begin)
) WITHOUT ROWID;
