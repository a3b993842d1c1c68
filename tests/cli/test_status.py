"""`sukusuku status`: what it says of a server, and its exit status."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from sukusuku_cli.status import main
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError
from sukusuku_core.model import Reading
from sukusuku_server.db.leases import Leases, open_leases
from sukusuku_server.live import watching
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.small_facility import facility_file
from tests.support.postgres import PostgresServer
from tests.support.stores import commit

ASSETS = (
    ("unit-1", "Cycles/Total"),
    ("unit-2", "Cycles/Total"),
    ("room", "Occupancy/Count"),
    ("plain-room", "Occupancy/Count"),
)


@pytest.fixture
def listening() -> Iterator[int]:
    """The port of something that takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


@pytest.fixture
def file(tmp_path: Path, listening: int) -> Path:
    path = facility_file(tmp_path, 1883)
    path.write_text(path.read_text(encoding="utf-8") + f"\n[web]\nport = {listening}\n", encoding="utf-8")
    return path


@contextmanager
def collecting(file: Path) -> Iterator[SqliteStore]:
    """The store of a collector that runs and hears its broker."""
    with closing(SqliteStore.open(file.parent / "readings.db")) as store:
        watching.keep(store, now_ms())
        yield store


def test_a_server_that_is_well_is_status_0(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with collecting(file) as store:
        assets = [Reading(asset, metric, now_ms(), 1) for asset, metric in ASSETS]
        commit(store, [*assets, Reading("tobu-pi", "Buffer/Rows", now_ms() - 3000, 12)], now_ms())
        assert main([str(file), "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "collector  runs" in said
    assert next(line.split()[-1] for line in said.splitlines() if line.startswith("tobu-pi")) == "12"


def test_a_room_of_which_nothing_comes_is_named_and_is_status_1(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with collecting(file) as store:
        commit(store, [Reading(asset, metric, now_ms(), 1) for asset, metric in ASSETS[:-1]], now_ms())
        assert main([str(file), "--lang", "en"]) == 1
    assert "no data    plain-room" in capsys.readouterr().out


def test_a_collector_that_does_not_run_is_status_1_in_both_languages_and_as_json(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    SqliteStore.open(file.parent / "readings.db").close()
    assert main([str(file), "--lang", "ja"]) == 1
    assert "停止中" in capsys.readouterr().out
    assert main([str(file), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["running"] == {"collector": False, "api": True}
    assert (said["health"]["status"], said["health"]["collector"]) == ("degraded", False)


def test_reports_that_were_not_mailed_are_told_in_the_words_of_the_reader(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to_whom = '[mail]\nsender = "a@example.jp"\n[[report_mail]]\nname = "係長"\nmail = "chief@example.jp"\n'
    file.write_text(file.read_text(encoding="utf-8") + to_whom, encoding="utf-8")
    for language, said in (
        ("ja", "報告書のメール  まだありません; 遅れています"),
        ("en", "reports by mail  not yet; late"),
    ):
        assert main([str(file), "--lang", language]) == 1
        assert said in capsys.readouterr().out


def test_a_collector_that_hears_nothing_is_told_from_one_that_does_not_run(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with collecting(file) as store:
        watching.keep(store, now_ms() - watching.AWAY_MS - 1)
        assert main([str(file), "--lang", "ja"]) == 1
    assert "稼働中。ブローカーからの受信が途絶えています" in capsys.readouterr().out


def test_where_no_collector_has_run_nothing_is_made(file: Path) -> None:
    (file.parent / "operations.db").unlink()
    with pytest.raises(ConfigError, match="no collector has run"):
        main([str(file)])
    assert not (file.parent / "operations.db").exists()


def test_who_holds_the_lease_and_who_stands_by_is_told(
    file: Path, postgres: PostgresServer, capsys: pytest.CaptureFixture[str]
) -> None:
    SqliteStore.open(file.parent / "readings.db").close()
    url = postgres.operations()
    file.write_text(f'{file.read_text(encoding="utf-8")}\n[operations]\nurl = "{url}"\n', encoding="utf-8")
    first, second = (Leases(open_leases(url), "toshima", name, f"process {name}", 60_000) for name in ("one", "two"))
    with closing(first), closing(second):
        main([str(file), "--json"])
        assert json.loads(capsys.readouterr().out)["health"]["lease"] is None
        assert (first.take(), second.take()) == (1, None)
        main([str(file), "--lang", "en"])
        said = capsys.readouterr().out
        told = {line.split("  ")[0]: line for line in said.splitlines()}
        assert "process one, since" in told["holds the lease"]
        assert "process two, since" in told["stand by"]
        second.leave()
        first.release(1)
        main([str(file), "--lang", "ja"])
        said = capsys.readouterr().out
    assert "稼働権（稼働系）" in said
    assert "引き継ぐ収集サーバーがありません" in said
