-- The tables of the SQLite store, see `timeseries/schema`, with PostgreSQL's types. What is shipped to InfluxDB from
-- there has no tables here.

CREATE TABLE series (
    id integer PRIMARY KEY,
    asset text NOT NULL,
    metric text NOT NULL,
    datatype smallint NOT NULL,
    UNIQUE (asset, metric)
);

-- `time` is UTC ms. Of the last three columns one holds the value, or none: a number with a fraction, an integer or
-- boolean (0, 1), a text as UTF-8, because PostgreSQL's own texts hold no NUL.
-- Partitions of a week are made by the collector (partitions.py), or chunks by TimescaleDB where it is in this database.
DO $$
DECLARE
    timescale text := (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'timescaledb');
BEGIN
    EXECUTE 'CREATE TABLE reading (
        time bigint NOT NULL,
        series integer NOT NULL,
        quality smallint NOT NULL,
        number double precision,
        whole bigint,
        words bytea,
        PRIMARY KEY (series, time)
    )' || CASE WHEN timescale IS NULL THEN ' PARTITION BY RANGE (time)' ELSE '' END;
    IF timescale IS NOT NULL THEN
        EXECUTE 'SELECT ' || timescale || '.create_hypertable(
            ''reading'', ''time'', chunk_time_interval => 604800000, create_default_indexes => false
        )';
    END IF;
END
$$;
CREATE INDEX reading_time ON reading (time);

CREATE TABLE hourly (
    series integer NOT NULL,
    hour integer NOT NULL,
    count integer NOT NULL,
    sum double precision NOT NULL,
    low double precision NOT NULL,
    high double precision NOT NULL,
    last double precision NOT NULL,
    last_time bigint NOT NULL,
    PRIMARY KEY (series, hour)
) WITH (fillfactor = 80);

CREATE TABLE latest (
    series integer PRIMARY KEY,
    time bigint NOT NULL,
    quality smallint NOT NULL,
    received bigint NOT NULL,
    number double precision,
    whole bigint,
    words bytea
) WITH (fillfactor = 50);

CREATE TABLE moved (
    series integer NOT NULL,
    original bigint NOT NULL,
    time bigint NOT NULL,
    quality smallint,
    PRIMARY KEY (series, original)
);

CREATE TABLE offline (
    subject text PRIMARY KEY,
    since bigint NOT NULL
);

CREATE TABLE quarantine (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received bigint NOT NULL,
    topic text NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    payload bytea NOT NULL
);
CREATE INDEX quarantine_reason ON quarantine (reason, received);

CREATE TABLE unassigned (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received bigint NOT NULL,
    topic text NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    clock_set smallint NOT NULL,
    size integer NOT NULL,
    payload bytea NOT NULL
);
CREATE INDEX unassigned_topic ON unassigned (topic, reason, received, size);

CREATE TABLE derived_series (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset text NOT NULL,
    metric text NOT NULL,
    UNIQUE (asset, metric)
);

CREATE TABLE derived (
    series integer NOT NULL,
    time bigint NOT NULL,
    value double precision NOT NULL,
    PRIMARY KEY (series, time)
);

CREATE TABLE late (
    asset text PRIMARY KEY,
    since bigint NOT NULL,
    changed bigint NOT NULL
);

CREATE TABLE room_hour (
    asset text NOT NULL,
    part text NOT NULL,
    time bigint NOT NULL,
    sums bytea NOT NULL,
    PRIMARY KEY (asset, time, part)
);

CREATE TABLE import (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    asset text NOT NULL,
    metric text NOT NULL,
    source text NOT NULL,
    digest text NOT NULL,
    time bigint NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    readings bigint NOT NULL,
    undone bigint
);

CREATE TABLE imported (
    number bigint NOT NULL,
    series integer NOT NULL,
    time bigint NOT NULL,
    PRIMARY KEY (number, series, time)
);

CREATE TABLE host (
    key text PRIMARY KEY,
    value bigint NOT NULL
);

-- Grows with every commit: readers see by it that something is new, and a collector that another one has written.
CREATE TABLE revision (
    number bigint NOT NULL,
    writer bigint NOT NULL
) WITH (fillfactor = 10);
INSERT INTO revision VALUES (0, 0);
