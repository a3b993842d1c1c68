import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from sukusuku_core.errors import TransientError
from sukusuku_server.db import (
    Alert,
    AlertState,
    AlertStateError,
    MailState,
    Operations,
    OutgoingMail,
    UnknownAlertError,
)
from sukusuku_server.db.mail_queue import MailQueue
from tests.collector.alerts.alert_cases import MINUTE, T0
from tests.support.databases import operations

PENDING = Alert(
    id=0,
    rule="collection",
    site="tobu",
    asset="tobu-unit-1",
    state=AlertState.PENDING,
    since=T0,
    fired=None,
    acknowledged=None,
    acknowledged_by=None,
    resolved=None,
    value=82.0,
    detail="fill level 82 %",
    threshold=80.0,
    raised=T0 + 1,
)
MAIL = OutgoingMail("firing", "s@example.jp", "r@example.jp", "ja", "件名", "<1@example.jp>", b"Subject: x\r\n\r\ny")


def raised(store: Operations, alert: Alert = PENDING) -> Alert:
    with store.change() as change:
        return change.raise_alert(alert)


def fired(store: Operations, alert: Alert = PENDING) -> Alert:
    with store.change() as change:
        return change.fire(change.raise_alert(alert), T0 + MINUTE)


def with_mail(store: Operations, mail: OutgoingMail = MAIL, now: int = T0) -> None:
    alert = fired(store, replace(PENDING, asset=mail.message_id))
    with store.change() as change:
        change.put_mail(alert.id, mail, now)


def test_an_alert_lives_and_leaves_its_events(tmp_path: Path) -> None:
    store = operations(tmp_path)
    alert = fired(store)
    taken = store.acknowledge(alert.id, "鈴木", T0 + 2 * MINUTE)
    with store.change() as change:
        done = change.resolve(taken, T0 + 3 * MINUTE, 4.0)

    assert done == replace(
        PENDING,
        id=alert.id,
        state=AlertState.RESOLVED,
        fired=T0 + MINUTE,
        acknowledged=T0 + 2 * MINUTE,
        acknowledged_by="鈴木",
        assigned_to="鈴木",
        resolved=T0 + 3 * MINUTE,
    )
    assert [(event.kind, event.value, event.who) for event in store.events(alert.id)] == [
        ("raised", 82.0, None),
        ("fired", 82.0, None),
        ("acknowledged", None, "鈴木"),
        ("resolved", 4.0, None),
    ]
    assert store.alert(alert.id) == done
    assert store.alerts(open_only=True) == []
    assert store.alerts(open_only=False) == [done]
    store.close()


def test_alerts_are_listed_newest_first_by_site_and_up_to_a_limit(tmp_path: Path) -> None:
    store = operations(tmp_path)
    old = raised(store, replace(PENDING, asset="a"))
    new = raised(store, replace(PENDING, asset="b", since=T0 + 1))
    far = raised(store, replace(PENDING, asset="c", site="seibu"))

    assert store.alerts(open_only=True, site="tobu") == [new, old]
    assert store.alerts(open_only=True, limit=1) == [new]
    assert store.open_alerts() == [old, new, far]
    assert store.alert(99) is None
    store.close()


def test_one_open_alert_per_rule_and_asset(tmp_path: Path) -> None:
    store = operations(tmp_path)
    first = raised(store)
    with pytest.raises(TransientError, match="UNIQUE"):
        raised(store)
    with store.change() as change:
        change.resolve(first, T0, 1.0)

    assert raised(store).id != first.id
    store.close()


def test_a_failed_change_leaves_nothing_behind(tmp_path: Path) -> None:
    store = operations(tmp_path)

    def all_but_the_last_step() -> None:
        with store.change() as change:
            alert = change.raise_alert(PENDING)
            change.put_mail(alert.id, MAIL, T0)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        all_but_the_last_step()

    assert store.alerts(open_only=False) == []
    assert store.mails() == []
    store.close()


def test_a_dropped_alert_is_gone_with_its_events_and_its_number(tmp_path: Path) -> None:
    store = operations(tmp_path)
    alert = raised(store)
    with store.change() as change:
        change.drop(alert.id)

    assert store.alert(alert.id) is None
    assert store.events(alert.id) == []
    assert raised(store).id == alert.id + 1
    store.close()


def test_acknowledging_twice_keeps_the_first(tmp_path: Path) -> None:
    store = operations(tmp_path)
    alert = fired(store)
    first = store.acknowledge(alert.id, "鈴木", T0 + 1)

    assert store.acknowledge(alert.id, "佐藤", T0 + 2) == first
    assert (first.state, first.acknowledged, first.acknowledged_by) == (AlertState.ACKNOWLEDGED, T0 + 1, "鈴木")
    assert [(entry.who, entry.action, entry.target) for entry in store.audit()] == [
        ("鈴木", "alert.acknowledge", str(alert.id))
    ]
    store.close()


