"""A round that was sent, behind the application, for the tests of the pages that its links open."""

from collections.abc import Callable, Sequence
from pathlib import Path

from fastapi import FastAPI

from sukusuku_api.lazy_store import LazyStore
from sukusuku_server.db import OutgoingMail
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.db.shared_secrets import LINKS, shared
from sukusuku_server.model.rounds import Person, Run, StopRecord
from sukusuku_server.rounds.mails import LINKS_LAST_MS, RoundComposer, Sending
from sukusuku_server.rounds.recipients import chain
from sukusuku_server.rounds.route_sheet import sheets
from sukusuku_server.rounds.signed_links import Action, Claim, Links
from sukusuku_server.rounds.timetable import timetables
from sukusuku_server.settings import FacilityIndex
from tests.api.applications import create_app
from tests.server.rounds.mail_cases import FACILITY, PLAN, facility
from tests.server.rounds.plan_cases import HOUR, MINUTE, MORNING
from tests.support import databases

NOW = MORNING + 5 * HOUR + 13 * MINUTE
"""13:33, under way."""


class Trip:
    """The run with its stops; links as they stand in the mails. `now` may be set."""

    def __init__(self, folder: Path, text: str = FACILITY) -> None:
        self.facility = facility(text)
        self.store, self.operations = LazyStore(databases.readings(folder)), databases.operations(folder)
        self.now = NOW
        self.rounds = Rounds(self.operations)
        self.links = Links(shared(self.operations, LINKS), self.facility.web.url)
        self.run = self.rounds.put(PLAN)
        index = FacilityIndex(self.facility)
        dates = timetables(self.facility)[self.run.plan.round]
        made = sheets(index, dates, self.run, self.stops, self.store.live.latest())
        composer = RoundComposer(index, self.links, lambda _: None)

        def compose(run: Run, _: Sequence[StopRecord]) -> list[OutgoingMail]:
            fresh = tuple(person for person in run.people if person.step == run.told)
            return composer.round_mails(Sending(self.facility.round[0], run, fresh, MORNING), made, {})

        for step, group in enumerate(chain(self.facility, self.facility.round[0]), start=1):
            people = [Person(0, step, found.name, found.mail, found.language, MORNING) for found in group]
            self.rounds.send(self.run.id, people, compose, step, MORNING)

    @property
    def stops(self) -> list[StopRecord]:
        return self.rounds.stops(self.run.id)

    @property
    def people(self) -> tuple[Person, ...]:
        found = self.rounds.run(self.run.id)
        return () if found is None else found.people

    def path(self, action: Action, stop: int | None = None, person: int = 0, expires: int | None = None) -> str:
        """The path of a link; `stop` and `person` count from 0. A person beyond the last is nobody."""
        whom = self.people[person].id if person < len(self.people) else 0
        ident = 0 if stop is None else self.stops[stop].id
        until = PLAN.returns + LINKS_LAST_MS if expires is None else expires
        return f"/r/{self.links.token(Claim(self.run.id, ident, action, whom, until))}"

    def app(self, clock: Callable[[], int] | None = None) -> FastAPI:
        return create_app(self.facility, self.store, self.operations, clock or (lambda: self.now))

    def close(self) -> None:
        self.store.close()
        self.operations.close()
