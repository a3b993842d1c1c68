"""From a file in the folder or an address to what the API says: real files, a real HTTP server, the real API."""

import os
from contextlib import closing
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import httpx
import pytest

from sukusuku_api.lazy_store import LazyStore
from sukusuku_collector.channels.exchange import Exchange
from sukusuku_collector.doors import registry
from sukusuku_collector.doors.bookings import feeds
from sukusuku_collector.doors.bookings.door import NOTE, Importer
from sukusuku_collector.doors.protocol import World
from sukusuku_core.errors import ConfigError
from sukusuku_core.settings import parse
from sukusuku_core.time import HOUR_MS, MINUTE_MS, day_start, japan_time
from sukusuku_server import settings
from sukusuku_server.bookings import file
from sukusuku_server.db.bookings import BookingRecords
from sukusuku_server.live import watching
from sukusuku_server.model.bookings import Bookings
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import Facility, Feed
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.api.applications import create_app
from tests.api.in_process import client
from tests.collector.doors.nothing_measured import NothingMeasured
from tests.server.bookings.test_files import ONE, calendar
from tests.support import databases

NOW = day_start(date(2026, 12, 1)) + 8 * HOUR_MS
CSV = "日付,時間帯,氏名\n2026-12-01,9:00-12:00,鈴木 はな\n2026-12-02,9:00-12:00,佐藤 そら\n"
CSV += "2026-12-02,9:00-12:00,田中 うみ\n"


