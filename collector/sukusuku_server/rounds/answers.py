"""What happens when somebody follows a link of a round mail: who they are, what they see, what they may say."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sukusuku_core.errors import SukusukuError
from sukusuku_server.db import Operations
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.db.shared_secrets import LINKS, shared
from sukusuku_server.mail.signed_tokens import ForgedLinkError
from sukusuku_server.model.rounds import Person, Run, RunState, StopRecord
from sukusuku_server.model.run_state import GRACE_MS, is_accepted_by, state_of
from sukusuku_server.model.series import LatestByAsset
from sukusuku_server.rounds.route_sheet import Sheets, sheets
from sukusuku_server.rounds.signed_links import Action, Claim, Links
from sukusuku_server.rounds.timetable import Timetable
from sukusuku_server.settings import FacilityIndex

LONGEST_NOTE = 200


class ClosedRoundError(SukusukuError):
    """The round is over; what was answered stands."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"round {run.plan.round} of {run.plan.date} is closed")
        self.run = run


@dataclass(frozen=True, slots=True)
class Seen:
    """What a link leads to. `person` is None when nobody knows any more whom it was sent to."""

    claim: Claim
    run: Run
    records: tuple[StopRecord, ...]
    person: Person | None
    sheets: Sheets
    now: int

    @property
    def closed(self) -> bool:
        """Whether nothing can be changed any more."""
        return self.run.closed is not None or self.now >= self.run.plan.returns + GRACE_MS

    @property
    def departed(self) -> bool:
        """Whether the vehicle should have left by now."""
        return self.now >= self.run.plan.departs

    @property
    def mine(self) -> bool:
        """Whether whoever has this link is the one who goes."""
        return is_accepted_by(self.run, self.who, None if self.person is None else self.person.id)

    @property
    def who(self) -> str:
        """Return the name under which an answer is kept."""
        return self.run.plan.round if self.person is None else self.person.name

    @property
    def state(self) -> RunState:
        """How it stands with the round."""
        return state_of(self.run, self.now)


class Answers:
    """The answers of one facility's crews. Methods raise TransientError when the database does not answer."""

    def __init__(self, index: FacilityIndex, timetables: Mapping[str, Timetable], operations: Operations) -> None:
        self._index = index
        self._facility = index.facility
        self._timetables = timetables
        self._operations = operations
        self._rounds = Rounds(operations)
        self._known: Links | None = None

    def read(self, token: str, now: int) -> Claim:
        """Return what a link says. Raises ForgedLinkError or ExpiredLinkError."""
        return self._links.read(token, now)

    def token(self, claim: Claim, action: Action, stop: int = 0) -> str:
        """Another link for the same person: what a page offers next."""
        return self._links.token(replace(claim, action=action, stop=stop))

    def see(self, claim: Claim, latest: LatestByAsset, now: int) -> Seen:
        """Return what the link leads to; changes nothing. Raises ForgedLinkError when that does not exist."""
        run = self._rounds.run(claim.run)
        records = self._rounds.stops(claim.run)
        if run is None or (claim.stop and claim.stop not in {record.id for record in records}):
            raise ForgedLinkError
        person = next((found for found in run.people if found.id == claim.person), None)
        made = sheets(self._index, self._timetables.get(run.plan.round), run, records, latest)
        return Seen(claim, run, tuple(records), person, made, now)

    def act(self, seen: Seen, now: int, note: str = "") -> None:
        """Do what the link says. Doing it twice is the same as once. Raises ClosedRoundError."""
        if seen.closed:
            raise ClosedRoundError(seen.run)
        claim, who = seen.claim, seen.who
        person = None if seen.person is None else seen.person.id
        answer = claim.action.answer
        if claim.action is Action.ACCEPT:
            self._rounds.accept(claim.run, who, now, person)
        elif claim.action is Action.DECLINE:
            self._rounds.decline(claim.run, who, now, person)
        elif answer is not None:
            record = next(record for record in seen.records if record.id == claim.stop)
            if record.answer is not answer or note:
                self._rounds.answer(claim.stop, answer, who, now, _plain(note))

    @property
    def _links(self) -> Links:
        if self._known is None:
            self._known = Links(shared(self._operations, LINKS), self._facility.web.url)
        return self._known


def _plain(note: str) -> str:
    """One line without control characters."""
    return "".join(char if char.isprintable() else " " for char in note).strip()[:LONGEST_NOTE]
