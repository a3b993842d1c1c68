"""The fault matrix: every row by its number. Long rows come first, so that the short ones fill the lanes at the end."""

from tests.faults import kills
from tests.faults.row import Row

ROWS: dict[str, Row] = {
    "F1": kills.run,
}
