-- What is still to be shipped to another store, beside the readings of a time that shipping has not reached; see outgoing.py.
-- Readings that were stored when their time had been claimed for shipping already.
CREATE TABLE outgoing (
    time INTEGER NOT NULL,
    series INTEGER NOT NULL,
    PRIMARY KEY (time, series)
) WITHOUT ROWID;
-- Derived series that changed in begin < time <= until. `gone`: some points are there no more.
CREATE TABLE outgoing_derived (
    asset TEXT PRIMARY KEY,
    begin INTEGER NOT NULL,
    until INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    changed INTEGER NOT NULL
) WITHOUT ROWID;
