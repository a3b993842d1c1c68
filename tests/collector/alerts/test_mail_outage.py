"""What people read when the mail server was away: what is true then, once, and nothing that is of no use."""

from dataclasses import replace
from pathlib import Path

import pytest

from sukusuku_collector.outbox_worker import OutboxWorker
from sukusuku_core.errors import TransientError
from sukusuku_server.db import MailState
from sukusuku_server.db.mail_queue import MailQueue
from sukusuku_server.model.alerts import OutgoingMail
from tests.collector.alerts.alert_cases import HOUR, MINUTE
from tests.collector.alerts.one_person import OPENS, Person, many


class Server:
    """A mail server that is down until a moment, with the clock of everybody."""

    def __init__(self, up: int) -> None:
        self.up = up
        self.now = OPENS
        self.taken: list[tuple[int, str, str]] = []

    def __call__(self) -> int:
        return self.now

    def send(self, message: OutgoingMail) -> None:
        if self.now < self.up:
            raise TransientError("nobody there")
        self.taken.append((self.now, message.recipient, message.kind))


class Outage:
    """A person whose mail server is down until a moment."""

    def __init__(self, folder: Path, up: int, text: str | None = None) -> None:
        self.person = Person(folder) if text is None else Person(folder, text)
        self.server = Server(up)
        self.worker = OutboxWorker("mail", self.server, MailQueue(self.person.store), self.server)

    def at(self, now: int) -> None:
        self.server.now = now
        while self.worker._work() == 0.0:
            pass

    def fault(self, start: int, end: int, until: int, step: int = MINUTE) -> list[str]:
        for now in range(OPENS, until, step):
            self.person.unit(now, Fault_Code=int(start <= now < end))
            self.at(now)
        return [kind for _, _, kind in self.server.taken]


@pytest.mark.parametrize("up", [2 * HOUR + 10 * MINUTE, 2 * HOUR + 50 * MINUTE])
def test_a_fault_that_is_over_when_the_server_is_back_is_not_told_as_one(tmp_path: Path, up: int) -> None:
    outage = Outage(tmp_path, OPENS + up)

    assert outage.fault(OPENS, OPENS + 2 * HOUR + 5 * MINUTE, OPENS + 5 * HOUR) == []


def test_a_fault_that_comes_back_is_told_although_its_first_mail_was_taken_back(tmp_path: Path) -> None:
    outage = Outage(tmp_path, OPENS + HOUR)
    outage.fault(OPENS, OPENS + 30 * MINUTE, OPENS + 50 * MINUTE)
    for minute in range(50, 100):
        outage.person.unit(OPENS + minute * MINUTE, Fault_Code=1)
        outage.at(OPENS + minute * MINUTE)

    assert [kind for _, _, kind in outage.server.taken] == ["firing"]


def test_two_days_without_a_server_are_two_mails_about_a_fault(tmp_path: Path) -> None:
    outage = Outage(tmp_path, OPENS + 48 * HOUR)
    kinds = outage.fault(OPENS, OPENS + 60 * HOUR, OPENS + 50 * HOUR, 5 * MINUTE)

    assert kinds == ["firing", "again"]
    assert outage.server.taken[1][0] - outage.server.taken[0][0] <= 10 * MINUTE


def test_when_one_mail_gets_through_the_others_follow_at_once(tmp_path: Path) -> None:
    outage = Outage(tmp_path, OPENS + 3 * HOUR, many(3, 1))
    mail = OutgoingMail("round", "s@example.jp", "crew@example.jp", "ja", "s", "<1@example.jp>", b"-")
    with outage.person.store.change() as change:
        for number in range(3):
            other = replace(mail, message_id=f"<{number}@example.jp>", recipient=f"crew-{number}@example.jp")
            change.put_mail(None, other, OPENS + 20 * MINUTE * number)
    for minute in range(0, 5 * 60, 2):
        outage.at(OPENS + minute * MINUTE)
    times = [time for time, _, _ in outage.server.taken]

    assert len(times) == 3
    assert max(times) - min(times) <= 4 * MINUTE


def test_a_round_mail_is_set_aside_when_the_vehicle_has_left(tmp_path: Path) -> None:
    outage = Outage(tmp_path, OPENS + 6 * HOUR)
    departs = OPENS + 4 * HOUR
    mail = OutgoingMail("round", "s@example.jp", "crew@example.jp", "ja", "s", "<1@example.jp>", b"-", expires=departs)
    with outage.person.store.change() as change:
        change.put_mail(None, mail, OPENS)
    for minute in range(0, 8 * 60, 10):
        outage.at(OPENS + minute * MINUTE)

    assert outage.server.taken == []
    assert [row.state for row in outage.person.store.mails()] == [MailState.EXPIRED]