def test_what_cannot_be_acknowledged(tmp_path: Path) -> None:
    store = operations(tmp_path)
    with pytest.raises(UnknownAlertError, match="no alert 5"):
        store.acknowledge(5, "鈴木", T0)
    alert = raised(store)
    with pytest.raises(AlertStateError, match="not firing yet"):
        store.acknowledge(alert.id, "鈴木", T0)
    with store.change() as change:
        change.resolve(change.fire(alert, T0), T0 + 1, 1.0)
    with pytest.raises(AlertStateError, match="resolved already"):
        store.acknowledge(alert.id, "鈴木", T0)

    assert store.audit() == []
    store.close()


def test_a_mail_is_leased_to_one_and_comes_back_after_the_lease(tmp_path: Path) -> None:
    store = operations(tmp_path)
    other = operations(tmp_path)
    with_mail(store)
    leased = MailQueue(store).lease(T0, T0 + MINUTE)

    assert leased is not None
    assert leased.mail == MAIL
    assert MailQueue(other).lease(T0 + 1, T0 + MINUTE) is None
    assert MailQueue(other).next_due() == T0 + MINUTE
    again = MailQueue(other).lease(T0 + MINUTE, T0 + 2 * MINUTE)
    assert again is not None
    assert again.id == leased.id
    store.close()
    other.close()


def test_mails_end_sent_waiting_or_dead(tmp_path: Path) -> None:
    store = operations(tmp_path)
    for number in (1, 2, 3):
        with_mail(store, replace(MAIL, message_id=f"<{number}@example.jp>"))
    MailQueue(store).sent(1, T0 + 5)
    MailQueue(store).failed(2, "451 later", T0 + MINUTE)
    MailQueue(store).dead(3, "550 no such user")

    found = {row.id: (row.state, row.attempts, row.reason, row.sent) for row in store.mails()}
    assert found == {
        1: (MailState.SENT, 1, "", T0 + 5),
        2: (MailState.WAITING, 1, "451 later", None),
        3: (MailState.DEAD, 1, "550 no such user", None),
    }
    assert MailQueue(store).lease(T0 + 10, T0 + 20) is None
    assert MailQueue(store).next_due() == T0 + MINUTE
    store.close()


def test_a_fence_is_asked_before_everything_that_writes_but_what_has_happened(tmp_path: Path) -> None:
    store = operations(tmp_path)
    with_mail(store)

    def closed(_: object) -> None:
        raise TransientError("fenced")

    store.fence(closed)
    with pytest.raises(TransientError, match="fenced"):
        MailQueue(store).lease(T0, T0 + MINUTE)
    with pytest.raises(TransientError, match="fenced"):
        with_mail(store)
    MailQueue(store).sent(1, T0 + 5)
    assert [mail.state for mail in store.mails()] == [MailState.SENT]


def test_what_is_known_stays_known(tmp_path: Path) -> None:
    store = operations(tmp_path)
    with store.change() as change:
        change.know(["a", "b"], T0)
    store.close()
    store = operations(tmp_path)

    assert store.known_assets() == {"a": T0, "b": T0}
    store.close()


def test_a_database_that_does_not_answer_is_a_transient_error(tmp_path: Path) -> None:
    store = operations(tmp_path)
    engine = create_engine(f"sqlite:///{tmp_path / 'operations.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE mail_outbox")
    engine.dispose()

    with pytest.raises(TransientError, match="operations database: no such table"):
        store.mails()
    store.close()


def test_what_is_done_together_is_done_as_a_whole(tmp_path: Path) -> None:
    store = operations(tmp_path)

    def both(*, fail: bool) -> None:
        with store.together():
            with store.change() as change:
                change.know(["a"], 1000)
            with store.change() as change:
                change.know(["b"], 1000)
            assert set(store.known_assets()) == {"a", "b"}
            if fail:
                raise KeyError

    with pytest.raises(KeyError):
        both(fail=True)
    assert store.known_assets() == {}

    both(fail=False)
    assert set(store.known_assets()) == {"a", "b"}
    store.close()


def test_a_connection_that_is_in_use_is_closed_when_it_is_given_back(tmp_path: Path) -> None:
    """A thread of the API may still read when the API ends."""
    operations = Operations(f"sqlite:///{tmp_path / 'operations.db'}")
    with operations.reading() as connection:
        used: Any = connection.connection.dbapi_connection
        operations.close()
        assert connection.execute(text("SELECT 1")).scalar() == 1
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        used.execute("SELECT 1")


def test_a_writer_waits_for_another_process(tmp_path: Path) -> None:
    """A transaction that has read and then writes is never refused because another one wrote in between."""
    store = operations(tmp_path)
    other = operations(tmp_path)
    alert = fired(store)
    with store.change() as change:
        before = change.read(alert.id)
        assert other.alert(alert.id) == before  # readers are not held up
        change.course(replace(alert, clearing=T0))

    assert other.acknowledge(alert.id, "鈴木", T0).clearing == T0
    store.close()
    other.close()
