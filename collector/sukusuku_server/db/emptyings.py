"""Emptyings: what derivation detected and what people said about it. People's word is never overwritten."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from sukusuku_core.errors import SukusukuError
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.db import audit_entry
from sukusuku_server.db.database import Operations
from sukusuku_server.db.revisions import speak
from sukusuku_server.db.tables_collection import emptying, spoken
from sukusuku_server.model.collection import Emptying, EmptyingState, Evidence
from sukusuku_server.model.series import Late

SAME_MS = 30 * MINUTE_MS
"""Two emptyings of a unit nearer than this are the same one."""
_SAID = (EmptyingState.CONFIRMED, EmptyingState.CORRECTED, EmptyingState.ENTERED, EmptyingState.REJECTED)
_FIELDS = ("asset", "time", "percent", "nappies", "evidence", "confidence", "state", "by", "note", "id")
_COLUMNS = tuple(emptying.c[name] for name in _FIELDS)


class UnknownEmptyingError(SukusukuError):
    """There is no emptying with this id."""

    def __init__(self, ident: int) -> None:
        super().__init__(f"there is no emptying {ident}")


class EmptyingClashError(SukusukuError):
    """Another emptying of the unit stands within half an hour of that time."""

    def __init__(self, other: Emptying) -> None:
        super().__init__(
            f"emptying {other.id} of {other.asset} is within {SAME_MS // MINUTE_MS} minutes of that time "
            f"({other.state.value}); confirm, correct or reject that one"
        )
        self.other = other


class FutureEmptyingError(SukusukuError):
    """The time of an emptying that a person gave lies ahead."""

    def __init__(self) -> None:
        super().__init__("the time of an emptying must not be in the future")


class Emptyings:
    """The emptyings of all units. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    # ------------------------------------------------------------ derivation

    def replace_detected(
        self, asset: str, after: int, until: int, detected: Sequence[Emptying]
    ) -> tuple[Emptying, ...]:
        """Make what is stored of after < time <= until what derivation has found there; gives those that are new.

        An emptying within `SAME_MS` of a stored one, or of where that one was first detected, is the same and keeps
        its id. What people said stays as they said it; a confirmed one gets the better figures. Detected ones that
        are not found again are deleted.
        """
        earliest = min((after, *(item.time for item in detected)))  # some are only seen hours later
        with self._operations.writing() as connection:
            near = (emptying.c.asset == asset) & (emptying.c.time > earliest - SAME_MS)
            near &= emptying.c.time <= until + SAME_MS
            moved = (emptying.c.asset == asset) & (emptying.c.detected > after) & (emptying.c.detected <= until)
            stored = list(connection.execute(select(*_COLUMNS, emptying.c.detected).where(near | moved)))
            pairs = _pairs(stored, detected)
            for row in stored:
                if row.id in pairs:
                    _refresh(connection, row, detected[pairs[row.id]])
                elif row.state == EmptyingState.DETECTED and after < row.time <= until:
                    connection.execute(delete(emptying).where(emptying.c.id == row.id))
            known = set(pairs.values())
            return tuple(_insert(connection, item) for n, item in enumerate(detected) if n not in known)

    def said(self, asset: str, after: int, until: int) -> tuple[Emptying, ...]:
        """Return emptyings with after < time <= until about which a person has said something, in order of time."""
        query = select(*_COLUMNS).where(emptying.c.asset == asset, emptying.c.time > after, emptying.c.time <= until)
        query = query.where(emptying.c.state.in_(_SAID)).order_by(emptying.c.time, emptying.c.id)
        with self._operations.reading() as connection:
            return tuple(_to_emptying(row) for row in connection.execute(query))

    def speakers(self, after: int, until: int) -> set[str]:
        """Return the units about whose emptyings in after < time <= until a person has said something."""
        query = select(emptying.c.asset).where(emptying.c.time > after, emptying.c.time <= until)
        with self._operations.reading() as connection:
            return set(connection.scalars(query.where(emptying.c.state.in_(_SAID))))

    def spoken(self) -> list[Late]:
        """Units about which people spoke, and from when on they must therefore be derived again."""
        with self._operations.reading() as connection:
            query = select(spoken.c.asset, spoken.c.since, spoken.c.changed).order_by(spoken.c.asset)
            return [Late(*row) for row in connection.execute(query)]

    def heard(self, late: Late) -> None:
        """Forget corrections that have been re-derived. Those made since `late` was read stay."""
        with self._operations.writing() as connection:
            same = (spoken.c.asset == late.asset) & (spoken.c.changed == late.changed)
            connection.execute(delete(spoken).where(same))

    # ------------------------------------------------------------ reading

    def of(self, asset: str | Collection[str] | None, start: int, end: int) -> list[Emptying]:
        """Return emptyings with start <= time < end in order, rejected ones too; of all units without `asset`.

        Ask for ten thousands of units at most.
        """
        query = select(*_COLUMNS).where(emptying.c.time >= start, emptying.c.time < end)
        if asset is not None:
            mine = emptying.c.asset == asset if isinstance(asset, str) else emptying.c.asset.in_(asset)
            query = query.where(mine)
        with self._operations.reading() as connection:
            found = connection.execute(query.order_by(emptying.c.time, emptying.c.id))
            return [_to_emptying(row) for row in found]

    def one(self, ident: int) -> Emptying:
        """One emptying. Raises UnknownEmptyingError."""
        with self._operations.reading() as connection:
            return _one(connection, ident)

    def last_times(self, units: Collection[str], before: int) -> dict[str, int]:
        """Return when (UTC ms) each of these units was last emptied, at or before a time, as far as that is known.

        What was rejected does not count. Ask for ten thousands of units at most.
        """
        query = select(emptying.c.asset, func.max(emptying.c.time).label("time"))
        counts = (emptying.c.state != EmptyingState.REJECTED, emptying.c.time <= before)
        with self._operations.reading() as connection:
            found = connection.execute(query.where(emptying.c.asset.in_(units), *counts).group_by(emptying.c.asset))
            return {row.asset: row.time for row in found}

    # ------------------------------------------------------------ people

    def confirm(self, ident: int, who: str, now: int, note: str | None = None) -> Emptying:
        """Confirm an emptying. One that a person corrected or entered needs no confirmation and stays as it is."""
        with self._operations.writing() as connection:
            found = _one(connection, ident)
            if found.state in {EmptyingState.DETECTED, EmptyingState.REJECTED}:
                _refuse_clash(connection, found.asset, found.time, ident)
                _say(connection, found, {"state": EmptyingState.CONFIRMED}, who, now, "confirm", note)
            return _one(connection, ident)

    def correct(
        self,
        ident: int,
        who: str,
        now: int,
        *,
        time: int,
        percent: float | None = None,
        nappies: float | None = None,
        note: str | None = None,
    ) -> Emptying:
        """Correct the time or the fill level of an emptying; what is not given stays.

        Percent and nappies are of one bag: where one alone is given, the other follows in proportion.
        """
        with self._operations.writing() as connection:
            stored = _one(connection, ident)
            _refuse_future(time, now)
            _refuse_clash(connection, stored.asset, time, ident)
            values = {
                "state": EmptyingState.CORRECTED,
                "time": time,
                "percent": _other(stored.percent, stored.nappies, nappies) if percent is None else percent,
                "nappies": _other(stored.nappies, stored.percent, percent) if nappies is None else nappies,
            }
            _say(connection, stored, values, who, now, "correct", note)
            return _one(connection, ident)

    def reject(self, ident: int, who: str, now: int, note: str | None = None) -> Emptying:
        """There was none. It is kept, so that it is not detected again."""
        with self._operations.writing() as connection:
            found = _one(connection, ident)
            if found.state is not EmptyingState.REJECTED:
                _say(connection, found, {"state": EmptyingState.REJECTED}, who, now, "reject", note)
            return _one(connection, ident)

    def deny(self, asset: str, who: str, now: int, *, percent: float, nappies: float) -> Emptying:
        """Record that the bag was not changed, whatever its level says: nothing until now is taken for an emptying.

        Raises EmptyingClashError when one that counts is within half an hour.
        """
        denied = Emptying(asset, now, percent, nappies, (Evidence.PERSON,), 1.0, EmptyingState.REJECTED, who[:120], "")
        with self._operations.writing() as connection:
            _refuse_clash(connection, asset, now, 0)
            stored = _insert(connection, denied)
            _audit(connection, stored, who, now, "reject")
            _speak(connection, asset, now)
            return stored

    def withdraw(self, ident: int, who: str, now: int) -> Emptying | None:
        """Take back all that people said of an emptying. What the data shows holds again, its contents once derived.

        Return it; None: a person had entered it, so that it is gone. The audit log keeps what was said.
        """
        with self._operations.writing() as connection:
            stored = _one(connection, ident)
            if stored.state is EmptyingState.DETECTED:
                return stored
            detected = connection.execute(select(emptying.c.detected).where(emptying.c.id == ident)).scalar_one()
            if detected is None:
                connection.execute(delete(emptying).where(emptying.c.id == ident))
            else:
                _refuse_clash(connection, stored.asset, detected, ident)
                values = {"state": EmptyingState.DETECTED, "time": detected, "by": None, "note": "", "detected": None}
                connection.execute(update(emptying).where(emptying.c.id == ident).values(values))
            said = f": {stored.state} {stored.percent:.0f} % of {stored.time} by {stored.by}"
            _audit(connection, stored, who, now, "withdraw", said)
            _speak(connection, stored.asset, stored.time if detected is None else min(stored.time, detected))
            return None if detected is None else _one(connection, ident)

    def enter(
        self, asset: str, time: int, who: str, now: int, *, percent: float, nappies: float, note: str = ""
    ) -> Emptying:
        """Record an emptying that a person reports and nothing detected.

        Raises EmptyingClashError when one that counts is within half an hour; a rejected one there is taken up again.
        """
        _refuse_future(time, now)
        entered = Emptying(
            asset, time, percent, nappies, (Evidence.PERSON,), 1.0, EmptyingState.ENTERED, who[:120], note
        )
        with self._operations.writing() as connection:
            _refuse_clash(connection, asset, time, 0)
            near = emptying.c.time.between(time - SAME_MS, time + SAME_MS)
            connection.execute(delete(emptying).where(emptying.c.asset == asset, near))
            stored = _insert(connection, entered)
            _audit(connection, stored, who, now, "enter")
            _speak(connection, asset, time)
            return stored


