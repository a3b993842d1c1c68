"""A facility with one contact, clocked, and what this person is sent. With the default urgency."""

from pathlib import Path

from sukusuku_collector.alerts.engine import AlertEngine
from sukusuku_core.model import Value
from sukusuku_core.time import DAY_MS
from sukusuku_server.db import MailRow, Operations
from sukusuku_server.rooms.schedule import FacilitySchedules
from tests.collector.alerts.alert_cases import FACILITY, MINUTE, T0, UNIT, facility, values
from tests.support.databases import operations

ONE = FACILITY[: FACILITY.rindex("[[contact]]")].replace(
    FACILITY[FACILITY.index("urgent = [") : FACILITY.index("]\n[[site]]") + 1], ""
)
"""One contact, who wants to hear of everything; the default `urgent`."""
OPENS = T0 + 2 * DAY_MS - 41 * MINUTE
"""Tuesday 24 November 2026, 9:00: the centre opens."""


class Person:
    """A facility with one contact, clocked."""

    def __init__(self, folder: Path, text: str = ONE) -> None:
        self.store: Operations = operations(folder)
        self.text = text
        self.restart()

    def restart(self) -> None:
        self.engine = AlertEngine(FacilitySchedules(facility(self.text)), self.store)

    def unit(self, now: int, **found: Value | None) -> None:
        metrics = {"Lid/Open": False, **{name.replace("_", "/"): value for name, value in found.items()}}
        self.engine.evaluate({UNIT: values(now, metrics)}, now, [UNIT])

    def mails(self) -> list[MailRow]:
        return list(reversed(self.store.mails(limit=1000)))

    def kinds(self) -> list[str]:
        return [row.mail.kind for row in self.mails()]


def many(sites: int, units: int) -> str:
    """A facility whose one contact hears of all centres."""
    head = ONE[: ONE.index("[[site]]")]
    text = head + ONE[ONE.index("[[contact]]") :]
    for n in range(sites):
        text += f'[[site]]\nid = "site-{n}"\nname = {{ja = "センター{n}", en = "Centre {n}"}}\n'
        for m in range(units):
            text += (
                f'[[site.unit]]\nid = "unit-{n}-{m}"\nname = {{ja = "圧縮機{n}-{m}", en = "Unit {n}-{m}"}}\n'
                f'edge = "pi-{n}"\n'
            )
    return text
