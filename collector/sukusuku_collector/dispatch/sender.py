"""Writes the mails of rounds and stores them together with what they tell: the plan, its changes, who was asked."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Protocol

from sukusuku_collector.dispatch.due_tasks import asked, unaware
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.db import Operations, OutgoingMail
from sukusuku_server.db.modes import Modes
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.db.shared_secrets import LINKS, shared
from sukusuku_server.model.rounds import Answer, Person, Plan, Run, StopRecord, Word
from sukusuku_server.model.run_state import unplanned, word_for
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.mails import RoundComposer, Sending
from sukusuku_server.rounds.next_visit import next_visits
from sukusuku_server.rounds.recipients import Group, Recipient, contacts, left
from sukusuku_server.rounds.route_sheet import Sheets, sheets
from sukusuku_server.rounds.signed_links import Links
from sukusuku_server.rounds.sketch import Sketch, render
from sukusuku_server.rounds.texts import Change
from sukusuku_server.rounds.timetable import Timetable
from sukusuku_server.rounds.word_texts import Wording
from sukusuku_server.settings import Round
from sukusuku_server.timeseries.protocols import LiveReader

MEANT_MS = 2 * MINUTE_MS
"""Contacts hear that bags could not be collected once the crew has said nothing else about its stops for so long."""

_log = logging.getLogger(__name__)


class Plans(Protocol):
    """Makes plans; `planner.Planner` in the collector."""

    def plan(self, round_id: str, day: date, now: int, /) -> Plan:
        """Return the plan of a round for a date. May take seconds."""

    def revised(self, told: Plan, answered: Collection[str], now: int, /) -> Plan | None:
        """Return the plan that takes the place of one that was told; None: it stands. Stops with an answer stay."""


class Sender:
    """Makes the plan of a round and puts its mails into the outbox, by schedule or by hand.

    Methods block for seconds (solver, picture). Raises ConfigError when a name cannot stand in a mail.
    """

    def __init__(
        self,
        index: FacilitySchedules,
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
        self._modes = Modes(operations)
        links = Links(shared(operations, LINKS), index.facility.web.url)
        self._composer = RoundComposer(index, links, draw)

    def issue(self, settings: Round, day: date, now: int) -> Run | None:
        """Plan, store and tell the first one, exactly once. None: it was sent before.

        Once the round has departed nobody is asked to go: it is stored as one without a plan.
        """
        plan = self._plans.plan(settings.id, day, now)
        draft = Run(0, plan)
        blank = [StopRecord(0, 0, stop, Answer.NONE, None, None, "") for stop in plan.stops]
        first = () if self._facility.mail is None or unplanned(draft) else self.left(settings, draft)[:1]
        group = first[0] if first else ()
        pictures = self._composer.pictures(settings, group, self._sheets(draft, blank))

        def compose(run: Run, records: Sequence[StopRecord]) -> Sequence[OutgoingMail]:
            return self._composer.round_mails(
                Sending(settings, run, run.people, now), self._sheets(run, records), pictures
            )

        run = self.rounds.issue(plan, _people(group), compose, now)
        if run is not None and not run.told and not unplanned(run):
            why = "there is no [mail] in the settings" if self._facility.mail is None else "it has no crew, no contact"
            _log.warning("round %s of %s is planned and nobody is told: %s", settings.id, day, why)
        return run

    def is_new(self, now: int) -> bool:
        """Whether nothing is known yet, of rounds and of units: today's round cannot have been forgotten."""
        return not self._store.derived_latest() and not self.rounds.runs(0, now, 1)

    def left(self, settings: Round, run: Run) -> tuple[Group, ...]:
        """Return the steps of the chain of a run that have not been told."""
        return left(self._facility, settings, run.people)

    def tell(self, settings: Round, run: Run, step: int, now: int) -> bool:
        """Tell step `step` of the chain. False: somebody else has done so, or nobody is left."""
        groups = self.left(settings, run)
        if step - run.told > len(groups):
            return False
        group = groups[step - run.told - 1]
        pictures = self._composer.pictures(settings, group, self._sheets(run, self.rounds.stops(run.id)))

        def compose(told: Run, records: Sequence[StopRecord]) -> Sequence[OutgoingMail]:
            fresh = tuple(person for person in told.people if person.step == step)
            return self._composer.round_mails(
                Sending(settings, told, fresh, now), self._sheets(told, records), pictures
            )

        return self.rounds.send(run.id, _people(group), compose, step, now)

    def ask_again(self, settings: Round, run: Run, now: int) -> bool:
        """Tell those who were asked before that nobody goes any more. False: somebody else has done so, or goes."""
        people = unaware(run)
        pictures = self._composer.pictures(settings, people, self._sheets(run, self.rounds.stops(run.id)))

        def compose(fresh: Run, records: Sequence[StopRecord]) -> Sequence[OutgoingMail]:
            sending = Sending(settings, fresh, people, now, reopened=True)
            return self._composer.round_mails(sending, self._sheets(fresh, records), pictures)

        return self.rounds.ask_again(run, people, compose, now)

    def revise(self, settings: Round, run: Run, now: int) -> bool:
        """Look at a plan again before the departure; tell those who may go when their way has changed.

        A plan stands of which nobody knows any more who was told it, because an older version did so.
        """
        if run.told and not run.people:
            return False
        known = self.rounds.stops(run.id)
        answered = {record.stop.asset for record in known if record.stop.joined and record.answer is not Answer.NONE}
        plan = self._plans.revised(run.plan, answered, now)
        if plan is None:
            return False
        before, after = _stops(run.plan), _stops(plan)
        change = Change(tuple(sorted(after - before)), tuple(sorted(before - after)))
        same = after == before and _terms(plan) == _terms(run.plan)
        people = () if same else _going(run)
        records = [StopRecord(0, run.id, stop, Answer.NONE, None, None, "") for stop in plan.stops]
        pictures = self._composer.pictures(settings, people, self._sheets(Run(run.id, plan), records))

        def compose(fresh: Run, records: Sequence[StopRecord]) -> Sequence[OutgoingMail]:
            sending = Sending(settings, fresh, people, now, change)
            return self._composer.round_mails(sending, self._sheets(fresh, records), pictures)

        return self.rounds.revise(run, plan, compose, now, told=bool(people)) is not None

    def word(self, settings: Round, run: Run, now: int) -> bool:
        """Tell the contacts of a centre what does not happen as planned, and what does after all; each once."""
        records = self.rounds.stops(run.id)
        due = {record.id: word for record in records if (word := word_for(run, record, now)) is not record.worded}
        if not due or _is_answering(records, due, now):
            return False
        by_id = {record.id: record for record in records}
        said = {ident: word for ident, word in due.items() if word is not Word.NONE or _comes(by_id[ident])}
        modes = self._modes.active(now)
        following = next_visits(self._index, self._timetables, self.rounds.ahead(), modes, now)
        wording = Wording(run, said, following, now)
        people = {person.mail.lower(): person for person in contacts(self._facility, settings)}
        if unplanned(run):
            people |= {
                member.mail.lower(): Recipient(member.name, member.mail, member.language) for member in settings.crew
            }
        mails = self._composer.word_mails(wording, self._sheets(run, records), people.values())
        if said and not mails and run.told:
            _log.warning("round %s of %s: %s; no contact hears of it", run.plan.round, run.plan.date, _listed(said))
        before = {ident: by_id[ident].worded for ident in due}
        return self.rounds.word(run.id, before, due, mails, now) and bool(mails)

    def _sheets(self, run: Run, records: Sequence[StopRecord]) -> Sheets:
        return sheets(self._index, self._timetables.get(run.plan.round), run, records, self._store.latest())