def _other(own: float, other: float, new: float | None) -> float:
    """Return a figure of a bag after the other one became `new`; it stays where nothing is given, or nothing known."""
    return own if new is None or not other else own * new / other


def _pairs(stored: Sequence[Row[*tuple[Any, ...]]], found: Sequence[Emptying]) -> dict[int, int]:
    """Which of `found` (by its place) is which stored one (by its id): the nearest first, each once."""
    near = []
    for row in stored:
        for n, item in enumerate(found):
            times = [row.time] if row.detected is None else [row.time, row.detected]
            distance = 0 if row.id == item.id else min(abs(time - item.time) for time in times)
            if distance <= SAME_MS:
                near.append((distance, row.id, n))
    pairs: dict[int, int] = {}
    for _, ident, n in sorted(near):
        if ident not in pairs and n not in pairs.values():
            pairs[ident] = n
    return pairs


def _refresh(connection: Connection, row: Row[*tuple[Any, ...]], item: Emptying) -> None:
    values: dict[str, Any] = {"percent": item.percent, "nappies": item.nappies, "confidence": item.confidence}
    values["evidence"] = _evidence(item.evidence)
    if row.state == EmptyingState.DETECTED:
        values["time"] = item.time
    elif row.state != EmptyingState.CONFIRMED:
        return
    if any(getattr(row, name) != value for name, value in values.items()):
        connection.execute(update(emptying).where(emptying.c.id == row.id).values(values))


