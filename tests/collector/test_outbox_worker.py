"""The worker against a real SMTP server on loopback, with a clock that the test sets."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from sukusuku_collector.alerts.engine import AlertEngine
from sukusuku_collector.channels.mail.channel import MailChannel
from sukusuku_collector.channels.mail.smtp import Smtp
from sukusuku_collector.outbox_worker import LEASE_MS, OutboxWorker
from sukusuku_core.errors import TransientError
from sukusuku_server.db import MailRow, MailState, Operations
from sukusuku_server.db.mail_queue import MailQueue
from sukusuku_server.rooms.schedule import FacilitySchedules
from tests.collector.alerts.alert_cases import FACILITY, MINUTE, T0, UNIT, facility, values
from tests.collector.alerts.mails.golden_mails import body, parse
from tests.support.databases import OPERATIONS, migrate_operations
from tests.support.patience import PATIENCE
from tests.support.smtp_server import Mailbox, server

JAPANESE_ONLY = FACILITY[: FACILITY.rindex("[[contact]]")]


class Present:
    """The clock of the worker."""

    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> int:
        return self.now


def alert(store: Operations, text: str = JAPANESE_ONLY, worker: OutboxWorker | None = None) -> None:
    """A unit crosses its level."""
    wake = worker.wake if worker is not None else lambda: None
    engine = AlertEngine(FacilitySchedules(facility(text)), store, wake)
    for now in (T0 - MINUTE, T0):
        engine.evaluate({UNIT: values(now, {"Fill/Percent": 82.0})}, now, [UNIT])


@asynccontextmanager
async def working(worker: OutboxWorker) -> AsyncIterator[None]:
    task = asyncio.create_task(worker.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Queue(MailQueue):
    """What the worker sends from, telling the test whenever the fate of a mail has been stored."""

    def __init__(self, operations: Operations) -> None:
        super().__init__(operations)
        self._loop = asyncio.get_running_loop()
        self.settled = asyncio.Event()

    def _settle(self, mail_id: int, values: dict[str, object], *, fact: bool = False) -> None:
        super()._settle(mail_id, values, fact=fact)
        self._loop.call_soon_threadsafe(self.settled.set)


class Outbox(Operations):
    """The operations data, with what the worker sends from."""

    def __init__(self, folder: Path) -> None:
        migrate_operations(folder)
        super().__init__(f"sqlite:///{folder / OPERATIONS}")
        self.queue = Queue(self)

    async def until(self, reached: Callable[[list[MailRow]], bool]) -> list[MailRow]:
        """The mails of the outbox, once they are as wanted."""
        async with asyncio.timeout(PATIENCE):
            while not reached(rows := self.mails()):
                await self.queue.settled.wait()
                self.queue.settled.clear()
        return rows

    async def until_tried(self, state: MailState, attempts: int) -> MailRow:
        """The one mail of the outbox, once it is in this state after so many tries."""
        [row] = await self.until(lambda rows: [(row.state, row.attempts) for row in rows] == [(state, attempts)])
        return row

    async def until_none_waits(self) -> list[MailRow]:
        return await self.until(lambda rows: all(row.state is not MailState.WAITING for row in rows))


def test_a_japanese_mail_arrives_as_it_was_written(tmp_path: Path) -> None:
    async def scenario() -> None:
        store, box = Outbox(tmp_path), Mailbox()
        async with box.open() as port:
            worker = OutboxWorker("mail", MailChannel(server(port)), store.queue, Present())
            async with working(worker):
                alert(store, worker=worker)
                row = await store.until_tried(MailState.SENT, 1)
        store.close()

        [envelope] = box.taken
        assert isinstance(envelope.content, bytes)
        message = parse(envelope.content)
        assert (envelope.mail_from, envelope.rcpt_tos) == ("sukusuku@example.jp", ["tobu@example.jp"])
        assert message["Subject"] == "[すくすく] 東部子ども家庭支援センター: おむつ圧縮機1 充填率 82 %（基準 80 %）"
        assert "満杯の袋を外し" in body(message, "plain")
        assert "満杯の袋を外し" in body(message, "html")
        assert envelope.content == row.mail.content
        assert row.sent == T0

    asyncio.run(scenario())


def test_a_server_that_was_down_gets_each_mail_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        store, box, clock = Outbox(tmp_path), Mailbox(), Present()
        async with box.open():
            pass  # the port is known now, and nobody listens
        worker = OutboxWorker("mail", MailChannel(server(box.port)), store.queue, clock)
        alert(store)
        async with working(worker):
            row = await store.until_tried(MailState.WAITING, 1)
            assert "ConnectionRefusedError" in row.reason
            assert row.next_try == T0 + MINUTE
            async with box.open():
                worker.wake()  # too early
                clock.now += MINUTE
                worker.wake()
                row = await store.until_tried(MailState.SENT, 2)
                worker.wake()
        store.close()

        assert len(box.taken) == 1
        assert row.reason == ""

    asyncio.run(scenario())


def test_a_4xx_is_tried_again_after_1_4_16_60_minutes(tmp_path: Path) -> None:
    async def scenario() -> None:
        store, box, clock = Outbox(tmp_path), Mailbox(), Present()
        box.answers = ["451 try later"] * 5
        waits = []
        alert(store)
        async with box.open() as port:
            worker = OutboxWorker("mail", MailChannel(server(port)), store.queue, clock)
            async with working(worker):
                for attempt in range(1, 6):
                    row = await store.until_tried(MailState.WAITING, attempt)
                    assert row.reason == "mail refused: 451 try later"
                    waits.append((row.next_try - clock.now) // MINUTE)
                    clock.now = row.next_try
                    worker.wake()
                await store.until_tried(MailState.SENT, 6)
        store.close()

        assert waits == [1, 4, 16, 60, 60]
        assert (len(box.taken), box.tries) == (1, 6)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("recipient", "answers", "reason"),
    [
        ("tobu@example.jp", ["554 looks like spam"], "mail refused: 554 looks like spam"),
        ("nobody@example.jp", [], "recipient refused: 550 no such user"),
        ("sato@example.jp", ["554 <Sato@example.jp>: box of sato"], "mail refused: 554 <***>: box of ***"),
    ],
)
def test_a_5xx_is_final_and_says_why_and_the_log_names_nobody(
    tmp_path: Path, recipient: str, answers: list[str], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        store, box = Outbox(tmp_path), Mailbox()
        box.answers = answers
        alert(store, JAPANESE_ONLY.replace("tobu@example.jp", recipient))
        async with box.open() as port, working(OutboxWorker("mail", MailChannel(server(port)), store.queue, Present())):
            row = await store.until_tried(MailState.DEAD, 1)
        assert row.reason == reason
        assert reason in caplog.text
        assert recipient.partition("@")[0] not in caplog.text.lower()
        assert store.queue.next_due() is None
        store.close()

    asyncio.run(scenario())


def test_one_dead_mail_does_not_hold_up_the_others(tmp_path: Path) -> None:
    async def scenario() -> None:
        store, box = Outbox(tmp_path), Mailbox()
        alert(store, FACILITY.replace("tobu@example.jp", "nobody@example.jp"))
        async with box.open() as port, working(OutboxWorker("mail", MailChannel(server(port)), store.queue, Present())):
            found = {row.mail.recipient: row.state for row in await store.until_none_waits()}
        store.close()

        assert found == {"nobody@example.jp": MailState.DEAD, "integrator@example.jp": MailState.SENT}

    asyncio.run(scenario())


def test_a_crash_after_sending_makes_one_duplicate_that_can_be_told(tmp_path: Path) -> None:
    async def scenario() -> None:
        store, box, clock = Outbox(tmp_path), Mailbox(), Present()
        alert(store)
        async with box.open() as port:
            row = store.queue.lease(T0, T0 + LEASE_MS)
            assert row is not None
            mail = row.mail
            await asyncio.to_thread(Smtp(server(port)).send, mail.sender, mail.recipient, mail.content)
            # the process dies here; the next one finds the mail leased, and takes it when the lease is over
            worker = OutboxWorker("mail", MailChannel(server(port)), store.queue, clock)
            async with working(worker):
                clock.now += LEASE_MS - 1
                worker.wake()
                assert store.queue.lease(clock.now, clock.now + 1) is None
                clock.now += 1
                worker.wake()
                await store.until_tried(MailState.SENT, 1)
        store.close()

        first, second = (parse(envelope.content) for envelope in box.taken if isinstance(envelope.content, bytes))
        assert first["Message-ID"] == second["Message-ID"] == mail.message_id

    asyncio.run(scenario())


def test_two_workers_on_one_outbox_send_each_mail_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        store, other, box = Outbox(tmp_path), Outbox(tmp_path), Mailbox()
        other.queue.settled = store.queue.settled
        alert(store)
        [row] = store.mails()
        assert row.alert_id is not None
        with store.change() as change:
            for number in range(19):
                change.put_mail(row.alert_id, replace(row.mail, message_id=f"<{number}@example.jp>"), T0)
        async with (
            box.open() as port,
            working(OutboxWorker("mail", MailChannel(server(port)), store.queue, Present())),
            working(OutboxWorker("mail", MailChannel(server(port)), other.queue, Present())),
        ):
            await box.until_tries(20)
            worked = await store.until(lambda rows: sum(row.attempts for row in rows) == 20)
        store.close()
        other.close()

        assert {row.state for row in worked} == {MailState.SENT}
        assert len(box.taken) == 20

    asyncio.run(scenario())


def test_a_cancel_waits_for_the_try_that_has_begun(tmp_path: Path) -> None:
    """Otherwise what the server took would not be marked, and go out twice."""

    class Slow(Mailbox):
        def __init__(self) -> None:
            super().__init__()
            self.begun, self.go_on = asyncio.Event(), asyncio.Event()

        async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
            self.begun.set()
            await self.go_on.wait()
            return await super().handle_DATA(_server, _session, envelope)

    async def scenario() -> None:
        store, box = Outbox(tmp_path), Slow()
        alert(store)
        async with box.open() as port:
            task = asyncio.create_task(OutboxWorker("mail", MailChannel(server(port)), store.queue, Present()).run())
            await box.begun.wait()
            task.cancel()
            await asyncio.sleep(0)
            assert not task.done()
            box.go_on.set()
            with pytest.raises(asyncio.CancelledError):
                await task
        [row] = store.mails()
        store.close()

        assert (row.state, len(box.taken)) == (MailState.SENT, 1)

    asyncio.run(scenario())


class Forgetful(Queue):
    """The database does not answer the first time that a mail is to be marked as sent."""

    def __init__(self, operations: Operations) -> None:
        super().__init__(operations)
        self.failed_once = asyncio.Event()

    def sent(self, mail_id: int, now: int) -> None:
        if not self.failed_once.is_set():
            self._loop.call_soon_threadsafe(self.failed_once.set)
            raise TransientError("operations database: disk full")
        super().sent(mail_id, now)


def test_a_mail_whose_mark_failed_is_marked_later_and_not_sent_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        store, box, clock = Outbox(tmp_path), Mailbox(), Present()
        queue = store.queue = Forgetful(store)
        alert(store)
        async with box.open() as port:
            worker = OutboxWorker("mail", MailChannel(server(port)), store.queue, clock)
            async with working(worker):
                await queue.failed_once.wait()
                clock.now += 2 * LEASE_MS
                worker.wake()
                await store.until_tried(MailState.SENT, 1)
        store.close()

        assert len(box.taken) == 1

    asyncio.run(scenario())
