"""The fault matrix: every row by its number. Long rows come first, so that the short ones fill the lanes at the end."""

from tests.faults import cuts, half_open, kills, partitions
from tests.faults.power import images
from tests.faults.row import Row

ROWS: dict[str, Row] = {
    "F6": partitions.run,
    "F8": cuts.run,
    "F7": half_open.run,
    "F1": kills.run,
    "F2": images.power_cuts,
    "F3": images.control,
}
