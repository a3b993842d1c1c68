-- Readings whose own time was not believed: `original` (UTC ms, a 64-bit number as two's complement) is what they said,
-- `time` is where they stand in `reading`. It also recognises them when they come again.
CREATE TABLE moved (
    series INTEGER NOT NULL,
    original INTEGER NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (series, original)
) WITHOUT ROWID;
