-- Series that the collector derives. They may be written again when late readings change them.
CREATE TABLE derived_series (
    id INTEGER PRIMARY KEY,
    asset TEXT NOT NULL,
    metric TEXT NOT NULL,
    UNIQUE (asset, metric)
);
CREATE TABLE derived (
    series INTEGER NOT NULL,
    time INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (series, time)
) WITHOUT ROWID;
-- From when on (UTC ms) an asset must be derived again, because readings came late.
CREATE TABLE late (
    asset TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    changed INTEGER NOT NULL
) WITHOUT ROWID;
