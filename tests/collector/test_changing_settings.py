"""Settings that change while readings flow: real broker, real edge sessions, the collector in this process."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from sukusuku_collector import service
from sukusuku_collector.clock.machine import SteadyMachine
from sukusuku_collector.document import teller
from sukusuku_collector.facility_checks import mistakes
from sukusuku_collector.host.session import Host
from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_collector.works import Ground, Works
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import TransientError
from sukusuku_server.facility_document.editing import Add, Edit, Put, TakeOut, edited
from sukusuku_server.facility_document.facility_file import FacilityFile
from sukusuku_server.facility_document.source import Change
from sukusuku_server.facility_document.watching import Watch
from sukusuku_server.settings.shard import Shard
from tests.collector.fake_edge import FakeEdge
from tests.collector.running_collector import STATE, UNIT, check_stored, observer, readings, run
from tests.collector.small_facility import facility_file
from tests.support.patience import PATIENCE

NEW = {"id": "unit-3", "name": {"ja": "3号機", "en": "Unit 3"}, "edge": "tobu-pi"}
AT_ONCE = 5
"""Seconds within which a change must be in use."""


class Running:
    """A collector and the document that it watches."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = FacilityFile(path, mistakes)

    def save(self, *edits: Edit) -> None:
        now = self.source.read()
        self.source.write(edited(now.text, edits), now.version, Change("anna"))

    def ask(self, query: str, database: str = "readings.db") -> list[tuple[object, ...]]:
        with contextlib.closing(sqlite3.connect(self.path.parent / database)) as connection:
            return connection.execute(query).fetchall()

    async def until(self, query: str, rows: list[tuple[object, ...]], database: str = "readings.db") -> None:
        """Wait until a query on a database of the collector gives these rows."""
        async with asyncio.timeout(PATIENCE):
            while self.ask(query, database) != rows:  # noqa: ASYNC110 - another thread writes it
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def watched(path: Path) -> AsyncIterator[Running]:
    running, stop = Running(path), asyncio.Event()
    document = running.source.read()
    facility = running.source.check(document.text)
    watch = Watch(running.source, document.version)
    async with asyncio.TaskGroup() as group:
        group.create_task(service.run(facility, stop, SteadyMachine(now_ms), document=watch))
        try:
            yield running
        finally:
            stop.set()


@contextlib.contextmanager
def delivering(*edges: FakeEdge) -> Iterator[None]:
    tasks = [asyncio.create_task(edge.run()) for edge in edges]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()


async def in_the_log(caplog: pytest.LogCaptureFixture, words: str, seconds: float = PATIENCE) -> None:
    async with asyncio.timeout(seconds):
        while words not in caplog.text:  # noqa: ASYNC110 - the log calls nobody
            await asyncio.sleep(0.05)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level("INFO", "sukusuku_collector")
    return caplog