def _insert(connection: Connection, item: Emptying) -> Emptying:
    values: dict[str, Any] = {name: getattr(item, name) for name in _FIELDS if name != "id"}
    values["evidence"] = _evidence(item.evidence)
    number = connection.execute(insert(emptying).values(values).returning(emptying.c.id)).scalar_one()
    return _one(connection, number)


def _say(
    connection: Connection,
    before: Emptying,
    values: dict[str, Any],
    who: str,
    now: int,
    action: str,
    note: str | None,
) -> None:
    detected = before.time if before.state is EmptyingState.DETECTED else emptying.c.detected
    values = {"by": who[:120], "detected": detected, **values}
    if note is not None:
        values["note"] = note
    connection.execute(update(emptying).where(emptying.c.id == before.id).values(values))
    _audit(connection, before, who, now, action)
    _speak(connection, before.asset, min(before.time, values.get("time", before.time)))


def _speak(connection: Connection, asset: str, time: int) -> None:
    speak(connection, asset, time - SAME_MS)


def _audit(connection: Connection, about: Emptying, who: str, now: int, action: str, said: str = "") -> None:
    audit_entry.note(connection, now, who, f"emptying.{action}", f"{about.asset}/{about.id}{said}")


def _refuse_future(time: int, now: int) -> None:
    if time > now:
        raise FutureEmptyingError


def _refuse_clash(connection: Connection, asset: str, time: int, besides: int) -> None:
    near = emptying.c.time.between(time - SAME_MS, time + SAME_MS)
    query = select(*_COLUMNS).where(emptying.c.asset == asset, near, emptying.c.id != besides)
    row = connection.execute(query.where(emptying.c.state != EmptyingState.REJECTED)).first()
    if row is not None:
        raise EmptyingClashError(_to_emptying(row))


def _one(connection: Connection, ident: int) -> Emptying:
    row = connection.execute(select(*_COLUMNS).where(emptying.c.id == ident)).first()
    if row is None:
        raise UnknownEmptyingError(ident)
    return _to_emptying(row)


def _evidence(evidence: Sequence[Evidence]) -> str:
    return ",".join(evidence)


def _to_emptying(row: Row[*tuple[Any, ...]]) -> Emptying:
    values = {name: getattr(row, name) for name in _FIELDS}
    seen = tuple(Evidence(word) for word in row.evidence.split(",") if word)
    return Emptying(**values | {"evidence": seen, "state": EmptyingState(row.state)})
