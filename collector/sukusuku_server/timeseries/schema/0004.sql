-- Readings that cannot be put where they belong before facility.toml is put right: whole messages, with the datatype in
-- every metric. `clock_set`: 0 when the sender had said that its clock was not set. `size` is what a row
-- counts against the bound.
CREATE TABLE unassigned (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received INTEGER NOT NULL,
    topic TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    clock_set INTEGER NOT NULL,
    size INTEGER NOT NULL,
    payload BLOB NOT NULL
);
CREATE INDEX unassigned_topic ON unassigned (topic, reason, received, size);
CREATE INDEX quarantine_reason ON quarantine (reason, received);
