"""How the operations data is opened: durability, migrations, several processes, and what is refused."""

import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from sukusuku_core.errors import ConfigError
from sukusuku_server.db import Operations
from sukusuku_server.db import engine as db_engine
from sukusuku_server.db.tables_alerts import metadata
from tests.support.databases import operations
from tests.support.patience import PATIENCE


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
    assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0027",)]
    connection.close()


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


def test_an_up_to_date_database_is_opened_without_the_migrations(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations(tmp_path).close()

    monkeypatch.setattr(db_engine, "_upgrade", lambda _: pytest.fail("there is nothing to bring up to date"))
    operations(tmp_path).close()


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
