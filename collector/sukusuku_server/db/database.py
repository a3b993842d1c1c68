"""The operations data in an SQL database, behind one class. Safe to use from several threads and processes."""

import copy
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any, Self

from sqlalchemy import Connection, event, func, insert, select, update
from sqlalchemy.exc import DBAPIError

from sukusuku_core.errors import TransientError
from sukusuku_server.access.records import Actor
from sukusuku_server.db import alert_history, audit_entry, row_mapping
from sukusuku_server.db.alert_changes import Change
from sukusuku_server.db.engine import open_engine, writing
from sukusuku_server.db.tables_alerts import ACTOR, alert, alert_event, alert_word, audit, known_asset, mail_outbox
from sukusuku_server.model.alerts import (
    Alert,
    AlertEvent,
    AlertState,
    AlertStateError,
    AuditEntry,
    MailRow,
    UnknownAlertError,
    Word,
)

_FACT = "fact"


class Operations:
    """Alerts, mail outbox and audit log of one facility.

    Every method raises TransientError when the database does not answer (locked, disk full, server away); nothing is
    half done then, and the same call may be made again. The constructor raises ConfigError.
    """

    def __init__(self, url: str, session: str | None = None) -> None:
        """Open the database. `session` is what PostgreSQL calls the connections."""
        self._engine = open_engine(url, session)
        self._thread = threading.local()

    def fence(self, check: Callable[[Connection], object]) -> None:
        """Have `check` called at the beginning of each transaction that writes; what it raises ends the transaction."""

        def begun(connection: Connection) -> None:
            if connection.get_execution_options().get("write") and not connection.get_execution_options().get(_FACT):
                check(connection)

        event.listen(self._engine, "begin", begun)

    def acting(self, actor: Actor) -> Self:
        """Return the same data, with the audit log telling that this actor did what is done through it."""
        acting = copy.copy(self)
        acting._engine = self._engine.execution_options(**{ACTOR: actor})  # noqa: SLF001 - one of its own kind
        return acting

    def close(self) -> None:
        """Give back the connections. One that another thread still uses is closed when that is done with it."""
        event.listen(self._engine, "checkin", lambda _, record: record.invalidate())
        self._engine.dispose()

    # ------------------------------------------------------------ alerts

    def alerts(
        self,
        *,
        open_only: bool,
        site: str | None = None,
        about: Collection[str] | None = None,
        account: int | None = None,
        limit: int = 200,
    ) -> list[Alert]:
        """Alerts, the newest first; `open_only` leaves out the resolved ones. Pending ones are among them.

        `about` are ids of assets and sites, `account` is to whom they are assigned; None: all.
        """
        query = select(alert).order_by(alert.c.since.desc(), alert.c.id.desc()).limit(limit)
        if open_only:
            query = query.where(alert.c.resolved.is_(None))
        if site is not None:
            query = query.where(alert.c.site == site)
        if about is not None:
            query = query.where(alert.c.asset.in_(about))
        if account is not None:
            query = query.where(alert.c.assigned_account == account)
        with self.reading() as connection:
            return [row_mapping.to_alert(row) for row in connection.execute(query)]

    def open_alerts(self) -> list[Alert]:
        """Every alert that is not resolved."""
        with self.reading() as connection:
            query = select(alert).where(alert.c.resolved.is_(None)).order_by(alert.c.id)
            return [row_mapping.to_alert(row) for row in connection.execute(query)]

    def resting_alerts(self, since: int) -> list[Alert]:
        """Return the newest alert of each rule and subject, where it was resolved since a moment (UTC ms) and rests."""
        newest = select(func.max(alert.c.id)).group_by(alert.c.rule, alert.c.asset)
        rests = (alert.c.resolved >= since) & alert.c.clearing.is_not(None)
        query = select(alert).where(alert.c.id.in_(newest), rests).order_by(alert.c.id)
        with self.reading() as connection:
            return [row_mapping.to_alert(row) for row in connection.execute(query)]

    def waiting_words(self, minds: Callable[[str], bool] = lambda _: True) -> list[Word]:
        """Return what people are still to hear of those assets and sites, in the order in which it came up."""
        waits = alert_word.c.mail_id.is_(None)
        subjects = select(alert.c.id, alert.c.asset).where(alert.c.id.in_(select(alert_word.c.alert_id).where(waits)))
        with self.reading() as connection:
            own = {row.id for row in connection.execute(subjects) if minds(row.asset)}
            found = connection.execute(select(alert_word).where(waits).order_by(alert_word.c.id))
            return [row_mapping.to_word(row) for row in found if row.alert_id in own]

    def alert(self, alert_id: int) -> Alert | None:
        """One alert, None when there is none with this id."""
        with self.reading() as connection:
            return _find(connection, alert_id)

    def events(self, alert_id: int) -> list[AlertEvent]:
        """Return the life of an alert in order. Empty for an alert that is not there."""
        return alert_history.events(self, [alert_id]).get(alert_id, [])

    def acknowledge(self, alert_id: int, who: str, now: int, note: str = "", *, account: int | None = None) -> Alert:
        """Somebody takes care of a firing alert, which is theirs then. Doing it again changes nothing.

        `note` is what they say about it, at most 500 characters, `account` theirs, where they have one of their own.
        Raises UnknownAlertError, and AlertStateError when the alert is resolved already or not firing yet.
        """
        who = who[:120]
        with self.writing() as connection:
            values = {"state": AlertState.ACKNOWLEDGED, "acknowledged": now, "acknowledged_by": who}
            values |= {"assigned_to": who, "assigned_account": account}
            firing = (alert.c.id == alert_id) & (alert.c.state == AlertState.FIRING)
            if connection.execute(update(alert).where(firing).values(values)).rowcount:
                event = {"alert_id": alert_id, "time": now, "kind": "acknowledged", "who": who, "note": note[:500]}
                connection.execute(insert(alert_event).values(event))
                audit_entry.note(connection, now, who, "alert.acknowledge", str(alert_id))
            found = _find(connection, alert_id)
        if found is None:
            raise UnknownAlertError(alert_id)
        if found.state is not AlertState.ACKNOWLEDGED:
            raise AlertStateError(found)
        return found

    def assign(
        self, alert_id: int, to: str, who: str, now: int, note: str = "", *, account: int | None = None
    ) -> Alert:
        """Say who shall take care of a firing alert, by name and account. Doing it again changes nothing.

        They have not said yet that they do: if somebody took care of it, nobody does now.
        Raises UnknownAlertError, and AlertStateError when the alert is resolved already or not firing yet.
        """
        to = to[:120]
        with self.writing() as connection:
            current = _cared_for(connection, alert_id)
            if (current.assigned_to, current.assigned_account) == (to, account):
                return current
            values = _NOBODYS | {"assigned_to": to, "assigned_account": account}
            event = {"kind": "assigned", "who": who[:120], "note": note[:500], "assigned_to": to}
            _hand_over(connection, current, values, event, now)
            before, after = current.assigned_account, account
            audit_entry.note(
                connection,
                now,
                who,
                "alert.assign",
                str(alert_id),
                before=None if before is None else {"account": before},
                after=None if after is None else {"account": after},
            )
            return replace(current, **values)

    def release(self, alert_id: int, who: str, now: int) -> Alert:
        """Nobody takes care of an alert after all, nor shall anybody in particular. Doing it again changes nothing.

        Raises UnknownAlertError, and AlertStateError when the alert is resolved already or not firing yet.
        """
        with self.writing() as connection:
            found = _cared_for(connection, alert_id)
            acknowledged = found.state is AlertState.ACKNOWLEDGED
            if not acknowledged and found.assigned_to is None:
                return found
            event = {"kind": "released" if acknowledged else "unassigned", "who": who[:120]}
            _hand_over(connection, found, _NOBODYS, event, now)
            action = "alert.release" if acknowledged else "alert.unassign"
            audit_entry.note(connection, now, who, action, str(alert_id))
            return replace(found, **_NOBODYS)

    def in_hand(self) -> set[int]:
        """Return the open alerts of which somebody takes care (their ids)."""
        query = select(alert.c.id).where(alert.c.resolved.is_(None), alert.c.acknowledged.is_not(None))
        with self.reading() as connection:
            return set(connection.execute(query).scalars())

    @contextmanager
    def change(self) -> Iterator[Change]:
        """One transaction of the alert engine: committed when the block ends, undone when it raises."""
        with self.writing() as connection:
            yield Change(connection)

    def known_assets(self) -> Mapping[str, int]:
        """Since when (UTC ms) each asset is watched."""
        with self.reading() as connection:
            found = connection.execute(select(known_asset.c.asset, known_asset.c.since))
            return {row.asset: row.since for row in found}

    def audit(self, limit: int = 200) -> list[AuditEntry]:
        """Return the newest entries of the audit log, newest first."""
        query = select(*(audit.c[field.name] for field in fields(AuditEntry)))
        with self.reading() as connection:
            return [AuditEntry(*row) for row in connection.execute(query.order_by(audit.c.id.desc()).limit(limit))]

    def mails(self, limit: int = 200) -> list[MailRow]:
        """Return the newest mails of the outbox, newest first, whatever became of them."""
        with self.reading() as connection:
            query = select(mail_outbox).order_by(mail_outbox.c.id.desc()).limit(limit)
            return [row_mapping.to_mail(row) for row in connection.execute(query)]

    # ------------------------------------------------------------ transactions

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Provide a transaction that only reads. For the modules of this package."""
        joined = self._joined()
        if joined is not None:
            yield joined
            return
        with translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self, *, fact: bool = False) -> Iterator[Connection]:
        """Open a transaction with the write lock: committed at the end, undone when the block raises.

        `fact`: what has happened outside is recorded, which no fence hinders.
        """
        joined = self._joined()
        if joined is not None:
            yield joined
            return
        with translated(), writing(self._engine).execution_options(**{_FACT: fact}).begin() as connection:
            yield connection

    @contextmanager
    def together(self) -> Iterator[None]:
        """Whatever this thread reads and writes in the block is one transaction: one wait for the disk, not many."""
        with self.writing() as connection:
            self._thread.connection = connection
            try:
                yield
            finally:
                self._thread.connection = None

    def _joined(self) -> Connection | None:
        found: Connection | None = getattr(self._thread, "connection", None)
        return found


_NOBODYS: dict[str, Any] = {
    "state": AlertState.FIRING,
    "acknowledged": None,
    "acknowledged_by": None,
    "assigned_to": None,
    "assigned_account": None,
}
"""An open alert of which nobody takes care."""


def _cared_for(connection: Connection, alert_id: int) -> Alert:
    """Return an alert of which somebody can take care, or does. Raises UnknownAlertError, AlertStateError."""
    found = _find(connection, alert_id)
    if found is None:
        raise UnknownAlertError(alert_id)
    if found.state not in {AlertState.FIRING, AlertState.ACKNOWLEDGED}:
        raise AlertStateError(found)
    return found


def _hand_over(
    connection: Connection, found: Alert, values: Mapping[str, Any], event: Mapping[str, Any], now: int
) -> None:
    connection.execute(update(alert).where(alert.c.id == found.id).values(values))
    connection.execute(insert(alert_event).values({"alert_id": found.id, "time": now, **event}))


def _find(connection: Connection, alert_id: int) -> Alert | None:
    row = connection.execute(select(alert).where(alert.c.id == alert_id)).first()
    return None if row is None else row_mapping.to_alert(row)


@contextmanager
def translated() -> Iterator[None]:
    """Raise TransientError for what the database's library raises. For the modules of this package."""
    try:
        yield
    except DBAPIError as error:
        raise TransientError(f"operations database: {error.orig}") from error
