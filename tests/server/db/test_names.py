import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from sukusuku_server.access import passwords
from sukusuku_server.access.rights import Role
from sukusuku_server.access.single_sign_on import BY
from sukusuku_server.db import Operations, names
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.db.modes import ModeKind, Modes
from sukusuku_server.db.stock import Stock, StockKind
from sukusuku_server.db.visit_requests import Requests
from tests.server.db.test_database import fired
from tests.support.databases import operations

T0 = 1_800_000_000_000


def _filled(store: Operations) -> int:
    accounts, grants = Accounts(store), Grants(store)
    admin = accounts.add("admin@example.jp", "管理 太郎", T0, "start")
    accounts.set_password(admin.id, passwords.hasher(1, 64, 1).hash("x" * 20), T0, "start")
    grants.give(Role.ADMIN, None, T0, "start", account=admin.id)
    found = accounts.add("suzuki@example.jp", "鈴木 花子", T0, "管理 太郎")
    Modes(store).start(ModeKind.OUTBREAK, "tobu", now=T0, until=None, who="鈴木 花子", reason="")
    Stock(store).count("tobu", StockKind.BAG, 5, "鈴木 花子", T0)
    Requests(store).ask("tobu-unit-1", "鈴木 花子", T0)
    return found.id


def _everywhere(store: Operations) -> set[str]:
    with store.reading() as connection:
        return {str(value) for _, column in names.named() for (value,) in connection.execute(select(column))}


def test_a_name_goes_from_everything_and_what_was_done_stays(tmp_path: Path) -> None:
    store = operations(tmp_path)
    ident = _filled(store)
    assert "鈴木 花子" in _everywhere(store)

    Accounts(store).erase(ident, T0 + 1, "管理 太郎")

    assert "鈴木 花子" not in _everywhere(store)
    assert Modes(store).active(T0 + 1)[0].who == names.ERASED
    assert Stock(store).said()[0].count == 5
    assert "管理 太郎" in _everywhere(store)
    assert Accounts(store).by_login("suzuki@example.jp") is None
    store.close()


def test_no_entry_of_the_audit_log_keeps_a_name_beside_who(tmp_path: Path) -> None:
    store = operations(tmp_path)
    ident = _filled(store)
    alert = fired(store).id
    store.acknowledge(alert, "鈴木 花子", T0)
    store.release(alert, "管理 太郎", T0 + 1)
    (entry,) = Stock(store).said()
    Stock(store).withdraw(entry.id, "管理 太郎", T0 + 1)

    Accounts(store).erase(ident, T0 + 2, "管理 太郎")

    entries = store.audit()
    assert {"alert.acknowledge", "alert.release", "stock.withdraw"} <= {item.action for item in entries}
    assert "鈴木" not in str(entries)
    store.close()


def test_the_name_of_somebody_else_stays(tmp_path: Path) -> None:
    store = operations(tmp_path)
    ident = _filled(store)
    Accounts(store).add("other@example.jp", "鈴木 花子", T0, "管理 太郎")

    Accounts(store).erase(ident, T0 + 1, "管理 太郎")

    assert Modes(store).active(T0 + 1)[0].who == "鈴木 花子"
    store.close()


@pytest.mark.parametrize("name", [BY, names.ERASED, f" {BY} "])
def test_nobody_has_a_name_that_stands_for_no_person(tmp_path: Path, name: str) -> None:
    store = operations(tmp_path)
    accounts = Accounts(store)
    made = accounts.add("namesake@example.jp", name, T0, "管理 太郎")

    assert made.name == "namesake@example.jp"
    assert accounts.describe(made.id, {"name": "鈴木 花子"}, T0, "管理 太郎").name == "鈴木 花子"
    assert accounts.describe(made.id, {"name": name, "language": "en"}, T0, "管理 太郎").name == "namesake@example.jp"
    assert accounts.describe(made.id, {"language": "ja"}, T0, "管理 太郎").name == "namesake@example.jp"
    store.close()


def test_every_process_that_can_erase_knows_every_table() -> None:
    code = "from sukusuku_server.db import accounts, names; print(*{table.name for table, _ in names.named()})"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert {"node_key", "round_run", "room_calibration"} <= set(told.stdout.split())


def test_every_column_of_names_is_known() -> None:
    """A new column for the name of whoever did something is called like one of these."""
    held = {f"{table.name}.{column.name}" for table, column in names.named()}

    assert {"audit.who", "alert.acknowledged_by", "round_stop.answered_by", "room_calibration.by", "stock.who"} <= held
    assert "issued_report.issued_by" not in held
