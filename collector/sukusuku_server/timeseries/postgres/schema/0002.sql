-- Readings older than a day, packed by chunks.py; see 0010.sql of the SQLite store.
CREATE TABLE chunk (
    asset text NOT NULL,
    day integer NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    readings integer NOT NULL,
    pruned smallint NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (asset, day)
);
ALTER TABLE chunk ALTER COLUMN data SET STORAGE EXTERNAL;
CREATE INDEX chunk_day ON chunk (day);
