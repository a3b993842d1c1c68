"""Lets rounds live: sends them, passes them on, looks at them again, closes them. The only clock is injected."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sukusuku_collector.dispatch.due_tasks import AskAgain, CloseRound, Escalate, GiveUp, SendPlan, Task, due
from sukusuku_collector.dispatch.sender import Sender
from sukusuku_core.clock import Clock, now_ms
from sukusuku_core.errors import SukusukuError
from sukusuku_core.supervision import Gate, always, repeat
from sukusuku_core.time import HOUR_MS, MINUTE_MS, local_day
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db.emptyings import EmptyingClashError, Emptyings
from sukusuku_server.model.collection import EmptyingState
from sukusuku_server.model.rounds import Answer, Run
from sukusuku_server.model.run_state import GRACE_MS, unplanned
from sukusuku_server.rounds.timetable import Timetable, Trip
from sukusuku_server.settings import FacilityIndex, Round
from sukusuku_server.threads import unbroken

TICK_SECONDS = 15.0
AGAIN_MS = MINUTE_MS
"""How often a plan that was told is held against what is known now."""
_LAST_MS = MINUTE_MS
PATIENCE_MS = 10 * MINUTE_MS
"""So long a plan waits for `ready`: right after a start nothing is derived yet, and every unit would look silent."""
SETTLED_MS = 10 * MINUTE_MS
"""An answer counts as meant after so long; until then it may have been a slip of the thumb."""
AROUND_MS = 3 * HOUR_MS
"""An emptying so near to the answer is the one that the crew means."""

_log = logging.getLogger(__name__)

_WORDS: dict[type[Task], str] = {
    SendPlan: "send the plan",
    Escalate: "tell the next one",
    AskAgain: "ask again",
    GiveUp: "give up",
    CloseRound: "close",
}
"""What the log calls a task."""


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
        self._looked: dict[int, int] = {}
        self._problems = TransitionLog(_log)
        self._begun: int | None = None

    async def run(self, sure: Gate = always) -> None:
        """Look every few seconds what is due while the clock is `sure`. What fails is reported once and tried again."""
        look = partial(unbroken, self.look)
        await repeat("rounds", look, TICK_SECONDS, asyncio.sleep, self._problems, sure)

    def look(self) -> None:
        """One look: do all that is due now. Raises TransientError when the database does not answer."""
        now = self._clock()
        self._begun = now if self._begun is None else self._begun
        runs = self._rounds.open()
        trips = [*self._trips(now), *self._ahead(runs, now)]
        refused = {run.id for run in runs if run.told and self._rounds.refused(run.id)}
        for task in due(trips, self._of_today(runs, trips), self._left(runs), refused, now):
            if not isinstance(task, SendPlan) or self._may_plan(task, now):
                self._try(task, now)
        for run in self._rounds.open():
            settings = self._index.rounds.get(run.plan.round)
            if settings is not None:
                self._attempt(run, "look at it again", partial(self._again, settings, run, now))
            self._confirm(run, now)

    def _left(self, runs: Sequence[Run]) -> dict[int, int]:
        settings = {run.id: self._index.rounds.get(run.plan.round) for run in runs}
        return {run.id: len(self._sender.left(own, run)) for run in runs if (own := settings[run.id]) is not None}

    def _again(self, settings: Round, run: Run, now: int) -> None:
        """Look whether something has changed since the plan, then whether somebody must hear of anything."""
        looked = self._looked.get(run.id)
        due = looked is None or not 0 <= now - looked < AGAIN_MS
        just = any(person.told >= now for person in run.people)  # their mail is of this moment
        if due and not just and now < run.plan.departs and self._signals.ready():
            self._looked[run.id] = now
            if run.plan.planned < now and self._sender.revise(settings, run, now):
                _log.info("round %s of %s has another plan", run.plan.round, run.plan.date)
                self._signals.wake()
        fresh = self._rounds.run(run.id)
        if fresh is not None and self._sender.word(settings, fresh, now):
            self._signals.wake()

    def _may_plan(self, task: SendPlan, now: int) -> bool:
        """Once what is derived is up to date; else soon after the mail is due, or the start, and before departure."""
        trip, last = task.trip, max(task.trip.mail_at, self._begun or 0) + PATIENCE_MS
        last = last if task.late else min(last, trip.departs - _LAST_MS)
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
        self._attempt(
            task.trip if isinstance(task, SendPlan) else task.run, _WORDS[type(task)], lambda: self._do(task, now)
        )

    def _attempt(self, about: Trip | Run, what: str, do: Callable[[], None]) -> None:
        subject = f"round {_name(about)}, {what}"
        try:
            do()
        except SukusukuError as error:
            self._problems.problem(subject, f"waiting, retrying: {error}")
        else:
            self._problems.recovered(subject, "done")

    def _do(self, task: Task, now: int) -> None:
        match task:
            case SendPlan(trip, late) if not (late and self._sender.is_new(now)):
                settings = self._index.rounds.get(trip.round)
                run = None if settings is None else self._sender.issue(settings, trip.date, now)
                if run is not None and unplanned(run):
                    _log.warning("round %s of %s has departed without a plan", trip.round, trip.date)
                elif run is not None and run.told:
                    _log.info("round %s of %s is sent: %d stops", trip.round, trip.date, len(run.plan.joined))
                    self._signals.wake()
            case Escalate(run, step):
                settings = self._index.rounds.get(run.plan.round)
                if settings is not None and self._sender.tell(settings, run, step, now):
                    _log.warning("round %s is not answered; it is told to the next (step %d)", _name(run), step)
                    self._signals.wake()
            case AskAgain(run):
                settings = self._index.rounds.get(run.plan.round)
                if settings is not None and self._sender.ask_again(settings, run, now):
                    _log.warning(
                        "round %s: whoever wanted to go cannot; those asked before are asked again", _name(run)
                    )
                    self._signals.wake()
            case GiveUp(run):
                self._rounds.give_up(run.id, now)
                _log.warning("round %s: nobody who was asked can go", _name(run))
            case CloseRound(run):
                self._rounds.close(run.id, now)
                self._looked.pop(run.id, None)
                records = [record for record in self._rounds.stops(run.id) if record.stop.joined]
                silent = sum(record.answer is Answer.NONE for record in records)
                _log.info("round %s is closed; %d of %d stops without an answer", _name(run), silent, len(records))

    def _confirm(self, run: Run, now: int) -> None:
        """Join what the crew reported with the emptyings that were detected."""
        first, last = run.plan.departs - AROUND_MS, min(now + 1, run.plan.returns + GRACE_MS)
        for record in self._rounds.stops(run.id) if run.answered is not None else ():
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


def _name(about: Trip | Run) -> str:
    found = about if isinstance(about, Trip) else about.plan
    return f"{found.round} of {found.date}"
