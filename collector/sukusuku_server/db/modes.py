"""Periods that a person has switched on: a silence, an outbreak, a metric that is gone, a vehicle that cannot go."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Row, bindparam, insert, or_, select, update

from sukusuku_core.errors import SukusukuError
from sukusuku_core.time import DAY_MS, japan_time
from sukusuku_server.db import audit_entry
from sukusuku_server.db.alert_changes import Change
from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_alerts import ACTOR
from sukusuku_server.db.tables_collection import mode
from sukusuku_server.model.alerts import OutgoingMail

if TYPE_CHECKING:
    from sukusuku_server.access.records import Actor


class ModeKind(StrEnum):
    """What a period is."""

    SILENCE = "silence"
    """No mails about an asset or site; its alerts are still shown."""
    OUTBREAK = "outbreak"
    """An infection goes round at a site: the limits of its units are tighter."""
    RETIRED = "retired"
    """A metric of an asset is not measured any more, and nobody should miss it, until it comes back."""
    VEHICLE_OUT = "vehicle_out"
    """A vehicle cannot go: no round that needs it is driven."""


LONGEST_DAYS = 14
LONGEST_MS = {ModeKind.SILENCE: LONGEST_DAYS * DAY_MS, ModeKind.OUTBREAK: LONGEST_DAYS * DAY_MS}
"""What is switched on and forgotten, or by somebody who should not, must end by itself. It can be begun again."""


@dataclass(frozen=True, slots=True)
class Mode:
    """A period from `since` until before `until` (UTC ms; None: until a person ends it).

    `subject` is the id of an asset, site or vehicle, for `RETIRED` an asset and its metric: `tobu-unit-1/Fill/Percent`.
    `actor` is the account or key by which it was begun, `reminded` when whoever began it was last told that it stands.
    """

    id: int
    kind: ModeKind
    subject: str
    since: int
    until: int | None
    who: str
    reason: str
    actor: str | None = None
    reminded: int | None = None

    def holds(self, now: int) -> bool:
        """Whether this is a moment of the period."""
        return self.since <= now and (self.until is None or now < self.until)


def is_out(vehicle: str, modes: Collection[Mode], at: int) -> bool:
    """Whether a vehicle cannot go at a moment (UTC ms), by the periods of now."""
    own = (mode for mode in modes if mode.kind is ModeKind.VEHICLE_OUT and mode.subject == vehicle)
    return any(mode.until is None or at < mode.until for mode in own)


def holding(modes: Iterable[Mode], kind: ModeKind, subjects: Collection[str], now: int) -> Mode | None:
    """Return the period of a kind that holds for any of these subjects at a moment and ends last."""
    held = [mode for mode in modes if mode.kind is kind and mode.subject in subjects and mode.holds(now)]
    return max(held, key=lambda mode: float("inf") if mode.until is None else mode.until, default=None)


class UnknownModeError(SukusukuError):
    """There is no mode with this id."""

    def __init__(self, ident: int) -> None:
        super().__init__(f"there is no mode {ident}")


class ModeTimeError(SukusukuError):
    """A period would end before it has begun or last too long, or a silence has no end."""


_NOW = bindparam("now", type_=BigInteger)
_ACTIVE = select(mode).where(mode.c.since <= _NOW, or_(mode.c.until.is_(None), mode.c.until > _NOW)).order_by(mode.c.id)
"""Made once: collectors ask it every two seconds for each operator, and making it took longer than its answer."""


class Modes:
    """The periods of one facility. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def start(self, kind: ModeKind, subject: str, *, now: int, until: int | None, who: str, reason: str) -> Mode:
        """Begin a period now. The caller has checked the subject. Raises ModeTimeError.

        An outbreak of which nobody knows the end lasts as long as it may.
        """
        if until is not None and until <= now:
            raise ModeTimeError("`until` must lie ahead")
        if until is None and kind is ModeKind.SILENCE:
            raise ModeTimeError("a silence needs an end, so that it is not forgotten: give `until`")
        latest = now + LONGEST_MS[kind] if kind in LONGEST_MS else None
        if until is not None and latest is not None and until > latest:
            raise ModeTimeError(
                f"`until` must lie at most {LONGEST_DAYS} days ahead, at {japan_time(latest).isoformat()}; "
                "begin again when it is over"
            )
        until = latest if until is None else until
        values = {"kind": kind, "subject": subject, "since": now, "until": until, "who": who[:120], "reason": reason}
        with self._operations.writing() as connection:
            actor: Actor | None = connection.get_execution_options().get(ACTOR)
            values |= {"actor": None if actor is None else actor.reference}
            row = connection.execute(insert(mode).values(values).returning(mode)).one()
            audit_entry.note(connection, now, who, f"mode.{kind}.start", subject)
            return _to_mode(row)

    def end(self, mode_id: int, *, now: int, who: str) -> Mode:
        """End a period now. One that has ended stays as it is. Raises UnknownModeError."""
        running = (mode.c.id == mode_id) & or_(mode.c.until.is_(None), mode.c.until > now)
        with self._operations.writing() as connection:
            ended = connection.execute(update(mode).where(running).values(until=now)).rowcount
            row = connection.execute(select(mode).where(mode.c.id == mode_id)).first()
            if row is None:
                raise UnknownModeError(mode_id)
            found = _to_mode(row)
            if ended:
                audit_entry.note(connection, now, who, f"mode.{found.kind}.end", found.subject)
            return found

    def remind(self, found: Mode, mails: Sequence[OutgoingMail], now: int) -> bool:
        """Hand the mails to the outbox that tell of a period that stands. False: it was told by somebody else."""
        same = mode.c.reminded.is_(None) if found.reminded is None else mode.c.reminded == found.reminded
        with self._operations.writing() as connection:
            told = update(mode).where(mode.c.id == found.id, same).values(reminded=now)
            if not connection.execute(told).rowcount:
                return False
            for mail in mails:
                Change(connection).put_mail(None, mail, now)
            return True

    def one(self, mode_id: int) -> Mode:
        """Return a period. Raises UnknownModeError."""
        with self._operations.reading() as connection:
            row = connection.execute(select(mode).where(mode.c.id == mode_id)).first()
        if row is None:
            raise UnknownModeError(mode_id)
        return _to_mode(row)

    def active(self, now: int) -> list[Mode]:
        """Return the periods that this moment lies in, the oldest first."""
        with self._operations.reading() as connection:
            return [_to_mode(row) for row in connection.execute(_ACTIVE, {"now": now})]

    def silences(self, now: int) -> list[Mode]:
        """Return those of the periods of this moment in which no mails are sent, the oldest first."""
        return [found for found in self.active(now) if found.kind is ModeKind.SILENCE]

    def all(self, limit: int = 200) -> list[Mode]:
        """Return the newest periods, newest first, also those that are over."""
        with self._operations.reading() as connection:
            found = connection.execute(select(mode).order_by(mode.c.id.desc()).limit(limit))
            return [_to_mode(row) for row in found]


def _to_mode(row: Row[Any]) -> Mode:
    return Mode(
        row.id, ModeKind(row.kind), row.subject, row.since, row.until, row.who, row.reason, row.actor, row.reminded
    )
