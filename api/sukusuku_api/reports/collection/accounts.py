"""All that the report on collection is made of, for its tables. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sukusuku_api.reports.collection.read import Facts, Headlines
from sukusuku_api.reports.model import Cell
from sukusuku_api.reports.request import Asked
from sukusuku_server.rooms.schedule import FacilitySchedules


@dataclass(frozen=True, slots=True)
class Accounts:
    """See the module. `begun` are the days or months that have begun, by their first days."""

    index: FacilitySchedules
    told: Headlines
    earlier: Sequence[Headlines]
    facts: Facts
    asked: Asked
    begun: Sequence[date]

    @property
    def sheet_of_parts(self) -> str:
        """The sheet that has the days or months of the centres."""
        return "months" if self.asked.period.whole_year else "days"

    def site_of(self, unit: str | None) -> str:
        """Return the centre of a unit."""
        return self.index.units[unit or ""][0].id


def cells(values: Mapping[str, Cell], keys: Sequence[str]) -> tuple[Cell, ...]:
    """Return values in the order of columns; None: not known."""
    return tuple(values.get(key) for key in keys)
