-- Readings older than a day, packed by chunks.py: those of an asset of one day in Japan (`day` counts from 1970-01-01).
-- `first` and `last` (UTC ms) are their earliest and latest time. `pruned`: retention has been there. While a day is
-- being packed, and where readings came late, some of them are in `reading`, or in both.
CREATE TABLE chunk (
    asset TEXT NOT NULL,
    day INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    readings INTEGER NOT NULL,
    pruned INTEGER NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (asset, day)
);
CREATE INDEX chunk_day ON chunk (day);