def test_a_unit_that_is_added_while_readings_flow_has_all_of_them(
    broker: int, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    known, new = readings("unit-1", 0, 900), readings("unit-3", 0, 900)

    async def scenario() -> None:
        edge = FakeEdge(broker, {"unit-1": UNIT, "unit-3": UNIT})
        state = observer(broker, STATE)
        async with watched(facility_file(tmp_path, broker)) as running:
            with delivering(edge):
                edge.add([*known[:900], *new[:900]])
                await edge.reached(1800)  # what nobody has a place for is acknowledged as well: it is kept
                assert running.ask("SELECT count(*) > 0 FROM unassigned") == [(1,)]
                async with state as seen:
                    await seen.state(online=True)
                    running.save(Add("site[tobu].unit", NEW))
                    for part in range(10):  # while the change is taken
                        more = slice(900 + part * 180, 900 + (part + 1) * 180)
                        edge.add([*known[more], *new[more]])
                        await edge.reached(1800 + part * 360)
                    await in_the_log(log, "the changed settings are in use: 5 assets")
                    await edge.reached(len(known) + len(new))
                    await running.until("SELECT count(*) FROM unassigned", [(0,)])
                    assert not seen._seen  # the session with the broker went on: no new STATE
            assert log.text.count("ready: host") == 1

    run(scenario())
    check_stored(tmp_path / "readings.db", [*known, *new])


def test_a_broken_document_changes_nothing_and_is_told_until_it_is_mended(
    broker: int, tmp_path: Path, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teller, "PATIENCE_MS", 0)
    file = facility_file(tmp_path, broker)
    mail = '\n[mail]\nport = 9\nsender = "s@example.jp"\n[[contact]]\nname = "Office"\nmail = "office@example.jp"\n'
    file.write_text(file.read_text(encoding="utf-8") + mail, encoding="utf-8")
    good = file.read_text(encoding="utf-8")
    expected = readings("unit-1", 0, 600)
    wrong = "SELECT value > 0 FROM host WHERE key = 'document/wrong_since'"

    async def scenario() -> None:
        edge = FakeEdge(broker, {"unit-1": UNIT})
        async with watched(file) as running:
            with delivering(edge):
                edge.add(expected[:600])
                await edge.reached(600)
                file.write_text(good.replace("capacity = 12", "capacity = 0.5"), encoding="utf-8")
                await in_the_log(log, "site[0].room[0].capacity: expected `int`, got `float`, found 0.5", AT_ONCE)
                await running.until(wrong, [(1,)])
                edge.add(expected[600:1200])
                await edge.reached(1200)
                file.write_text("[[[", encoding="utf-8")
                await in_the_log(log, "not valid TOML", AT_ONCE)
                edge.add(expected[1200:])
                await edge.reached(len(expected))
                kinds = "SELECT kind FROM mail_outbox ORDER BY id"
                await running.until(kinds, [("settings_wrong",)], "operations.db")
                file.write_text(good, encoding="utf-8")
                await running.until(wrong, [(0,)])
                await running.until(kinds, [("settings_wrong",), ("settings_right",)], "operations.db")
        assert "the settings are right again" in log.text
        assert "in use" not in log.text

    run(scenario())
    check_stored(tmp_path / "readings.db", expected)


def test_a_change_that_the_databases_do_not_let_in_is_taken_when_they_do(
    broker: int, tmp_path: Path, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = iter((False, True, False))

    class Failing(Works):
        def __init__(self, shard: Shard, ground: Ground, ingest: Ingest, host: Host, opened: asyncio.Event) -> None:
            if next(away):
                raise TransientError("operations database: away")
            super().__init__(shard, ground, ingest, host, opened)

    monkeypatch.setattr(service, "Works", Failing)

    async def scenario() -> None:
        async with watched(facility_file(tmp_path, broker)) as running:
            running.save(Put("site[tobu].room[room].capacity", 7))
            await in_the_log(log, "cannot be taken, going on with those of before: operations database: away")
            await in_the_log(log, "the changed settings are in use")

    run(scenario())


def test_what_needs_a_restart_is_told_and_the_rest_is_taken(
    broker: int, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        async with watched(facility_file(tmp_path, broker)) as running:
            async with observer(broker, "sukusuku/#") as seen:
                await seen.next(lambda it: it.topic.endswith("/unit-2/state"))
                running.save(
                    Put("store.path", "elsewhere.db"),
                    Put("store.keep_raw_days", 100),
                    Put("broker.port", 1),
                    Put("site[tobu].unit[unit-1].name.en", "First"),
                    TakeOut("site[tobu].unit[unit-2]"),
                )
                gone = await seen.next(lambda it: it.topic.endswith("/unit-2/state") and not it.payload)
                assert gone.topic == "sukusuku/toshima/tobu/unit-2/state"
                named = await seen.next(lambda it: it.topic.endswith("/unit-1/state"))
                assert json.loads(named.payload)["name"]["en"] == "First"
            await in_the_log(log, "this change needs a restart: broker, store.path")
            await running.until("SELECT value FROM host WHERE key = 'document/restart/store.path'", [(1,)])
            running.save(Put("store.path", "readings.db"), Put("broker.port", broker))
            await running.until("SELECT value FROM host WHERE key = 'document/restart/store.path'", [(0,)])
        assert not (tmp_path / "elsewhere.db").exists()

    run(scenario())


def test_an_asset_that_moves_to_another_edge_node_goes_on_there(
    broker: int, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    first, second = readings("unit-2", 0, 60), readings("unit-2", 60, 60)

    async def scenario() -> None:
        old, new = FakeEdge(broker, {"unit-2": UNIT}, "seibu-pi"), FakeEdge(broker, {"unit-2": UNIT, "unit-1": UNIT})
        async with watched(facility_file(tmp_path, broker)) as running:
            with delivering(old):
                old.add(first)
                await old.reached(len(first))
            with delivering(new):
                running.save(Put("site[tobu].unit[unit-2].edge", "tobu-pi"))
                new.add(second)
                await new.reached(len(second))
                await in_the_log(log, "the changed settings are in use")
                await running.until("SELECT count(*) FROM unassigned", [(0,)])
                await running.until("SELECT count(*) FROM offline WHERE subject = 'unit-2'", [(0,)])

    run(scenario())
    check_stored(tmp_path / "readings.db", [*first, *second])


def test_many_changes_in_a_row_lose_nothing(broker: int, tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    expected = readings("unit-1", 0, 1200)

    async def scenario() -> None:
        edge = FakeEdge(broker, {"unit-1": UNIT})
        async with watched(facility_file(tmp_path, broker)) as running:
            with delivering(edge):
                for number in range(8):
                    edge.add(expected[number * 450 : (number + 1) * 450])
                    running.save(Put("site[tobu].room[room].capacity", 5 + number))
                    async with asyncio.timeout(PATIENCE):
                        while log.text.count("in use") <= number:  # noqa: ASYNC110 - the log calls nobody
                            await asyncio.sleep(0.05)
                await edge.reached(len(expected))

    run(scenario())
    check_stored(tmp_path / "readings.db", expected)
