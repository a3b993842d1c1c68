"""What happens on the page of a round: who has come by which link or account, what they see, what they may say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sukusuku_core.errors import SukusukuError
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.db import Operations
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.db.shared_secrets import LINKS, shared
from sukusuku_server.mail.signed_tokens import ForgedLinkError
from sukusuku_server.model.rounds import Obstacle, Person, Run, RunState, StopRecord
from sukusuku_server.model.run_state import GRACE_MS, is_accepted_by, state_of
from sukusuku_server.model.series import LatestByAsset
from sukusuku_server.rounds.route_sheet import Sheets, sheets
from sukusuku_server.rounds.signed_links import Action, Claim, Links
from sukusuku_server.rounds.timetable import Timetable
from sukusuku_server.settings import FacilityIndex

LONGEST_NOTE = 200
_GOING = frozenset({Action.ACCEPT, Action.DECLINE})
AT_ONCE_MS = 5_000
"""An answer that comes within this time counts as given when it comes."""
UNDO_MS = 10 * MINUTE_MS
"""For so long an answer may be a slip; it is corrected afterwards."""


class ClosedRoundError(SukusukuError):
    """The round is over; what was answered stands."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"round {run.plan.round} of {run.plan.date} is closed")
        self.run = run


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody with an account. `sees` returns those of the stops of a run of which they may know.

    `everywhere`: whatever belongs to the operator is theirs to see. Without that nobody says who goes on a round.
    """

    name: str
    login: str
    sees: Callable[[Sequence[StopRecord]], Sequence[StopRecord]]
    everywhere: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What a link leads to, or the same for somebody who has signed in: `account` is the name of theirs.

    `person` is None when nobody knows any more whom the link was sent to, or when they were not asked to go. `whole`:
    the round is theirs to see with all of its stops.
    """

    claim: Claim
    run: Run
    records: tuple[StopRecord, ...]
    person: Person | None
    sheets: Sheets
    now: int
    account: str = ""
    whole: bool = True

    @property
    def closed(self) -> bool:
        """Whether nothing can be changed any more."""
        return self.run.closed is not None or self.now >= self.run.plan.returns + GRACE_MS

    @property
    def over(self) -> bool:
        """Whether the vehicle is back: nobody says any more that they go, or do not."""
        return self.now >= self.run.plan.returns

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
        return self.account or (self.run.plan.round if self.person is None else self.person.name)

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

    def see(self, claim: Claim, latest: LatestByAsset, now: int, account: SignedIn | None = None) -> Seen:
        """Return what the claim leads to, of a link or of an account; changes nothing.

        Raises ForgedLinkError when that does not exist, or is not theirs to see.
        """
        run = self._rounds.run(claim.run)
        every = self._rounds.stops(claim.run)
        records = every if account is None else account.sees(every)
        nothing = bool(every) and not records
        if run is None or nothing or (claim.stop and claim.stop not in {record.id for record in records}):
            raise ForgedLinkError
        person = next((found for found in run.people if _is(found, claim, account)), None)
        made = sheets(self._index, self._timetables.get(run.plan.round), run, records, latest)
        if account is None:
            return Seen(claim, run, tuple(records), person, made, now)
        if claim.action in _GOING and not account.everywhere:
            raise ForgedLinkError
        return Seen(claim, run, tuple(records), person, made, now, account.name, account.everywhere)

    def act(
        self,
        seen: Seen,
        now: int,
        note: str = "",
        *,
        obstacle: Obstacle = Obstacle.NONE,
        age: int = 0,
        key: str | None = None,
    ) -> None:
        """Do what the link says. Doing it twice is the same as once. Raises ClosedRoundError.

        `age` is how long ago it was said (ms), where it could not be sent at once; `key` as in `Rounds.answer`.
        """
        claim, who = seen.claim, seen.who
        if seen.closed or (seen.over and claim.action in _GOING):
            raise ClosedRoundError(seen.run)
        person = None if seen.person is None else seen.person.id
        answer = claim.action.answer
        if claim.action is Action.ACCEPT:
            self._rounds.accept(claim.run, who, now, person)
        elif claim.action is Action.DECLINE:
            self._rounds.decline(claim.run, who, now, person)
        elif answer is not None:
            record = next(record for record in seen.records if record.id == claim.stop)
            given = max(now - age, seen.run.sent or 0) if age > AT_ONCE_MS else None
            if record.answer is not answer or note or obstacle is not Obstacle.NONE:
                self._rounds.answer(claim.stop, answer, who, now, _plain(note), obstacle=obstacle, given=given, key=key)

    @property
    def _links(self) -> Links:
        if self._known is None:
            self._known = Links(shared(self._operations, LINKS), self._facility.web.url)
        return self._known


def _is(person: Person, claim: Claim, account: SignedIn | None) -> bool:
    """Whether whoever has come is somebody who was asked to go."""
    return person.id == claim.person if account is None else person.mail.lower() == account.login.lower()


def _plain(note: str) -> str:
    """One line without control characters."""
    return "".join(char if char.isprintable() else " " for char in note).strip()[:LONGEST_NOTE]
