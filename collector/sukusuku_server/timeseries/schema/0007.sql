-- What is kept of an hour of a room when its points have been thinned out: `sums` as rooms/thinned.py writes them, of the
-- children, of the people, or of a zone (`part`). `time` is UTC ms.
CREATE TABLE room_hour (
    asset TEXT NOT NULL,
    part TEXT NOT NULL,
    time INTEGER NOT NULL,
    sums BLOB NOT NULL,
    PRIMARY KEY (asset, time, part)
) WITHOUT ROWID;
