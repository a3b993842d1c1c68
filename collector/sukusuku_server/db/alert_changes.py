"""What the alert engine may change, inside one transaction."""

from dataclasses import replace

from sqlalchemy import Connection, delete, insert, select, update

from sukusuku_server.db import row_mapping
from sukusuku_server.db.tables_alerts import alert, alert_event, known_asset, mail_outbox
from sukusuku_server.model.alerts import Alert, AlertState, MailState, OutgoingMail


class Change:
    """One transaction of the operations data; everything in it is stored together or not at all."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def raise_alert(self, new: Alert) -> Alert:
        """Store a new pending alert; the answer carries its id."""
        values = row_mapping.alert_values(new)
        del values["id"]
        number = self._connection.execute(insert(alert).values(values).returning(alert.c.id)).scalar_one()
        stored = replace(new, id=number)
        self._note(stored, new.raised, "raised", new.value)
        return stored

    def fire(self, firing: Alert, now: int) -> Alert:
        """Fire an alert that has stood long enough, on the grounds of this moment (see `_grounds`)."""
        values = {"state": AlertState.FIRING, "fired": now}
        self._update(firing.id, values | _grounds(firing))
        self._note(firing, now, "fired", firing.value)
        return self.read(firing.id)

    def worsen(self, worse: Alert, now: int) -> Alert:
        """Raise the alert to a higher stage: everybody is told again, also when somebody took care of it."""
        anew: dict[str, object] = {"state": AlertState.FIRING, "acknowledged": None, "acknowledged_by": None}
        anew |= {"told": 0, "told_first": None, "told_at": None}
        self._update(worse.id, anew | _grounds(worse))
        self._note(worse, now, "worsened", worse.value)
        return self.read(worse.id)

    def told(self, alert_id: int, steps: int, first: int, now: int) -> None:
        """So many steps of the escalation chain have been told, the first one at `first`."""
        self._update(alert_id, {"told": steps, "told_first": first, "told_at": now})

    def recipients(self, alert_id: int) -> dict[str, str]:
        """Who got mails about an alert (address in lower case), with the Message-ID of the first one."""
        columns = (mail_outbox.c.recipient, mail_outbox.c.message_id)
        query = select(*columns).where(mail_outbox.c.alert_id == alert_id).order_by(mail_outbox.c.id.desc())
        return {row.recipient.lower(): row.message_id for row in self._connection.execute(query)}

    def resolve(self, resolved: Alert, now: int, value: float | None) -> Alert:
        """Resolve an alert whose cause is gone; `value` says so. What people did meanwhile is kept."""
        self._update(resolved.id, {"state": AlertState.RESOLVED, "resolved": now, "clearing": None})
        self._note(resolved, now, "resolved", value)
        return self.read(resolved.id)

    def clearing(self, alert_id: int, since: int | None) -> None:
        """Remember since when the cause has been away, so that a restart does not begin the wait again."""
        self._update(alert_id, {"clearing": since})

    def drop(self, alert_id: int) -> None:
        """Forget a pending alert that never fired."""
        self._connection.execute(delete(alert).where(alert.c.id == alert_id))

    def put_mail(self, alert_id: int, mail: OutgoingMail, now: int, due: int = 0) -> None:
        """Hand a mail to the outbox, due at once or at a later moment."""
        values = {"alert_id": alert_id, "state": MailState.WAITING, "created": now, "next_try": max(now, due)}
        values |= {"attempts": 0, "leased_until": 0, "reason": ""}
        values |= row_mapping.mail_values(mail)
        self._connection.execute(insert(mail_outbox).values(values))

    def know(self, assets: list[str], now: int) -> None:
        """Remember since when these assets are watched."""
        self._connection.execute(insert(known_asset), [{"asset": asset, "since": now} for asset in assets])

    def read(self, alert_id: int) -> Alert:
        """Return the alert as it is now, with what people did to it."""
        return row_mapping.to_alert(self._connection.execute(select(alert).where(alert.c.id == alert_id)).one())

    def _update(self, alert_id: int, values: dict[str, object]) -> None:
        self._connection.execute(update(alert).where(alert.c.id == alert_id).values(values))

    def _note(self, about: Alert, time: int, kind: str, value: float | None) -> None:
        self._connection.execute(insert(alert_event).values(alert_id=about.id, time=time, kind=kind, value=value))


def _grounds(about: Alert) -> dict[str, object]:
    """Why the alert stands, as it was seen last."""
    return {
        "value": about.value,
        "threshold": about.threshold,
        "detail": about.detail,
        "stage": about.stage,
        "reason": about.reason,
    }