class Office:
    def __init__(self, folder: Path, more: str = "") -> None:
        self.folder = folder / "in"
        self.folder.mkdir()
        text = f'{ONE}[bookings]\nfolder = "{self.folder}"\n{more}'
        self.facility = parse(text, Facility, "facility.toml")
        self.now = NOW
        self.operations = databases.operations(folder)
        self.readings = databases.readings(folder)
        index = FacilitySchedules(self.facility)
        world = World(index, self.operations, lambda: self.now, lambda: True, NothingMeasured())
        assert list(registry.opened(world)) == ["door bookings"]
        assert self.facility.bookings is not None
        self.importer = Importer(world, self.facility.bookings)

    def look(self) -> None:
        """Twice: a file that is still being written is not touched."""
        self.importer.look()
        self.importer.look()

    def put(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def ask(self, path: str) -> httpx.Response:
        with closing(SqliteStore.open(self.readings)) as collecting:
            watching.keep(collecting, self.now)
        store = LazyStore(self.readings)
        with client(create_app(self.facility, store, self.operations, lambda: self.now)) as api:
            found = api.get(f"/api/v1{path}")
        store.close()
        return found


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_a_file_is_taken_its_counts_are_shown_and_it_is_gone(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    path = office.put("12月.csv", CSV.encode("cp932"))
    office.importer.look()
    assert path.exists()
    office.importer.look()
    assert not path.exists()
    found = office.ask("/rooms/tobu-room/bookings").json()
    assert [(item["start"][:13], item["children"]) for item in found["booked"]] == [
        ("2026-12-01T09", 1),
        ("2026-12-02T09", 2),
    ]
    assert len(found["known"]) == 2
    hours = office.ask("/rooms/tobu-room/outlook").json()["hours"]
    tomorrow = next(hour for hour in hours if hour["start"].startswith("2026-12-02T10"))
    assert (tomorrow["mean"], tomorrow["booked"]) == (2.0, 2.0)
    assert next(hour for hour in hours if hour["start"].startswith("2026-12-03T10"))["booked"] is None
    database = (office.readings.parent / "operations.db").read_bytes()
    for name in ("鈴木", "はな", "佐藤", "12月"):
        assert name.encode() not in database
        assert name not in caplog.text


def test_a_wrong_file_stays_with_a_note_that_says_why(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    path = office.put("x.csv", CSV.replace("2026-12-02", "鈴木の日").encode())
    office.look()
    note = path.with_name(path.name + NOTE).read_text(encoding="utf-8-sig")
    assert "3行目: 「鈴木の日」は日付として読めません" in note
    assert "line 4: `鈴木の日` is no date" in note
    assert "鈴木" not in caplog.text
    assert "line 3 date" in caplog.text
    caplog.clear()
    office.look()
    assert caplog.text == ""  # told once
    path.write_bytes(CSV.encode())
    os.utime(path, ns=(1, 1))
    office.look()
    assert list(office.folder.iterdir()) == []
    assert len(BookingRecords(office.operations).imports()) == 1


def test_health_says_what_is_wrong_with_the_folder_until_nothing_is_refused(office: Office) -> None:
    def folder() -> tuple[str, dict[str, object]]:
        found = office.ask("/health").json()
        (it,) = found["doors"]
        assert (it.pop("door"), it.pop("id")) == ("bookings", "folder")
        return found["status"], it

    def when(ms: int) -> str:
        return japan_time(ms).isoformat()

    assert folder()[1]["late"], "nobody has looked yet"
    office.look()
    well = {"ok": True, "late": False, "taken": None, "failing": None, "reason": ""}
    assert folder() == ("ok", well)
    bad = office.put("x.csv", CSV.replace("2026-12-02", "鈴木の日").encode())
    office.look()
    office.now += MINUTE_MS
    office.put("y.csv", CSV.encode())
    office.look()
    status, found = folder()
    assert "鈴木" not in str(found["reason"])
    assert "line 3 date" in str(found.pop("reason"))
    assert (status, found) == (
        "degraded", {"ok": False, "late": True, "taken": when(NOW + MINUTE_MS), "failing": when(NOW)},
    )  # fmt: skip
    bad.unlink()
    office.look()
    assert folder() == ("ok", well | {"taken": when(NOW + MINUTE_MS)})


def test_what_fails_with_one_file_does_not_stop_the_others(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A reader that breaks, a note that cannot be written, a file that cannot be deleted: each is told, once."""
    real, broken, kept = Path.unlink, file.read, office.put("c.csv", CSV.encode())

    def unlink(path: Path, **named: bool) -> None:
        if path == kept:
            raise PermissionError
        real(path, **named)

    def read(content: bytes, *more: Any, **named: Any) -> Bookings:
        if content == b"a":
            raise AttributeError("鈴木")
        return broken(content, *more, **named)

    office.put("a.csv", b"a")
    office.put("b.csv", b"b")
    (office.folder / f"b.csv{NOTE}").mkdir()
    office.put("d.csv", CSV.replace("12-02", "12-05").encode())
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", unlink)
        patch.setattr(file, "read", read)
        office.look()
        office.look()
    assert "原因は不明" in (office.folder / f"a.csv{NOTE}").read_text(encoding="utf-8-sig")
    assert "鈴木" not in caplog.text
    assert caplog.text.count("AttributeError") == 1
    assert caplog.text.count("the note beside a file of bookings cannot be written") == 1
    assert caplog.text.count("cannot be deleted, retrying: PermissionError") == 1
    assert len(BookingRecords(office.operations).imports()) == 2
    office.look()
    assert {path.name for path in office.folder.iterdir() if path.suffix == ".csv"} == {"a.csv", "b.csv"}
    assert len(BookingRecords(office.operations).imports()) == 2


def test_a_file_that_comes_while_another_of_its_name_is_taken_is_taken_too(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = office.put("x.csv", CSV.encode())
    real = file.read

    def read(*given: Any, **named: Any) -> Bookings:
        path.write_bytes(CSV.replace("12-02", "12-10").encode() + b"\n")
        return real(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(file, "read", read)
        office.look()
    assert path.exists()
    office.look()
    assert not path.exists()
    assert len(BookingRecords(office.operations).imports()) == 2


def test_of_a_file_that_is_far_too_large_little_is_read(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    path = office.put("x.csv", b"")
    os.truncate(path, 10 * file.LARGEST)
    lengths: list[int] = []
    real = file.read

    def read(content: bytes, *more: Any, **named: Any) -> Bookings:
        lengths.append(len(content))
        return real(content, *more, **named)

    monkeypatch.setattr(file, "read", read)
    office.look()
    assert lengths == [file.LARGEST + 1]
    assert "more than 4 MB" in path.with_name(path.name + NOTE).read_text(encoding="utf-8-sig")


def test_a_feed_is_asked_in_its_time_and_each_change_is_kept_once(tmp_path: Path) -> None:
    answers = [
        (302, b""),
        (200, calendar("DTSTART:20261202T090000\r\nDTEND:20261202T120000\r\nSUMMARY:鈴木")),
        (200, calendar("DTSTART:20261202T090000\r\nDTEND:20261202T120000\r\nSUMMARY:鈴木")),
        (503, b""),
        (200, calendar("DTSTART:20261202T090000\r\nDTEND:20261202T120000\r\nX-CHILDREN:3")),
    ]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content = answers.pop(0)
            self.send_response(status)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the library
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/T0ken"
        office = Office(tmp_path, f'[[bookings.feed]]\nid = "web"\nurl = "{url}"\nevery = 600\n')
        told: list[Any] = []
        for _ in range(4):
            office.look()
            told.append(office.ask("/health").json())
            office.now += 10 * MINUTE_MS
        office.now += 7 * HOUR_MS
        told.append(office.ask("/health").json())
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert answers == []
    feeds = [it for health in told for it in health["doors"] if it["id"] == "feed/web"]
    assert [(it["ok"], it["late"], it["reason"]) for it in feeds] == [
        (True, False, ""), (True, False, ""), (False, False, "does not answer: answered 503"), (True, False, ""),
        (True, True, ""),
    ]  # fmt: skip
    assert [it["taken"][11:16] for it in feeds] == ["08:00", "08:10", "08:10", "08:30", "08:30"]
    assert [health["status"] for health in told] == ["ok"] * 4 + ["degraded"]
    told = BookingRecords(office.operations).imports()
    assert [(item.imported_by, item.spans[0].children, item.covers[0].start) for item in told] == [
        ("web", 3, NOW - 8 * HOUR_MS), ("web", 1, NOW - 8 * HOUR_MS),
    ]  # fmt: skip


def test_feeds_are_asked_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answers only when both have been asked."""
    both = Barrier(2, timeout=5)

    def fetch(feed: Feed, way: Exchange) -> bytes:
        both.wait()
        return calendar(f"DTSTART:20261202T090000\r\nDTEND:20261202T120000\r\nX-CHILDREN:{len(feed.id)}")

    monkeypatch.setattr(feeds, "fetch", fetch)
    text = '[[bookings.feed]]\nid = "{}"\nurl = "http://127.0.0.1:9/x"\n'
    office = Office(tmp_path, text.format("a") + text.format("bb"))
    office.importer.look()
    assert {item.imported_by for item in BookingRecords(office.operations).imports()} == {"a", "bb"}


def test_without_bookings_in_the_settings_there_is_no_door(tmp_path: Path) -> None:
    found = parse(ONE, Facility, "facility.toml")
    operations = databases.operations(tmp_path)
    world = World(FacilitySchedules(found), operations, lambda: NOW, lambda: True, NothingMeasured())
    assert registry.opened(world) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[bookings]\nfolder_room = "no"\n', "bookings.folder_room: no room `no`; there are ['tobu-room']"),
        ('[[bookings.feed]]\nid = "a"\nurl = "x"\nroom = "no"\n', "bookings.feed[0].room: no room `no`"),
        ('[bookings.columns]\ndays = "日"\n', "unknown key `days`. Allowed: children, date, end"),
    ],
)
def test_wrong_settings_say_where_and_what(text: str, said: str) -> None:
    def read() -> None:
        settings.check(parse(ONE + text, Facility, "facility.toml"), "facility.toml")

    with pytest.raises(ConfigError) as failed:
        read()
    assert said in str(failed.value)
