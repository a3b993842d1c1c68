"""A computer and servers with which all is well, for the doctor to look at."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from sukusuku_cli.doctor.__main__ import examined
from sukusuku_cli.doctor.computer import FileSeen, StoreSeen
from sukusuku_cli.doctor.finding import Finding, Status
from sukusuku_cli.doctor.servers import BrokerSeen, MailSeen
from sukusuku_core.broker_settings import BrokerSettings
from sukusuku_core.time import DAY_MS
from sukusuku_server.i18n import texts
from sukusuku_server.model.doors import Exchanged
from sukusuku_server.settings import Facility, MailServer

NOW = round(datetime(2026, 11, 25, 3, tzinfo=UTC).timestamp() * 1000)
FACILITY = (
    '[operator]\nid = "x"\nname = { ja = "x", en = "x" }\n[[site]]\nid = "tobu"\nname = { ja = "x", en = "x" }\n'
    '[[site.unit]]\nid = "unit-1"\nname = { ja = "x", en = "x" }\nedge = "pi"\n'
    '[[site.room]]\nid = "room-1"\nname = { ja = "x", en = "x" }\nedge = "pi"\ncapacity = 9\n'
)
HEARD = {"unit-1": NOW - 30_000, "room-1": NOW - 90_000, "pi": NOW}
EN = texts("sukusuku_cli", "en").gettext


class Fine:
    """A computer and servers with which all is well; tests change one thing."""

    def __init__(self) -> None:
        self.seen_broker = BrokerSeen(largest=1_000_000, told=True)
        self.seen_mail = MailSeen()
        self.seen_file = FileSeen(Path("readings.db"), made=True, writable=True, free=10**11, size=10**12)
        self.seen_store: StoreSeen | str = StoreSeen(HEARD)
        self.seen_backups = Exchanged()
        self.fonts: Sequence[str] = ["Noto Sans CJK JP"]
        self.zone = self.kept = True
        self.pdf = ""
        self.parts = {"sukusuku": "1", "sukusuku-edge": "1"}

    def broker(self, settings: BrokerSettings) -> BrokerSeen:
        return self.seen_broker

    def mail(self, settings: MailServer) -> MailSeen:
        return self.seen_mail

    def database(self, path: Path) -> FileSeen:
        return replace(self.seen_file, path=path)

    def store(self, facility: Facility) -> StoreSeen | str:
        return self.seen_store

    def accounts(self, path: Path) -> int | None:
        return 3

    def backups(self, path: Path) -> Exchanged:
        return self.seen_backups

    def japanese_fonts(self) -> Sequence[str]:
        return self.fonts

    def missing_for_pdf(self) -> str:
        return self.pdf

    def knows_zone(self, name: str) -> bool:
        return self.zone

    def ntp(self) -> bool:
        return self.kept

    def certificate(self, path: Path) -> int | str:
        return NOW + 300 * DAY_MS

    def versions(self) -> Mapping[str, str]:
        return self.parts


def findings(folder: Path, seen: Fine, settings: str = FACILITY) -> dict[str, Finding]:
    """All findings by their subject."""
    (folder / "facility.toml").write_text(settings, encoding="utf-8")
    return {found.subject: found for found in examined(folder / "facility.toml", EN, seen, seen, NOW)}


def wrongs(found: Mapping[str, Finding]) -> set[str]:
    return {subject for subject, finding in found.items() if finding.status is Status.WRONG}
