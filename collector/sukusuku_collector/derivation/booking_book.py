"""The bookings that the derivation asks for, read again when they have changed.

It is asked what was known at a moment, so the forecasts of a past stay what they were.
"""

from typing import TYPE_CHECKING

from sukusuku_server.db.bookings import BookingRecords
from sukusuku_server.rooms.booked import Plan, plan

if TYPE_CHECKING:
    from sukusuku_server.model.bookings import Import


class Book:
    """See `registry.BookingBook`."""

    def __init__(self, records: BookingRecords) -> None:
        self._records = records
        self._imports: list[Import] = []
        self._state = (0, 0)
        self._plans: dict[tuple[str, tuple[int, ...]], Plan] = {}

    def refresh(self) -> None:
        """Look what has come in and what was withdrawn. Raises TransientError."""
        state = self._records.state()
        if state != self._state:
            self._imports, self._state = self._records.imports(), state
            self._plans.clear()

    def plan(self, room: str, at: int) -> Plan:
        """Return the bookings of a room as they were known at a moment."""
        holding = [item for item in self._imports if item.holds(at)]
        key = room, tuple(item.id for item in holding)
        if key not in self._plans:
            self._plans[key] = plan(room, holding, at)
        return self._plans[key]
