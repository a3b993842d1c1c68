"""What can be imported: which column becomes which metric of which kind of asset."""

from collections.abc import Sequence
from dataclasses import dataclass

from sukusuku_core import catalogue
from sukusuku_core.model import AssetKind
from sukusuku_server.histories import cells, series, table
from sukusuku_server.histories.problems import CellError
from sukusuku_server.histories.series import Scale

_MOST_CYCLES = 2**32 - 1
_MOST_PEOPLE = 1000


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of history: of which assets, the metric that it becomes, and the columns that are found by themselves."""

    asset: AssetKind
    metric: str
    columns: Sequence[str]

    @property
    def datatype(self) -> catalogue.DataType:
        """As the catalogue says."""
        row = catalogue.find(self.asset, self.metric)
        if row is None:
            raise LookupError(self.metric)
        return row.datatype

    def read(self, cell: str, scale: Scale | None) -> float:
        """Return the value in a cell. Raises CellError."""
        if self.metric == "Fill/Percent":
            return series.level(cell, scale)
        most, what = (_MOST_CYCLES, "cycles") if self.asset is AssetKind.UNIT else (_MOST_PEOPLE, "a number of people")
        found = cells.number(cell, 0, most, what)
        if not found.is_integer():
            raise CellError(f"a whole number, {what}")
        return int(found)


KINDS = {
    "level": Kind(AssetKind.UNIT, "Fill/Percent", table.LEVEL),
    "cycles": Kind(AssetKind.UNIT, "Cycles/Total", table.CYCLES),
    "children": Kind(AssetKind.ROOM, "Occupancy/Children", table.CHILDREN),
    "people": Kind(AssetKind.ROOM, "Occupancy/Count", table.PEOPLE),
}
USUAL = {AssetKind.UNIT: "level", AssetKind.ROOM: "children"}
"""What a file for an asset holds, unless `--as` says otherwise."""
