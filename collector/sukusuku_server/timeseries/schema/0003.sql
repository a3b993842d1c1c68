-- Edge nodes and assets that were told dead, and since when (UTC ms). Whoever is born again leaves.
CREATE TABLE offline (
    subject TEXT PRIMARY KEY,
    since INTEGER NOT NULL
) WITHOUT ROWID;
