"""`python -m tests.faults.early_ack facility.toml`: the collector, made to acknowledge before it commits.

The control F25 runs it: a matrix that does not see what it loses proves nothing.
"""

import sys
import threading
from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

from sukusuku_collector.__main__ import main
from sukusuku_server.model.series import Committed, Row
from sukusuku_server.timeseries.sqlite import SqliteStore

LATE = 1.0
"""Seconds by which the commit comes after the acknowledgement."""

_commit = SqliteStore.commit_rows


def _later(store: SqliteStore, rows: Sequence[Row], *rest: Any) -> Committed:
    timer = threading.Timer(LATE, _commit, (store, list(rows), *rest))
    timer.daemon = True
    timer.start()
    return Committed(len(rows), 0, 0)


if __name__ == "__main__":
    with patch.object(SqliteStore, "commit_rows", _later):
        sys.exit(main())
