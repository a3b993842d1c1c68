import asyncio
import threading
from dataclasses import replace
from pathlib import Path

from sukusuku_collector.maintenance.records_retention import RecordsRetention
from sukusuku_server.db import MailState
from sukusuku_server.db.alert_history import told
from sukusuku_server.db.mail_queue import MailQueue
from sukusuku_server.db.modes import ModeKind, Modes
from sukusuku_server.db.names import ERASED
from sukusuku_server.model.alerts import Alert, AlertState, OutgoingMail, Word
from sukusuku_server.settings.operations import OperationsSettings
from tests.support.databases import operations
from tests.support.patience import PATIENCE

DAY = 86_400_000
T0 = 1_800_000_000_000
MAIL = OutgoingMail("firing", "s@example.jp", "a@example.jp", "ja", "件名", "<1@example.jp>", b"text with a link")
ALERT = Alert(0, "jam", "tobu", "tobu-unit-1", AlertState.PENDING, T0, None, None, None, None, 1.0, "")


def test_what_mails_said_is_forgotten_and_that_they_were_sent_stays(tmp_path: Path) -> None:
    store = operations(tmp_path)
    with store.change() as change:
        sent = change.put_mail(None, MAIL, T0)
        change.put_mail(None, replace(MAIL, message_id="<2@example.jp>"), T0)
    MailQueue(store).sent(sent, T0)
    Modes(store).start(ModeKind.OUTBREAK, "tobu", now=T0, until=None, who="鈴木", reason="")
    now = T0
    task = RecordsRetention(OperationsSettings(keep_mail_days=30, keep_audit_days=60), store, lambda: now)

    task.step()
    assert all(row.mail.content and row.mail.recipient == MAIL.recipient for row in store.mails())
    now = T0 + 30 * DAY + 1
    task.step()
    assert {(row.state, row.mail.content, row.mail.recipient) for row in store.mails()} == {
        (MailState.SENT, b"", ERASED),
        (MailState.WAITING, MAIL.content, MAIL.recipient),
    }
    assert len(store.audit()) == 1
    now = T0 + 60 * DAY + 1
    task.step()
    assert store.audit() == []
    store.close()


def test_addresses_stay_until_the_alert_has_been_over_for_long_and_ids_of_other_channels_stay(tmp_path: Path) -> None:
    store = operations(tmp_path)
    with store.change() as change:
        alert = change.fire(change.raise_alert(ALERT), T0)
        for channel, recipient in (("mail", MAIL.recipient), ("chat", "chat")):
            word = Word(0, alert.id, "firing", channel, recipient, T0, T0, T0, urgent=True, held="")
            mail = replace(MAIL, channel=channel, recipient=recipient, message_id=f"<{channel}@example.jp>")
            change.say([change.put_word(word)], mail, T0)
    for row in store.mails():
        MailQueue(store).sent(row.id, T0)
    now = T0
    task = RecordsRetention(OperationsSettings(keep_mail_days=30), store, lambda: now)

    def kept(after_days: int) -> list[set[str]]:
        nonlocal now
        now = T0 + after_days * DAY + 1
        task.step()
        outbox = {row.mail.recipient for row in store.mails()}
        return [outbox, {item.recipient for item in told(store, [alert.id])[alert.id]}]

    everybody = {MAIL.recipient, "chat"}
    assert kept(after_days=100) == [everybody, everybody]
    assert {row.mail.content for row in store.mails()} == {b""}
    with store.change() as change:
        assert set(change.recipients(alert.id)) == everybody
        change.resolve(alert, now, None)
    assert kept(after_days=130) == [everybody, everybody]
    assert kept(after_days=131) == [{ERASED, "chat"}, {ERASED, "chat"}]
    store.close()


def test_a_look_that_has_begun_is_finished_before_a_cancel_takes_effect(tmp_path: Path) -> None:
    store = operations(tmp_path)
    begun, goes_on = threading.Event(), threading.Event()

    def clock() -> int:
        begun.set()
        goes_on.wait(PATIENCE)
        return T0

    async def scenario() -> None:
        task = asyncio.create_task(RecordsRetention(OperationsSettings(), store, clock).run())
        assert await asyncio.to_thread(begun.wait, PATIENCE)
        task.cancel()
        for _ in range(10):
            await asyncio.sleep(0)
        assert not task.done()
        goes_on.set()
        await asyncio.wait([task], timeout=PATIENCE)
        assert task.cancelled()

    asyncio.run(scenario())
    store.close()
