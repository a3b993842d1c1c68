"""What happens when somebody follows a link of a round mail: who they are, what they see, what they may say."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sukusuku_core.errors import SukusukuError
from sukusuku_server.db import Operations, OutgoingMail
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.db.shared_secrets import LINKS, shared
from sukusuku_server.model.rounds import Answer, Run, RunState, StopRecord
from sukusuku_server.model.series import LatestByAsset
from sukusuku_server.rounds.mails import Changed, RoundComposer
from sukusuku_server.rounds.recipients import Recipient, recipients
from sukusuku_server.rounds.route_sheet import Sheet, sheets
from sukusuku_server.rounds.signed_links import Action, Claim, ForgedLinkError, Links
from sukusuku_server.rounds.timetable import Timetable
from sukusuku_server.settings import FacilityIndex, Language

LONGEST_NOTE = 200


class ClosedRoundError(SukusukuError):
    """The round is over; what was answered stands."""

    def __init__(self, run: Run) -> None:
        super().__init__(f"round {run.plan.round} of {run.plan.date} is closed")
        self.run = run


@dataclass(frozen=True, slots=True)
class Seen:
    """What a link leads to. `person` is None when the settings no longer have the one it was sent to."""

    claim: Claim
    run: Run
    records: tuple[StopRecord, ...]
    person: Recipient | None
    sheets: Callable[[Language], Sheet]

    @property
    def closed(self) -> bool:
        """Whether nothing can be changed any more."""
        return self.run.state is RunState.CLOSED


class Answers:
    """The answers of one facility's crews. Methods raise TransientError when the database does not answer."""

    def __init__(self, index: FacilityIndex, timetables: Mapping[str, Timetable], operations: Operations) -> None:
        self._index = index
        self._facility = index.facility
        self._timetables = timetables
        self._operations = operations
        self._rounds = Rounds(operations)
        self._tools: tuple[Links, RoundComposer] | None = None

    def read(self, token: str, now: int) -> Claim:
        """Return what a link says. Raises ForgedLinkError or ExpiredLinkError."""
        return self._links.read(token, now)

    def token(self, claim: Claim, action: Action, stop: int = 0) -> str:
        """Another link for the same person: what a page offers next."""
        return self._links.token(replace(claim, action=action, stop=stop))

    def see(self, claim: Claim, latest: LatestByAsset) -> Seen:
        """Return what the link leads to; changes nothing. Raises ForgedLinkError when that does not exist."""
        run = self._rounds.run(claim.run)
        records = self._rounds.stops(claim.run)
        if run is None or (claim.stop and claim.stop not in {record.id for record in records}):
            raise ForgedLinkError
        settings = self._index.rounds.get(run.plan.round)
        people = () if settings is None else recipients(self._facility, settings)
        person = next((found for found in people if found.number == claim.recipient), None)
        made = sheets(self._index, self._timetables.get(run.plan.round), run, records, latest)
        return Seen(claim, run, tuple(records), person, made)

    def act(self, seen: Seen, now: int, note: str = "") -> None:
        """Do what the link says. Doing it twice is the same as once. Raises ClosedRoundError."""
        if seen.closed:
            raise ClosedRoundError(seen.run)
        claim, who = seen.claim, self.who(seen)
        answer = claim.action.answer
        if claim.action is Action.ACCEPT:
            self._rounds.accept(claim.run, who, now)
        elif claim.action is Action.DECLINE:
            self._rounds.decline(claim.run, self._step(seen), who, now)
        elif answer is not None:
            self._answer(seen, answer, who, now, _plain(note))

    def who(self, seen: Seen) -> str:
        """Return the name under which an answer is kept."""
        return seen.run.plan.round if seen.person is None else seen.person.name

    def _step(self, seen: Seen) -> int:
        settings = self._index.rounds.get(seen.run.plan.round)
        return min(seen.claim.recipient, 0 if settings is None else len(settings.crew)) + 1

    def _answer(self, seen: Seen, answer: Answer, who: str, now: int, note: str) -> None:
        stop = seen.claim.stop
        record = next(record for record in seen.records if record.id == stop)
        if record.answer is answer and not note:
            return
        serial = len(self._rounds.answers(stop))

        def tell(before: StopRecord) -> Sequence[OutgoingMail]:
            if Answer.CANNOT not in {before.answer, answer}:
                return ()

            def changed(sheet: Sheet) -> Changed | None:
                line = next((line for line in (*sheet.stops, *sheet.others) if line.id == stop), None)
                return None if line is None else Changed(line, answer, who, note, now, serial)

            return self._composer.changed_mails(seen.run, seen.sheets, changed)

        self._rounds.answer(stop, answer, who, now, note, tell)

    @property
    def _links(self) -> Links:
        return self._made()[0]

    @property
    def _composer(self) -> RoundComposer:
        return self._made()[1]

    def _made(self) -> tuple[Links, RoundComposer]:
        if self._tools is None:
            links = Links(shared(self._operations, LINKS), self._facility.web.url)
            self._tools = links, RoundComposer(self._index, links)
        return self._tools


def _plain(note: str) -> str:
    """One line without control characters."""
    return "".join(char if char.isprintable() else " " for char in note).strip()[:LONGEST_NOTE]
