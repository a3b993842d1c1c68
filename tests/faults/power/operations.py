"""The collector's operations data."""

import random
from pathlib import Path

from sukusuku_server.db import Alert, AlertState, Operations, OutgoingMail
from sukusuku_server.db.mail_queue import MailQueue
from tests.faults.power.subjects import EVERYTHING, UNITS, T


class OperationsSubject:
    """The operations data: alerts, mails to be sent, audit."""

    def __init__(self, folder: Path) -> None:
        self._url = f"sqlite:///{folder / 'operations.db'}"

    def open(self) -> None:
        self._operations = Operations(self._url)

    def close(self) -> None:
        self._operations.close()

    def step(self, rng: random.Random) -> None:
        now = T + rng.randrange(10**9)
        known = self._operations.alerts(open_only=False, limit=EVERYTHING)
        firing = [alert for alert in known if alert.state is AlertState.FIRING]
        kind = rng.choices(("fire", "acknowledge", "resolve", "lease", "sent"), (5, 3, 2, 2, 2))[0]
        if kind in {"acknowledge", "resolve"} and firing:
            chosen = rng.choice(firing)
            if kind == "acknowledge":
                self._operations.acknowledge(chosen.id, "staff", now)
            else:
                with self._operations.change() as change:
                    change.resolve(chosen, now, 1.0)
                    change.put_mail(chosen.id, _mail(rng), now)
        elif kind == "lease":
            MailQueue(self._operations).lease(T + 10**9, T + rng.randrange(10**9))
        elif kind == "sent" and known:
            MailQueue(self._operations).sent(rng.randint(1, len(known)), now)
        else:
            with self._operations.change() as change:
                raised = change.raise_alert(_alert(rng, now))
                change.fire(raised, now)
                change.put_mail(raised.id, _mail(rng), now)

    def dump(self) -> object:
        alerts = self._operations.alerts(open_only=False, limit=EVERYTHING)
        events = [self._operations.events(alert.id) for alert in alerts]
        return alerts, events, self._operations.mails(EVERYTHING), self._operations.audit(EVERYTHING)

    def careless(self) -> None:
        connection = self._operations._engine.raw_connection()  # outside of any transaction; the pool reuses it
        connection.cursor().execute("PRAGMA synchronous=OFF")
        connection.close()


def _alert(rng: random.Random, now: int) -> Alert:
    detail = "fill level " + "x" * rng.randint(0, 400)
    return Alert(
        0, f"rule-{rng.randrange(10**9)}", "tobu", rng.choice(UNITS), AlertState.PENDING, now, None, None, None, None,
        rng.random(), detail, 80.0, now,
    )  # fmt: skip


def _mail(rng: random.Random) -> OutgoingMail:
    content = rng.randbytes(rng.randint(100, 6000))
    return OutgoingMail(
        "firing", "s@example.jp", "r@example.jp", "ja", "件名", f"<{rng.randrange(2**62)}@example.jp>", content
    )


SUBJECT = OperationsSubject
