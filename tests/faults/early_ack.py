"""`python -m tests.faults.early_ack facility.toml`: the collector, made to acknowledge before it commits.

The control F25 runs it: a matrix that does not see what it loses proves nothing. While there is a file `hold` beside
the settings, readings are acknowledged and their commit does not come. So whoever makes the file decides, and not the
clock, that a kill falls between the two.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sukusuku_collector.__main__ import main
from sukusuku_server.model.series import Committed, Row
from sukusuku_server.timeseries.sqlite import SqliteStore

HOLD = "hold"

_commit = SqliteStore.commit_rows


def _later(store: SqliteStore, rows: Sequence[Row], *rest: Any) -> Committed:
    if Path(sys.argv[1]).with_name(HOLD).exists():
        return Committed(len(rows), 0, 0)
    return _commit(store, rows, *rest)


if __name__ == "__main__":
    with patch.object(SqliteStore, "commit_rows", _later):
        sys.exit(main())
