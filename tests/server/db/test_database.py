import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from sukusuku_core.errors import ConfigError, TransientError
from sukusuku_server.db import (
    Alert,
    AlertState,
    AlertStateError,
    MailState,
    Operations,
    OutgoingMail,
    UnknownAlertError,
)
from sukusuku_server.db import engine as db_engine
from sukusuku_server.db.mail_queue import MailQueue
from sukusuku_server.db.tables_alerts import metadata
from tests.collector.alerts.alert_cases import MINUTE, T0
from tests.support.databases import operations
from tests.support.patience import PATIENCE

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


def test_the_file_is_opened_for_durability(tmp_path: Path) -> None:
    store = operations(tmp_path)
    with store.reading() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
    store.close()


def test_the_migrations_lead_to_the_tables(tmp_path: Path) -> None:
    store = operations(tmp_path)
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, metadata) == []
    store.close()


def test_many_processes_may_start_on_an_empty_folder(tmp_path: Path) -> None:
    """Collector and API start together; whoever comes first migrates."""
    url = f"sqlite:///{tmp_path / 'operations.db'}"
    code = (
        "import sys; from sukusuku_server.db import Operations; sys.stdin.readline();"
        "o = Operations(sys.argv[1]); o.mails(); o.close()"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, url], stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ
        )
        for _ in range(4)
    ]
    for process in started:  # all of them have been started, the imports may still differ by a little
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    ends = [(process.communicate(timeout=PATIENCE)[1].decode(), process.returncode) for process in started]

    assert ends == [("", 0)] * 4
    connection = sqlite3.connect(tmp_path / "operations.db")
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0025",)]
    connection.close()


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


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    operations(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "operations.db")
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()

    with pytest.raises(ConfigError, match="newer version"):
        operations(tmp_path)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "not usable"),
        ("nodatabase://x/y", "not usable"),
        ("sqlite:////nowhere/at/all/operations.db", "cannot be opened: unable to open"),
    ],
)
def test_a_wrong_url_says_so(url: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Operations(url)


def test_what_is_not_a_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "operations.db").write_bytes(b"not a database" * 100)

    with pytest.raises(ConfigError, match="cannot be opened: file is not a database"):
        operations(tmp_path)


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


def test_many_who_make_the_database_at_the_same_moment_all_have_it(tmp_path: Path) -> None:
    def one(url: str) -> int:
        store = Operations(url)
        try:
            return len(store.alerts(open_only=True))
        finally:
            store.close()

    with ThreadPoolExecutor(6) as pool:
        for number in range(6):
            url = f"sqlite:///{tmp_path / f'{number}.db'}"
            assert list(pool.map(one, [url] * 6)) == [0] * 6


def test_a_connection_that_is_in_use_is_closed_when_it_is_given_back(tmp_path: Path) -> None:
    """A thread of the API may still read when the API ends."""
    operations = Operations(f"sqlite:///{tmp_path / 'operations.db'}")
    with operations.reading() as connection:
        used: Any = connection.connection.dbapi_connection
        operations.close()
        assert connection.execute(text("SELECT 1")).scalar() == 1
    with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
        used.execute("SELECT 1")


def test_an_up_to_date_database_is_opened_without_the_migrations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations(tmp_path).close()

    monkeypatch.setattr(db_engine, "_upgrade", lambda _: pytest.fail("there is nothing to bring up to date"))
    operations(tmp_path).close()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no folder in which root can make no file")
def test_a_file_that_cannot_be_made_is_told_in_words() -> None:
    with pytest.raises(ConfigError, match=r"operations\.url: .* cannot be opened"):
        Operations("sqlite:////proc/operations.db")


def test_a_database_in_memory_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Operations("sqlite:///:memory:").close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_makes_belongs_to_whom_its_folder_belongs_to(tmp_path: Path) -> None:
    """Or a command before the first start of the service would leave it a file that it cannot write."""
    folder = tmp_path / "of-the-service"
    folder.mkdir()
    os.chown(folder, 4711, 4712)
    store = Operations(f"sqlite:///{folder / 'operations.db'}")
    store.mails()
    files = {path.name: path.stat() for path in folder.iterdir()}
    store.close()
    assert {(it.st_uid, it.st_gid) for it in files.values()} == {(4711, 4712)}
    assert files["operations.db"].st_mode & 0o777 == 0o600
    assert "operations.db-wal" in files
