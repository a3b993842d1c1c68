"""Crews that follow the plans, are late, decline or forget; staff who change a full bag. Same seed, same people."""

from dataclasses import dataclass, field
from random import Random

from bench.life.town import Town
from sukusuku_core.errors import TransientError
from sukusuku_core.time import HOUR_MS, MINUTE_MS, time_of_day
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.model.collection import Emptying, Evidence
from sukusuku_server.model.rounds import Answer, Run

ACCEPTS, DECLINES = 0.72, 0.08
"""Of those who are asked; the others forget to answer, and half of them go."""
LATE = 0.15
CANNOT = 0.02
STEP_MS = 10 * MINUTE_MS
_MORNING_MS, _EVENING_MS = 8 * HOUR_MS, 22 * HOUR_MS
_FULL = 100.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail that was delivered. `time` is UTC ms."""

    time: int
    recipient: str
    kind: str
    subject: str


@dataclass
class MailServer:
    """Takes what comes while it is up, and remembers it."""

    now: int = 0
    up: bool = True
    taken: list[Sent] = field(default_factory=list)

    def send(self, message: OutgoingMail) -> None:
        """See `channels.protocol.Channel`."""
        if not self.up:
            raise TransientError("nobody there")
        self.taken.append(Sent(self.now, message.recipient, message.kind, message.subject))


@dataclass
class Departure:
    """A round as it left: what was in the bags, since when they were there, who was taken, whether anybody went."""

    run: Run
    levels: dict[str, float]
    since: dict[str, int]
    taken: frozenset[str]
    goes: bool


class People:
    """Everybody who does something in the town."""

    def __init__(self, town: Town, rounds: Rounds, emptyings: Emptyings) -> None:
        self._town = town
        self._rounds = rounds
        self._emptyings = emptyings
        self._rng = Random(f"{town.world.seed}/people")
        self._asked: set[int] = set()
        self._answers: list[tuple[int, int, int, str, bool]] = []
        self._visits: list[tuple[int, int, int, str]] = []
        self._staff: dict[str, int] = {}
        self._forgetful: set[int] = set()
        self.departures: list[Departure] = []
        self._departed: set[int] = set()

    def live(self, now: int, delivered: list[Sent]) -> None:
        """Do all that is due at a moment; `delivered` are the mails of this step."""
        if not delivered and not _MORNING_MS <= time_of_day(now) <= _EVENING_MS:
            return
        crew = {sent.recipient for sent in delivered if sent.kind in {"round", "change"}}
        runs = self._rounds.open() if crew or now % (30 * MINUTE_MS) < STEP_MS else []
        for run in runs:
            for person in run.people:
                if person.mail in crew and person.id not in self._asked and now < run.plan.departs:
                    self._asked.add(person.id)
                    self._think(run, person.id, person.name, now)
            if run.id not in self._departed and now >= run.plan.departs:
                self._departed.add(run.id)
                self._depart(run, now)
        for item in [item for item in self._answers if item[0] <= now]:
            self._answers.remove(item)
            _, run_id, person_id, name, accepts = item
            say = self._rounds.accept if accepts else self._rounds.decline
            say(run_id, name, now, person_id)
        for visit in [visit for visit in self._visits if visit[0] <= now]:
            self._visits.remove(visit)
            self._visit(visit[2], visit[3], now)
        self._change_full(now)

    def _think(self, run: Run, person: int, name: str, now: int) -> None:
        mood = self._rng.random()
        when = now + round(self._rng.expovariate(1 / (25 * MINUTE_MS)))
        if mood < ACCEPTS + DECLINES:
            self._answers.append((when, run.id, person, name, mood < ACCEPTS))
        elif self._rng.random() < 0.5:
            self._forgetful.add(run.id)

    def _depart(self, run: Run, now: int) -> None:
        stops = [record for record in self._rounds.stops(run.id) if record.stop.joined]
        goes = run.accepted is not None or run.id in self._forgetful
        levels = {ident: bag.level(now) for ident, bag in self._town.bags.items()}
        since = {ident: bag.since for ident, bag in self._town.bags.items()}
        self.departures.append(Departure(run, levels, since, frozenset(record.stop.asset for record in stops), goes))
        if goes:
            late = self._rng.uniform(0.3, 1.5) * HOUR_MS if self._rng.random() < LATE else 0.0
            for record in stops:
                arrives = record.stop.arrives or run.plan.departs + HOUR_MS
                self._visits.append((round(arrives + late), run.id, record.id, record.stop.asset))

    def _visit(self, stop: int, asset: str, now: int) -> None:
        if self._rng.random() < CANNOT:
            self._rounds.answer(stop, Answer.CANNOT, "Crew", now)
            return
        self.empty(asset, now)
        self._rounds.answer(stop, Answer.DONE, "Crew", now)

    def _change_full(self, now: int) -> None:
        """Staff see a full bag, and change it some time later."""
        for ident, bag in self._town.bags.items():
            if bag.level(now) < _FULL or not self._town.world.is_open(now):
                self._staff.pop(ident, None)
                continue
            due = self._staff.setdefault(ident, now + round(self._rng.expovariate(1 / (2 * HOUR_MS))))
            if now >= due:
                self.empty(ident, now)
                del self._staff[ident]

    def empty(self, ident: str, now: int) -> None:
        """Change a bag; derivation sees it at once."""
        bag = self._town.bags[ident]
        level = bag.level(now)
        nappies = level / 100 * bag.unit.collection.nappies_per_bag
        bag.change(now)
        found = Emptying(ident, now, level, nappies, (Evidence.LEVEL,), 0.95)
        self._emptyings.replace_detected(ident, now - 1, now, (found,))