def _people(group: Sequence[Recipient]) -> list[Person]:
    return [Person(0, 0, person.name, person.mail, person.language, 0) for person in group]


def _going(run: Run) -> tuple[Person, ...]:
    """Return whoever has said that they go; while nobody has, all who may still."""
    mine = tuple(person for person in run.people if person.id == run.accepted_person)
    return mine or asked(run.people)


def _terms(plan: Plan) -> tuple[str, int, int]:
    """Return what the crew must know of a round besides its stops: the vehicle, and when it is away."""
    return plan.vehicle, plan.departs, plan.returns


def _stops(plan: Plan) -> set[str]:
    return {stop.asset for stop in plan.joined}


def _comes(record: StopRecord) -> bool:
    """Whether what contacts were told before is no longer so because the crew comes, or has come."""
    return record.stop.joined and record.answer in {Answer.NONE, Answer.DONE}


def _is_answering(records: Sequence[StopRecord], due: Mapping[int, Word], now: int) -> bool:
    """Whether the crew is just saying which bags it cannot collect: several are told in one mail, a slip in none."""
    fresh = [record.answered for record in records if due.get(record.id) is Word.CANNOT]
    return any(answered is not None and now - answered < MEANT_MS for answered in fresh)


def _listed(said: Mapping[int, Word]) -> str:
    return ", ".join(sorted({word.value or "comes after all" for word in said.values()}))
