"""The town with its real planner, mails and alerts' view, at a time that the test sets."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from re import findall

from sukusuku_collector.alerts.context_loader import Surroundings
from sukusuku_collector.dispatch.scheduler import RoundScheduler, Signals
from sukusuku_collector.dispatch.sender import Sender
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.modes import Modes
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.db.visit_requests import Requests
from sukusuku_server.model.rounds import Run, RunState
from sukusuku_server.model.run_state import state_of
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.answers import Answers
from sukusuku_server.rounds.planner import Planner
from sukusuku_server.rounds.timetable import timetables
from sukusuku_server.settings import Facility
from tests.server.rounds.plan_cases import DAY, HOUR, MINUTE, MORNING
from tests.server.rounds.three_centres import derive, town
from tests.support.databases import both

MAIL_AT = MORNING + 10 * MINUTE
DEPARTS = MORNING + 4 * HOUR + 40 * MINUTE
RETURNS = DEPARTS + 4 * HOUR
FRIDAY_DEPARTS = DEPARTS + 48 * HOUR
SECOND = """language = "en"
[[round.crew]]
name = "Sato"
mail = "sato@example.jp"
language = "en"
"""
OFFICE = """[mail]
sender = "s@example.jp"
[[contact]]
name = "Office"
mail = "office@example.jp"
language = "en"
"""
PEOPLE = (
    ('mail = "crew@example.jp"\n', f'mail = "crew@example.jp"\n{SECOND}'),
    ("[[depot]]", f"{OFFICE}[[depot]]"),
)
ATTACH = ('days = ["mon", "wed", "fri"]', 'days = ["mon", "wed", "fri"]\nattach = []')
UNITS = ("tobu-unit-1", "tobu-unit-2", "seibu-unit-1", "nanbu-unit-1")
FULL, ROOM, EMPTY = (92.0, 30.0), (40.0, 200.0), (2.0, 200.0)


class LivingTown:
    """A Wednesday. Every unit holds 40 % and has room for days, until the test says something else."""

    def __init__(self, folder: Path, *changes: tuple[str, str], facility: Facility | None = None) -> None:
        self.store, self.operations = both(folder)
        self.rounds, self.requests = Rounds(self.operations), Requests(self.operations)
        self.emptyings, self.modes = Emptyings(self.operations), Modes(self.operations)
        self.levels: dict[str, tuple[float, float]] = dict.fromkeys(UNITS, (40.0, 200.0))
        self.now = MORNING
        self.start(facility or town(*PEOPLE, ATTACH, *changes))

    def start(self, facility: Facility) -> None:
        """Start the collector with these settings."""
        index, dates = FacilitySchedules(facility), timetables(facility)
        planner = Planner(index, dates, self.store, self.operations)
        sender = Sender(index, dates, self.store, self.operations, planner, lambda _: None)
        signals = Signals(lambda: True, lambda: None)
        self.scheduler = RoundScheduler(index, dates, sender, self.emptyings, signals, lambda: self.now)
        self.surroundings = Surroundings(index, dates, self.store, self.operations)
        self.answers = Answers(index, dates, self.operations)

    def at(self, now: int, **levels: tuple[float, float]) -> None:
        """Let it be a time, with the level (%) and the hours until full of some units (`_` for `-`); look twice."""
        self.now = now
        self.levels |= {unit.replace("_", "-"): level for unit, level in levels.items()}
        for unit, (percent, hours) in self.levels.items():
            derive(self.store, unit, percent=percent, hours=hours, now=now)
        for self.now in (now, now + 15_000):
            self.scheduler.look()

    def pass_until(self, end: int, every: int = 5 * MINUTE) -> None:
        """Let time pass."""
        while self.now + every < end:
            self.at(self.now + every)
        self.at(end)

    def mails(self) -> list[tuple[str, str, str]]:
        """Recipient, kind and subject of every mail, in order."""
        rows = reversed(self.operations.mails())
        return [
            (row.mail.recipient.partition("@")[0], row.mail.kind, row.mail.subject.removeprefix("[Sukusuku] "))
            for row in rows
        ]

    def kinds(self) -> list[tuple[str, str]]:
        """Recipient and kind of every mail, in order."""
        return [(who, kind) for who, kind, _ in self.mails()]

    def text(self, who: str) -> str:
        """The text of the newest mail to somebody."""
        row = next(row for row in self.operations.mails() if row.mail.recipient.startswith(f"{who}@"))
        message = message_from_bytes(row.mail.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        part = message.get_body(("plain",))
        assert isinstance(part, EmailMessage)
        return str(part.get_content()).replace("\r\n", "\n")

    def press(self, who: str, label: str, number: int = 1) -> None:
        """Press a link of the newest mail to somebody: the one behind the `number`th such label."""
        claim = self.answers.read(self.link(who, label, number), self.now)
        self.answers.act(self.answers.see(claim, {}, self.now), self.now)

    def link(self, who: str, label: str, number: int = 1) -> str:
        """The token behind the `number`th such label in the newest mail to somebody."""
        return str(findall(rf"{label}:\s+\S+/r/(\S+)", self.text(who))[number - 1])

    def run(self) -> Run:
        found = self.rounds.of("north", DAY)
        assert found is not None
        return found

    def state(self) -> RunState:
        return state_of(self.run(), self.now)

    def stops(self) -> list[str]:
        """The units on the round now."""
        return sorted(stop.asset for stop in self.run().plan.joined)

    def next_round(self, unit: str = "tobu-unit-1") -> int:
        """When the round departs that comes next by what the alerts know."""
        self.surroundings._slow = None  # looked up anew
        return self.surroundings.at(self.now).next_round[unit].departs

    def close(self) -> None:
        self.store.close()
        self.operations.close()
