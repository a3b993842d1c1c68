"""What people hear in half a year: mails a day, first words, false words, broken promises, bags left out.

    python -m bench.life [--seeds 1 2 3 4 5 6 7 8] [--weeks 26]

Twenty units in ten centres fill by the hands of `bench.collection.world`; three rounds a week are planned, mailed,
accepted, declined, forgotten and driven; staff change full bags; the broker, the mail server, the network of the ward
and the collector's computer fail. Engine, planner, scheduler and outbox are the real ones on a real database; of the
estimate and the forecast only the error is simulated, because `bench.collection` judges those. Faults that flap are
played apart from it (`flapping.py`, shown as seed 0), since the town is looked at every ten minutes only. A centre's
contact has what a contact gets who chooses nothing; the office hears what nobody takes care of. Exit status 1 when a
goal is missed.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from sqlalchemy import select

from bench.collection.world import simulate
from bench.life.flapping import flapping
from bench.life.judge import Course, DeliveredMail, Figure, Truth, centre_of, figures, worst
from bench.life.people import MailServer, People
from bench.life.town import Town, facility, outages, steps, within
from bench.results import Line, conclude
from sukusuku_collector.alerts.context import SharedContext, Supply
from sukusuku_collector.alerts.context_loader import Surroundings, SurroundingsStore
from sukusuku_collector.alerts.engine import AlertEngine
from sukusuku_collector.dispatch.scheduler import RoundScheduler, Signals
from sukusuku_collector.dispatch.sender import Sender
from sukusuku_collector.outbox_worker import OutboxWorker
from sukusuku_core.time import HOUR_MS, MINUTE_MS, time_of_day
from sukusuku_server.db import Operations
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.mail_queue import MailQueue
from sukusuku_server.db.tables_alerts import alert, alert_word, mail_outbox
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.next_visit import NextVisit
from sukusuku_server.rounds.planner import Planner
from sukusuku_server.rounds.timetable import timetables

_FULL = 100.0
_STEP_MS = 10 * MINUTE_MS
_MORNING_MS, _EVENING_MS = 8 * HOUR_MS, 18 * HOUR_MS
"""Between these times of the day rounds are looked at, every half hour; the collector does so every 15 seconds."""
_ALERTS = frozenset({"firing", "again", "worse", "resolved", "several"})
_MEMORY = "/dev/shm"  # noqa: S108 - where there is one, else where temporary files are
"""Where there is memory for the database: nothing of it is to last."""


class _NoShelves(Surroundings):
    """Nobody in the town has said what lies on a shelf, so nobody looks there, or at anything that is over."""

    def _supplies(self, now: int) -> dict[str, tuple[Supply, ...]]:  # noqa: ARG002 - of the base
        return {}


class Life:
    """One seed, from the first day to the last."""

    def __init__(self, seed: int, weeks: int, folder: Path) -> None:
        self.world = simulate(seed, weeks=weeks)
        self.breaks = outages(seed, self.world.start, self.world.end)
        self.town = Town(self.world, self.breaks)
        self.operations = Operations(f"sqlite:///{folder / 'operations.db'}")
        self.index = FacilitySchedules(facility(self.world))
        self.dates = timetables(self.index.facility)
        self.now = self.world.start
        self.server = MailServer()
        self.full: list[Truth] = []
        self.broken = 0
        self._since: dict[str, int] = {}
        self._promised: dict[str, int] = {}
        self._written = False
        self._last_mail = 0
        self._start()
        emptyings = Emptyings(self.operations)
        self.people = People(self.town, self.sender.rounds, emptyings)

    def _start(self) -> None:
        """Start the collector."""
        self.around = _NoShelves(self.index, self.dates, cast("SurroundingsStore", self.town), self.operations)
        self._seen: SharedContext | None = None
        self.engine = AlertEngine(self.index, self.operations, self._note_mails)
        planner = Planner(self.index, self.dates, self.town, self.operations)
        self.sender = Sender(self.index, self.dates, self.town, self.operations, planner, lambda _: None)
        signals = Signals(lambda: True, lambda: None)
        clock = self._clock
        self.rounds = RoundScheduler(self.index, self.dates, self.sender, Emptyings(self.operations), signals, clock)
        self.worker = OutboxWorker("mail", self.server, MailQueue(self.operations), clock)

    def _note_mails(self) -> None:
        self._written = True

    def _clock(self) -> int:
        return self.now

    def run(self) -> Course:
        """Live, and return what happened."""
        down = False
        for now in steps(self.world):
            self.now = now
            self.server.now, self.server.up = now, not within(self.breaks.mail, now)
            self.town.hear(now)
            before = len(self.server.taken)
            stopped = within(self.breaks.down, now)
            if down and not stopped:
                self._start()
            down = stopped
            if not stopped and not within(self.breaks.asleep, now):
                self._look(now)
            self._watch(now)
            delivered = self.server.taken[before:]
            self.people.live(now, delivered)
            self._hold(now)
        return Course(
            self.world, self.breaks, self.server.taken, self._told(), self.full, self.people.departures, self.broken
        )

    def _look(self, now: int) -> None:
        half_hour = now % (30 * MINUTE_MS) < _STEP_MS
        if half_hour or self._seen is None:
            self._seen = self.around.at(now)
        around = replace(self._seen, derived=self.town.derived_latest())
        self._written = False
        self.engine.evaluate(self.town.latest(), now, linked=not within(self.breaks.broker, now), around=around)
        if half_hour and _MORNING_MS <= time_of_day(now) <= _EVENING_MS:
            self.rounds.look()
        while self.worker._work() == 0.0:  # noqa: SLF001 - the loop of the worker, clocked
            pass
        if self._written:
            self._promise(around.next_round)

    def _promise(self, next_round: Mapping[str, NextVisit]) -> None:
        """Remember which departure was named for a unit in an alert that went out in this step."""
        for rule, asset, kind in self._said():
            if rule == "collection" and kind in {"firing", "worse", "again"} and asset in next_round:
                self._promised[asset] = next_round[asset].departs

    def _said(self) -> Iterator[tuple[str, str, str]]:
        """Yield what was said since it was asked last: rule, asset, kind."""
        query = select(alert.c.rule, alert.c.asset, alert_word.c.kind, alert_word.c.mail_id)
        query = query.join(alert_word, alert_word.c.alert_id == alert.c.id)
        with self.operations.reading() as connection:
            rows = list(connection.execute(query.where(alert_word.c.mail_id > self._last_mail)))
        for rule, asset, kind, mail in rows:
            self._last_mail = max(self._last_mail, mail)
            yield rule, asset, kind

    def _hold(self, now: int) -> None:
        """Hold the promises whose departure has come against the round that left, and what was said until then."""
        for asset, departs in list(self._promised.items()):
            bag = self.town.bags[asset]
            if now < departs + 30 * MINUTE_MS:
                if bag.since >= departs - 12 * HOUR_MS:
                    del self._promised[asset]
                continue
            del self._promised[asset]
            left = [item for item in self.people.departures if item.run.plan.departs == departs]
            kept = any(asset in item.taken and item.goes for item in left) or bag.since >= departs - 12 * HOUR_MS
            dark = any(departs - 12 * HOUR_MS < end and start < departs + HOUR_MS for start, end in self.breaks.all)
            who = centre_of(self.world, asset)
            news = [sent for sent in self.server.taken[-400:] if sent.recipient == who and sent.kind not in _ALERTS]
            said = any(departs - 5 * HOUR_MS <= sent.time for sent in news)
            self.broken += bool(left) and not kept and not said and not dark

    def _watch(self, now: int) -> None:
        """Note the stretches in which a bag was full."""
        for ident, bag in self.town.bags.items():
            if bag.level(now) >= _FULL:
                self._since.setdefault(ident, bag.full_at() or now)
            elif ident in self._since:
                self.full.append(Truth("collection", ident, self._since.pop(ident), now))

    def _told(self) -> list[DeliveredMail]:
        query = select(
            mail_outbox.c.sent,
            alert_word.c.recipient,
            alert_word.c.kind,
            alert.c.rule,
            alert.c.asset,
            alert.c.since,
            alert.c.resolved,
        )
        query = query.join(alert_word, alert_word.c.mail_id == mail_outbox.c.id)
        query = query.join(alert, alert.c.id == alert_word.c.alert_id).where(mail_outbox.c.sent.is_not(None))
        with self.operations.reading() as connection:
            return [DeliveredMail(*row) for row in connection.execute(query.order_by(mail_outbox.c.id))]


def live(seed: int, weeks: int) -> list[Figure]:
    """Return the figures of a seed."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if Path(_MEMORY).is_dir() else None) as folder:
        life = Life(seed, weeks, Path(folder))
        found = list(figures(life.run()))
        life.operations.close()
    return found


def _show(seed: int, found: Sequence[Figure]) -> None:
    for _, figure in worst({seed: found}):
        verdict = {True: "ok", False: "MISSED", None: ""}[figure.reached]
        print(f"seed {seed}  {figure.name:53}  {figure.found:58}  goal {figure.goal:20}  {verdict}", flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Live, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--weeks", type=int, default=26)
    args = parser.parse_args(argv)
    logging.disable(logging.ERROR)
    runs: dict[int, list[Figure]] = {0: [flapping()]}
    _show(0, runs[0])
    for seed in args.seeds:
        begun = time.process_time()
        runs[seed] = live(seed, args.weeks)
        print(f"... seed {seed}: {time.process_time() - begun:.0f} s of processor time", flush=True)
        _show(seed, runs[seed])
    return conclude(Line(it.name, it.found, it.goal.strip("-"), it.reached, f"seed {seed}") for seed, it in worst(runs))


if __name__ == "__main__":
    sys.exit(main())
