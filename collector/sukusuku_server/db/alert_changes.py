"""What the alert engine may change, inside one transaction."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from sukusuku_server.db import alert_history, row_mapping
from sukusuku_server.db.tables_alerts import alert, alert_event, alert_word, known_asset, mail_outbox
from sukusuku_server.model.alerts import Alert, AlertState, MailState, OutgoingMail, Word

# What each look asks for many alerts, built once: it takes longer to build such a query than to answer it.
_ALERT = select(alert).where(alert.c.id == bindparam("alert"))
_RECIPIENTS = (
    select(alert_word.c.recipient, mail_outbox.c.message_id)
    .join(mail_outbox, mail_outbox.c.id == alert_word.c.mail_id)
    .where(alert_word.c.alert_id == bindparam("alert"))
    .order_by(mail_outbox.c.id.desc())
)
_STUCK = (
    select(mail_outbox.c.id, alert_word.c.alert_id)
    .join(alert_word, alert_word.c.mail_id == mail_outbox.c.id)
    .where(
        mail_outbox.c.channel == bindparam("channel"),
        func.lower(mail_outbox.c.recipient) == bindparam("recipient"),
        mail_outbox.c.attempts > 0,
        mail_outbox.c.state == MailState.WAITING,
        mail_outbox.c.leased_until <= bindparam("now"),
    )
)
_NEW_WORD = insert(alert_word).returning(alert_word.c.id)
_NEW_EVENT = insert(alert_event)


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
        """Raise the alert to a higher stage: nobody takes care of that yet."""
        anew: dict[str, object] = {"state": AlertState.FIRING, "acknowledged": None, "acknowledged_by": None}
        self._update(worse.id, anew | _grounds(worse))
        self._note(worse, now, "worsened", worse.value)
        return self.read(worse.id)

    def reopen(self, back: Alert, now: int) -> Alert:
        """Open a resolved alert again, whose cause has returned. Whoever takes care of it still does."""
        state = AlertState.FIRING if back.acknowledged is None else AlertState.ACKNOWLEDGED
        fired = back.fired if back.told else now  # what nobody was told of begins to wait now
        self._update(back.id, {"state": state, "resolved": None, "clearing": None, "fired": fired} | _grounds(back))
        self._note(back, now, "returned", back.value)
        return self.read(back.id)

    def told(self, about: Alert) -> None:
        """Keep how many steps of the escalation chain have been told of which stage, when, and how often again."""
        names = ("told", "told_stage", "told_first", "told_at", "repeats")
        self._update(about.id, {name: getattr(about, name) for name in names})

    def recipients(self, alert_id: int) -> dict[str, str]:
        """Who got mails about an alert (address in lower case), with the Message-ID of the first one."""
        return {row.recipient: row.message_id for row in self._connection.execute(_RECIPIENTS, {"alert": alert_id})}

    def resolve(self, resolved: Alert, now: int, value: float | None, *, rests: bool = False) -> Alert:
        """Resolve an alert whose cause is gone; `value` says so. What people did meanwhile is kept.

        `rests`: it may come back as the same alert.
        """
        state = {"state": AlertState.RESOLVED, "resolved": now, "clearing": now if rests else None}
        self._update(resolved.id, state)
        self._note(resolved, now, "resolved", value)
        return self.read(resolved.id)

    def course(self, about: Alert) -> None:
        """Remember how the cause comes and goes, so that a restart does not begin a wait again."""
        names = ("raised", "clearing", "returns", "gap")
        self._update(about.id, {name: getattr(about, name) for name in names})

    def drop(self, alert_id: int) -> None:
        """Forget a pending alert that never fired."""
        self._connection.execute(delete(alert).where(alert.c.id == alert_id))

    def put_mail(self, alert_id: int | None, mail: OutgoingMail, now: int, due: int = 0) -> int:
        """Hand a mail to the outbox, due at once or at a later moment; return its id."""
        values = row_mapping.mail_values(mail) | {"alert_id": alert_id, "state": MailState.WAITING, "created": now}
        values |= {"next_try": max(now, due), "attempts": 0, "leased_until": 0, "reason": ""}
        added = insert(mail_outbox).values(values).returning(mail_outbox.c.id)
        number: int = self._connection.execute(added).scalar_one()
        return number

    def put_word(self, new: Word) -> Word:
        """Keep what one recipient is to hear about one alert; the answer carries its id."""
        number = self._connection.execute(_NEW_WORD, row_mapping.word_values(new)).scalar_one()
        return replace(new, id=number)

    def say(self, words: Sequence[Word], mail: OutgoingMail, now: int) -> None:
        """Hand the mail that says these words to the outbox."""
        alerts = {word.alert_id for word in words}
        number = self.put_mail(alerts.pop() if len(alerts) == 1 else None, mail, now)
        said = alert_word.c.id.in_([word.id for word in words])
        self._connection.execute(update(alert_word).where(said).values(mail_id=number))

    def withdraw(self, words: Collection[Word]) -> None:
        """Forget words that mean nothing any more."""
        if words:
            gone = alert_word.c.id.in_([word.id for word in words])
            self._connection.execute(delete(alert_word).where(gone))

    def postpone(self, words: Sequence[Word], until: int, held: str) -> list[Word]:
        """Let words wait until a later moment, unless a message goes before; return them as they are then."""
        later = alert_word.c.id.in_([word.id for word in words])
        self._connection.execute(update(alert_word).where(later).values(due=until, held=held))
        return [replace(word, due=until, held=held) for word in words]

    def stuck(self, channel: str, recipient: str, now: int) -> dict[int, frozenset[int]]:
        """Mails to a recipient that failed and wait: by id the alerts that they tell of. One being sent is none."""
        found: dict[int, frozenset[int]] = {}
        asked = {"channel": channel, "recipient": recipient, "now": now}
        for mail_id, alert_id in self._connection.execute(_STUCK, asked):
            found[mail_id] = found.get(mail_id, frozenset()) | {alert_id}
        return found

    def take_back(self, mail_id: int) -> list[Word]:
        """Forget a mail that was not sent; the words in it wait again and are returned."""
        said = alert_word.c.mail_id == mail_id
        rows = self._connection.execute(select(alert_word).where(said).order_by(alert_word.c.id)).all()
        self._connection.execute(update(alert_word).where(said).values(mail_id=None))
        self._connection.execute(delete(mail_outbox).where(mail_outbox.c.id == mail_id))
        return [row_mapping.to_word(row) for row in rows]

    def unsent(self, alert_id: int) -> set[tuple[str, str]]:
        """Channel and recipient of the mails about an alert that are not sent yet."""
        query = select(alert_word.c.channel, alert_word.c.recipient)
        query = query.join(mail_outbox, mail_outbox.c.id == alert_word.c.mail_id)
        waits = (alert_word.c.alert_id == alert_id) & (mail_outbox.c.state == MailState.WAITING)
        return {(row.channel, row.recipient) for row in self._connection.execute(query.where(waits))}

    def written(self, channel: str, recipient: str, since: int) -> int:
        """How many mails were written to a recipient since a moment (UTC ms), whatever they are about."""
        return alert_history.written(self._connection, channel, recipient, since)

    def know(self, assets: list[str], now: int) -> None:
        """Remember since when these assets are watched."""
        self._connection.execute(insert(known_asset), [{"asset": asset, "since": now} for asset in assets])

    def read(self, alert_id: int) -> Alert:
        """Return the alert as it is now, with what people did to it."""
        return row_mapping.to_alert(self._connection.execute(_ALERT, {"alert": alert_id}).one())

    def _update(self, alert_id: int, values: dict[str, object]) -> None:
        self._connection.execute(update(alert).where(alert.c.id == alert_id).values(values))

    def _note(self, about: Alert, time: int, kind: str, value: float | None) -> None:
        self._connection.execute(_NEW_EVENT, {"alert_id": about.id, "time": time, "kind": kind, "value": value})


def _grounds(about: Alert) -> dict[str, object]:
    """Why the alert stands, as it was seen last."""
    return {
        "value": about.value,
        "threshold": about.threshold,
        "detail": about.detail,
        "stage": about.stage,
        "reason": about.reason,
    }
