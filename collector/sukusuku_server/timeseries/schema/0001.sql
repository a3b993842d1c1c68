-- A series is one metric of one asset. `datatype` is the Sparkplug number; it tells booleans from integers.
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    asset TEXT NOT NULL,
    metric TEXT NOT NULL,
    datatype INTEGER NOT NULL,
    UNIQUE (asset, metric)
);

-- Keyed by time first: new rows go to the end of one tree, whatever the number of series.
-- `value` has no declared type, so that integers, floats and texts come back as they went in.
CREATE TABLE reading (
    time INTEGER NOT NULL,
    series INTEGER NOT NULL,
    value,
    quality INTEGER NOT NULL,
    PRIMARY KEY (time, series)
) WITHOUT ROWID;

-- `hour` is UTC ms / 3 600 000. GOOD numbers only.
CREATE TABLE hourly (
    series INTEGER NOT NULL,
    hour INTEGER NOT NULL,
    count INTEGER NOT NULL,
    sum REAL NOT NULL,
    low REAL NOT NULL,
    high REAL NOT NULL,
    last REAL NOT NULL,
    last_time INTEGER NOT NULL,
    PRIMARY KEY (series, hour)
) WITHOUT ROWID;

CREATE TABLE latest (
    series INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    value,
    quality INTEGER NOT NULL,
    received INTEGER NOT NULL
);

CREATE TABLE quarantine (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received INTEGER NOT NULL,
    topic TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    payload BLOB NOT NULL
);

-- What the collector itself must not forget, such as the timestamp of its last STATE.
CREATE TABLE host (
    key TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
