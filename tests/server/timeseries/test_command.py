"""`sukusuku store check|migrate`, against a real influxd."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_core.clock import now_ms
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS
from sukusuku_server.timeseries import THINNED_READINGS
from sukusuku_server.timeseries import __main__ as command
from sukusuku_server.timeseries.__main__ import main
from sukusuku_server.timeseries.influx.query import Query
from sukusuku_server.timeseries.influx.reader import InfluxReader
from sukusuku_server.timeseries.influx.store import InfluxStore
from sukusuku_server.timeseries.influx.thinning import DELETED
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.server.timeseries.influx.influx_facility import facility, new_database
from tests.support.influx_v2 import Answer, Request
from tests.support.influxd import Influxd
from tests.support.stores import commit

FACILITY = """
operator = {{id = "toshima", name = {{ja = "豊島区", en = "Toshima"}}}}
[store]
path = "readings.db"
[store.influx]
url = "{url}"
prefix = "{database}/"
batch = 50
timeout = 2
[[site]]
id = "tobu"
name = {{ja = "東部", en = "Tobu"}}
[[site.unit]]
id = "unit-1"
name = {{ja = "一号", en = "Unit 1"}}
edge = "tobu-pi"
"""


@pytest.fixture
def database(influx: Influxd) -> Iterator[str]:
    yield new_database(influx)
    influx.adapter.trouble = None


@pytest.fixture
def settings(influx: Influxd, database: str, tmp_path: Path) -> Path:
    path = tmp_path / "facility.toml"
    path.write_text(FACILITY.format(url=influx.url, database=database), encoding="utf-8")
    return path


def history(folder: Path) -> int:
    """Ten days of readings in a plain SQLite store; tells how many."""
    store = SqliteStore.open(folder / "readings.db")
    start = now_ms() - 10 * DAY_MS
    readings = [Reading("unit-1", "Fill/Percent", start + n * 600_000, n % 90 + 0.5) for n in range(1440)]
    commit(store, readings, start)
    store.close()
    return len(readings)


def test_a_right_server_is_told_so(settings: Path, database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(settings)]) == 0
    said = capsys.readouterr().out
    assert "InfluxDB 1.6.7" in said
    for end in ("raw", "5m", "daily"):
        assert f"ok     bucket {database}/{end} can be written and read" in said
    assert "is not there yet" in said


def test_a_missing_bucket_is_named(
    influx: Influxd, settings: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    influx.ask(f'DROP RETENTION POLICY "5m" ON "{database}"')
    assert main(["check", str(settings)]) == 1
    said = capsys.readouterr().out
    assert f"ok     bucket {database}/raw" in said
    assert "wrong" in said
    assert f"{database}/5m" in said
    assert "retention policy not found" in said


@pytest.mark.parametrize(("status", "words"), [(401, "check token, or username and password"), (403, "may not write")])
def test_a_wrong_token_is_named(
    influx: Influxd, settings: Path, capsys: pytest.CaptureFixture[str], status: int, words: str
) -> None:
    influx.adapter.trouble = lambda _: Answer(
        status, body=b'{"code": "unauthorized", "message": "unauthorized access"}'
    )
    assert main(["check", str(settings)]) == 1
    assert words in capsys.readouterr().out


def test_nobody_there_is_told(settings: Path, influx: Influxd, capsys: pytest.CaptureFixture[str]) -> None:
    settings.write_text(
        settings.read_text(encoding="utf-8").replace(influx.url, "http://127.0.0.1:9"), encoding="utf-8"
    )
    assert main(["check", str(settings)]) == 1
    assert "is it started, and is `url` right?" in capsys.readouterr().out


def test_history_is_copied_and_an_interrupted_copy_goes_on(
    influx: Influxd,
    settings: Path,
    database: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    count = history(settings.parent)
    seen = len(influx.adapter.writes)
    monkeypatch.setattr(command, "PAUSE", 0.0)
    influx.adapter.trouble = lambda _: Answer(503) if len(influx.adapter.writes) > seen + 30 else None
    assert main(["migrate", str(settings)]) == 1
    assert "InfluxDB answers 503" in capsys.readouterr().err
    influx.adapter.trouble = None
    seen = len(influx.adapter.writes)

    assert main(["migrate", str(settings)]) == 0

    assert "points copied" in capsys.readouterr().out
    first = influx.adapter.writes[seen + 3]  # three marks come first
    found = facility(settings.parent / "readings.db", influx, database)
    store = InfluxStore.open_reader(found.store.path)
    reader = InfluxReader(Query(found.store.influx), store.datatype_of)
    assert reader.scan(["unit-1"], 0, 1 << 62) == store.scan(["unit-1"], 0, 1 << 62)
    assert len(reader.scan(["unit-1"], 0, 1 << 62)) == count
    assert first.query["bucket"].startswith(database)
    store.close()
    assert main(["check", str(settings)]) == 0
    assert "readings of the last 7 whole days were compared" in capsys.readouterr().out


def test_a_copy_goes_on_past_what_the_server_does_not_keep(
    influx: Influxd, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """InfluxDB 2.0 answers 500 for points that are older than it keeps, and has taken the others."""
    history(settings.parent)
    body = b'{"code":"internal error","message":"partial write: points beyond retention policy dropped=50"}'
    seen = len(influx.adapter.writes)
    influx.adapter.trouble = lambda _: (
        Answer(500, body=body) if seen + 3 < len(influx.adapter.writes) <= seen + 20 else None
    )

    assert main(["migrate", str(settings)]) == 0
    assert "points copied" in capsys.readouterr().out


def test_a_copy_puts_aside_what_the_server_never_takes(
    influx: Influxd, settings: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "PAUSE", 0.0)
    count = history(settings.parent)
    influx.adapter.trouble = lambda request: (
        Answer(500, body=b"panic") if b" value=5.5 " in _lines(request) and b"reading," in _lines(request) else None
    )

    assert main(["migrate", str(settings)]) == 1

    assert f"{count // 90} points were refused; the quarantine tells why" in capsys.readouterr().out


def _lines(request: Request) -> bytes:
    return gzip.decompress(request.body) if request.body[:2] == b"\x1f\x8b" else request.body


def test_again_fills_what_somebody_deleted(
    influx: Influxd, settings: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    history(settings.parent)
    assert main(["migrate", str(settings)]) == 0
    query = Query(facility(settings, influx, database).store.influx)
    query.ask('DELETE FROM "reading" WHERE time > now() - 3d', "raw")
    assert main(["check", str(settings)]) == 1
    assert "readings in the file, 0 in InfluxDB" in capsys.readouterr().out
    assert main(["migrate", "--again", str(settings)]) == 0
    assert main(["check", str(settings)]) == 0


def test_counts_of_rooms_that_should_be_gone_are_told(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = SqliteStore.open(settings.parent / "readings.db")
    store.note(THINNED_READINGS, 30 * DAY_MS)
    for done, status, words in (
        (28 * DAY_MS, 0, "ok     raw counts of rooms from before 1970-01-29 09:00 are deleted"),
        (27 * DAY_MS, 1, "wrong  raw counts of rooms from before 1970-01-31 09:00 are still in InfluxDB"),
    ):
        store.note(DELETED, done)
        assert main(["check", str(settings)]) == status
        assert words in capsys.readouterr().out
    store.close()


def test_migrating_waits_for_no_collector(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = SqliteStore.open(settings.parent / "readings.db")
    try:
        assert main(["migrate", str(settings)]) == 1
    finally:
        store.close()
    assert "it copies history by itself" in capsys.readouterr().err


def test_there_must_be_a_file(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate", str(settings)]) == 2
    assert "there is no such file" in capsys.readouterr().err
