"""An engine on a real database, driven by readings of the unit and the room of `alert_cases`."""

from pathlib import Path

from sukusuku_collector.alerts.engine import AlertEngine
from sukusuku_core.model import Value
from sukusuku_server.db import Alert
from sukusuku_server.rooms.schedule import FacilitySchedules
from tests.collector.alerts.alert_cases import FACILITY, ROOM, UNIT, facility, values
from tests.support.databases import operations

FRESH: dict[str, Value | None] = {"Fault/Code": 0, "Lid/Open": False}


class Site:
    """An engine on a real database, driven by readings of the unit."""

    def __init__(self, folder: Path, text: str = FACILITY) -> None:
        self.text = text
        self.store = operations(folder)
        self.woken = 0
        self.restart()

    def restart(self) -> None:
        self.engine = AlertEngine(FacilitySchedules(facility(self.text)), self.store, self._wake)

    def _wake(self) -> None:
        self.woken += 1

    def unit(self, now: int, **found: Value | None) -> None:
        """The unit measures now; keywords name metrics with `_` for `/`."""
        metrics = FRESH | {name.replace("_", "/"): value for name, value in found.items()}
        self.engine.evaluate({UNIT: values(now, metrics)}, now, [UNIT])

    def room(self, now: int, children: int) -> None:
        self.engine.evaluate({ROOM: values(now, {"Occupancy/Children": children})}, now, [ROOM])

    def subjects(self) -> list[str]:
        return [row.mail.subject for row in reversed(self.store.mails())]

    def kinds(self) -> list[tuple[str, str]]:
        return [(row.mail.kind, row.mail.language) for row in reversed(self.store.mails())]

    def only(self) -> Alert:
        [alert] = self.store.alerts(open_only=False)
        return alert
