"""Sends the rounds at their time, passes them on when nobody answers, and closes them. The only clock is injected."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Protocol

from sukusuku_collector.dispatch.due_tasks import GRACE_MS, CloseRound, Escalate, SendPlan, Task, due
from sukusuku_core.clock import Clock, now_ms
from sukusuku_core.errors import SukusukuError
from sukusuku_core.supervision import Gate, always, repeat
from sukusuku_core.time import HOUR_MS, MINUTE_MS, local_day
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db import Operations, OutgoingMail
from sukusuku_server.db.emptyings import EmptyingClashError, Emptyings
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.db.shared_secrets import LINKS, shared
from sukusuku_server.model.collection import EmptyingState
from sukusuku_server.model.rounds import Answer, Plan, Run, RunState, StopRecord
from sukusuku_server.rounds.mails import RoundComposer, Sending
from sukusuku_server.rounds.recipients import chain
from sukusuku_server.rounds.route_sheet import sheets
from sukusuku_server.rounds.signed_links import Links
from sukusuku_server.rounds.sketch import Sketch, render
from sukusuku_server.rounds.timetable import Timetable, Trip
from sukusuku_server.settings import FacilityIndex, Round
from sukusuku_server.timeseries.protocols import LiveReader

TICK_SECONDS = 15.0
_LAST_MS = MINUTE_MS
PATIENCE_MS = 10 * MINUTE_MS
"""So long a plan waits for `ready`: right after a start nothing is derived yet, and every unit would look silent."""
SETTLED_MS = 10 * MINUTE_MS
"""An answer counts as meant after so long; until then it may have been a slip of the thumb."""
AROUND_MS = 3 * HOUR_MS
"""An emptying so near to the answer is the one that the crew means."""

_log = logging.getLogger(__name__)

_WORDS: dict[type[Task], str] = {SendPlan: "send the plan", Escalate: "tell the next one", CloseRound: "close"}
"""What the log calls a task."""


class Plans(Protocol):
    """Makes plans; `planner.Planner` in the collector."""

    def plan(self, round_id: str, day: date, now: int, /) -> Plan:
        """Return the plan of a round for a date. May take seconds."""


class Sender:
    """Makes the plan of a round and puts its mails into the outbox, by schedule or by hand.

    Methods block for seconds (solver, picture). Raises ConfigError when a name cannot stand in a mail.
    """

    def __init__(
        self,
        index: FacilityIndex,
        timetables: Mapping[str, Timetable],
        store: LiveReader,
        operations: Operations,
        plans: Plans,
        draw: Callable[[Sketch], bytes | None] = render,
    ) -> None:
        self._index = index
        self._facility = index.facility
        self._timetables = timetables
        self._store = store
        self._plans = plans
        self.rounds = Rounds(operations)
        links = Links(shared(operations, LINKS), index.facility.web.url)
        self._composer = RoundComposer(index, links, draw)

    def issue(self, settings: Round, day: date, now: int) -> Run | None:
        """Plan, store and tell the first one, exactly once. None: it was sent before."""
        plan = self._plans.plan(settings.id, day, now)
        latest = self._store.latest()
        draft = Run(0, plan, RunState.PLANNED, sent=None, told=0)
        blank = [StopRecord(0, 0, stop, Answer.NONE, None, None, "") for stop in plan.stops]
        timetable = self._timetables[settings.id]
        pictures = self._composer.pictures(settings, 1, sheets(self._index, timetable, draft, blank, latest))

        def compose(run: Run, records: Sequence[StopRecord]) -> Sequence[OutgoingMail]:
            made = sheets(self._index, timetable, run, records, latest)
            return self._composer.round_mails(Sending(settings, run, 1, now), made, pictures)

        run = self.rounds.issue(plan, compose, now)
        if run is not None and not run.told:
            why = "there is no [mail] in the settings" if self._facility.mail is None else "it has no crew, no contact"
            _log.warning("round %s of %s is planned and nobody is told: %s", settings.id, day, why)
        return run

    def tell(self, settings: Round, run: Run, step: int, now: int) -> bool:
        """Tell the next step of the chain. False: somebody else has done so."""
        timetable = self._timetables[settings.id]
        made = sheets(self._index, timetable, run, self.rounds.stops(run.id), self._store.latest())
        pictures = self._composer.pictures(settings, step, made)
        mails = self._composer.round_mails(Sending(settings, run, step, now), made, pictures)
        return self.rounds.send(run.id, mails, step, now)


@dataclass(frozen=True, slots=True)
class Signals:
    """What the scheduler asks, and what it tells: whether what is derived is up to date, that mails were written."""

    ready: Callable[[], bool]
    wake: Callable[[], None]


class RoundScheduler:
    """Runs the rounds of one facility until cancelled.

    Several processes may do this at once: each step is stored once. Raises what `Sender` raises.
    """

    def __init__(
        self,
        index: FacilityIndex,
        timetables: Mapping[str, Timetable],
        sender: Sender,
        emptyings: Emptyings,
        signals: Signals,
        clock: Clock = now_ms,
    ) -> None:
        self._index = index
        self._timetables = timetables
        self._sender = sender
        self._rounds = sender.rounds
        self._emptyings = emptyings
        self._signals = signals
        self._clock = clock
        self._steps = {ident: len(chain(index.facility, settings)) for ident, settings in index.rounds.items()}
        self._problems = TransitionLog(_log)
        self._begun: int | None = None

    async def run(self, sure: Gate = always) -> None:
        """Look every few seconds what is due while the clock is `sure`. What fails is reported once and tried again."""
        look = partial(asyncio.to_thread, self.look)
        await repeat("rounds", look, TICK_SECONDS, asyncio.sleep, self._problems, sure)

    def look(self) -> None:
        """One look: do all that is due now. Raises TransientError when the database does not answer."""
        now = self._clock()
        self._begun = now if self._begun is None else self._begun
        runs = self._rounds.open()
        trips = [*self._trips(now), *self._ahead(runs, now)]
        refused = {run.id for run in runs if run.told and self._rounds.refused(run.id)}
        for task in due(trips, self._of_today(runs, trips), self._steps, refused, now):
            if not isinstance(task, SendPlan) or self._may_plan(task.trip, now):
                self._try(task, now)
        for run in runs:
            self._confirm(run, now)

    def _may_plan(self, trip: Trip, now: int) -> bool:
        """Once what is derived is up to date; else soon after the mail is due, or the start, and before departure."""
        last = min(max(trip.mail_at, self._begun or 0) + PATIENCE_MS, trip.departs - _LAST_MS)
        return self._signals.ready() or now > last

    def _trips(self, now: int) -> list[Trip]:
        """Today's trips, and those of yesterday, which may end after midnight."""
        today = local_day(now)
        days = (today - timedelta(days=1), today)
        return [table.trip(day) for table in self._timetables.values() for day in days if table.goes(day)]

    def _ahead(self, runs: Sequence[Run], now: int) -> list[Trip]:
        """Trips that were sent by hand: for a later day, or one on which the round does not go by itself."""
        known = {(trip.round, trip.date) for trip in self._trips(now)}
        return [
            self._timetables[run.plan.round].trip(run.plan.date)
            for run in runs
            if run.plan.round in self._index.rounds and run.told and (run.plan.round, run.plan.date) not in known
        ]

    def _of_today(self, runs: Sequence[Run], trips: Sequence[Trip]) -> list[Run]:
        """Return the open runs, and the closed ones of the trips: a closed round is not sent again."""
        known = {(run.plan.round, run.plan.date) for run in runs}
        others = [self._rounds.of(trip.round, trip.date) for trip in trips if (trip.round, trip.date) not in known]
        return [*runs, *(run for run in others if run is not None)]

    def _try(self, task: Task, now: int) -> None:
        try:
            self._do(task, now)
        except SukusukuError as error:
            self._problems.problem(_subject(task), f"waiting, retrying: {error}")
        else:
            self._problems.recovered(_subject(task), "done")

    def _do(self, task: Task, now: int) -> None:
        match task:
            case SendPlan(trip):
                settings = self._index.rounds.get(trip.round)
                run = None if settings is None else self._sender.issue(settings, trip.date, now)
                if run is not None and run.told:
                    _log.info("round %s of %s is sent: %d stops", trip.round, trip.date, len(run.plan.joined))
                    self._signals.wake()
            case Escalate(run, step):
                settings = self._index.rounds.get(run.plan.round)
                if settings is not None and self._sender.tell(settings, run, step, now):
                    _log.warning("round %s is not answered; it is told to the next (step %d)", _name(task), step)
                    self._signals.wake()
            case CloseRound(run):
                self._rounds.close(run.id)
                records = [record for record in self._rounds.stops(run.id) if record.stop.joined]
                silent = sum(record.answer is Answer.NONE for record in records)
                _log.info("round %s is closed; %d of %d stops without an answer", _name(task), silent, len(records))

    def _confirm(self, run: Run, now: int) -> None:
        """Join what the crew reported with the emptyings that were detected."""
        first, last = run.plan.departs - AROUND_MS, min(now + 1, run.plan.returns + GRACE_MS)
        for record in self._rounds.stops(run.id) if run.state is RunState.ANSWERED else ():
            answered = record.answered
            if record.answer is not Answer.DONE or answered is None or answered > now - SETTLED_MS:
                continue
            found = self._emptyings.of(record.stop.asset, first, last)
            near = [seen for seen in found if abs(seen.time - answered) <= AROUND_MS]
            known = [seen for seen in near if seen.state is not EmptyingState.REJECTED]
            if not known or any(seen.state is not EmptyingState.DETECTED for seen in known):
                continue
            seen = min(known, key=lambda seen: abs(seen.time - answered))
            try:
                self._emptyings.confirm(seen.id, record.answered_by or run.plan.round, now)
            except EmptyingClashError as error:
                self._problems.problem(f"emptying {seen.id}", f"not confirmed: {error}")


def _subject(task: Task) -> str:
    return f"round {_name(task)}, {_WORDS[type(task)]}"


def _name(task: Task) -> str:
    if isinstance(task, SendPlan):
        return f"{task.trip.round} of {task.trip.date}"
    return f"{task.run.plan.round} of {task.run.plan.date}"
