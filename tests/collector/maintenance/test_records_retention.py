import asyncio
import threading
from dataclasses import replace
from pathlib import Path

from sukusuku_collector.maintenance.records_retention import RecordsRetention
from sukusuku_server.db import MailState
from sukusuku_server.db.modes import ModeKind, Modes
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.settings.facility import OperationsSettings
from tests.support.databases import operations
from tests.support.patience import PATIENCE

DAY = 86_400_000
T0 = 1_800_000_000_000
MAIL = OutgoingMail("firing", "s@example.jp", "a@example.jp", "ja", "件名", "<1@example.jp>", b"text with a link")


def test_what_mails_said_is_forgotten_and_that_they_were_sent_stays(tmp_path: Path) -> None:
    store = operations(tmp_path)
    with store.change() as change:
        sent = change.put_mail(None, MAIL, T0)
        change.put_mail(None, replace(MAIL, message_id="<2@example.jp>"), T0)
    store.mail_sent(sent, T0)
    Modes(store).start(ModeKind.OUTBREAK, "tobu", now=T0, until=None, who="鈴木", reason="")
    now = T0
    task = RecordsRetention(OperationsSettings(keep_mail_days=30, keep_audit_days=60), store, lambda: now)

    task.step()
    assert all(row.mail.content for row in store.mails())
    now = T0 + 30 * DAY + 1
    task.step()
    assert {(row.state, row.mail.content) for row in store.mails()} == {
        (MailState.SENT, b""),
        (MailState.WAITING, MAIL.content),
    }
    assert len(store.audit()) == 1
    now = T0 + 60 * DAY + 1
    task.step()
    assert store.audit() == []
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
