"""The collector and the API with `kind = "influx"`, on a real broker and a real influxd."""

import asyncio
import contextlib
from pathlib import Path

import msgspec
import pytest

from sukusuku_collector import service
from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError
from sukusuku_core.model import Reading
from sukusuku_server.settings import Facility, read
from sukusuku_server.timeseries import backends
from sukusuku_server.timeseries.influx.query import Query
from sukusuku_server.timeseries.influx.reader import InfluxReader
from sukusuku_server.timeseries.influx.store import InfluxStore
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.running_collector import collector
from tests.edge.uplink_node import Node, node, run
from tests.server.timeseries.influx.influx_facility import facility, new_database
from tests.support import certificates
from tests.support.influxd import Influxd
from tests.support.patience import PATIENCE
from tests.support.stores import commit


@pytest.fixture
def settings(tmp_path: Path, influx: Influxd, broker: int) -> Facility:
    found = facility(tmp_path / "readings.db", influx, new_database(influx))
    return msgspec.structs.replace(
        found,
        broker=msgspec.structs.replace(found.broker, port=broker),
        operations=msgspec.structs.replace(found.operations, url=f"sqlite:///{tmp_path / 'operations.db'}"),
    )


def test_the_collector_ships_what_its_file_held_and_the_api_asks_for_what_was_pruned(settings: Facility) -> None:
    plain = SqliteStore.open(settings.store.path)
    now = now_ms() - 10_000
    readings = [Reading("unit-1", "Fill/Percent", now - n * 60_000, 50.5) for n in range(600)]
    commit(plain, readings, now)
    plain.close()

    async def scenario() -> None:
        stop = asyncio.Event()
        job = asyncio.create_task(service.run(settings, stop))
        reader = InfluxReader(Query(settings.store.influx), lambda _asset, _metric: DataType.DOUBLE)
        async with asyncio.timeout(PATIENCE):
            while len(await asyncio.to_thread(reader.scan, ["unit-1"], 0, 1 << 62)) < len(readings):  # noqa: ASYNC110 - InfluxDB says nothing by itself
                await asyncio.sleep(0.05)
            stop.set()
            await job
        reader.close()

    asyncio.run(scenario())
    writer = backends.open_writer(settings)
    assert writer.prune(now - 300 * 60_000, 1_000) > 200
    writer.close()

    api = backends.open_reader(settings)

    assert {it.time for it in api.raw("unit-1", "Fill/Percent", 0, 1 << 62, 1_000)} == {it.time for it in readings}
    api.close()


def test_series_of_centres_and_of_the_collector_itself_are_shipped_too(settings: Facility) -> None:
    plain = SqliteStore.open(settings.store.path)
    commit(plain, [Reading("unit-1", "Fill/Percent", now_ms() - 20_000, 50.5)], now_ms())
    plain.close()
    query = Query(settings.store.influx)

    def kinds_shipped() -> set[tuple[str, str, str]]:
        tables = query.ask('SELECT last("value") FROM "derived" GROUP BY "asset", "kind", "site"', "5m")
        return {(table.tags["asset"], table.tags["kind"], table.tags["site"]) for table in tables}

    async def scenario() -> None:
        stop = asyncio.Event()
        job = asyncio.create_task(service.run(settings, stop))
        async with asyncio.timeout(PATIENCE):
            while not wanted <= await asyncio.to_thread(kinds_shipped):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
            stop.set()
            await job

    wanted = {("host/sukusuku", "host", ""), ("site/tobu", "site", "tobu")}
    asyncio.run(scenario())
    query.close()


def test_without_influxdb_nothing_is_shipped(tmp_path: Path, influx: Influxd) -> None:
    found = facility(tmp_path / "readings.db", influx, "unused")
    found = msgspec.structs.replace(found, store=msgspec.structs.replace(found.store, kind="sqlite"))
    store = backends.open_writer(found)
    assert not isinstance(store, InfluxStore)
    assert backends.shipper(found, store, now_ms) is None
    store.close()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ('token = "a"\nusername = "b"\npassword = "c"', "found token and username; give one of them"),
        ('username = "b"', "username and password belong together"),
        ('url = "influx:8086"', "store.influx.url"),
        ('prefix = "sukusuku"', "store.influx.prefix"),
        ("batch = 0", "store.influx.batch"),
        ('bucket = "x"', "unknown key `bucket`"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, keys: str, message: str) -> None:
    path = tmp_path / "facility.toml"
    path.write_text(
        'operator = {id = "x", name = {ja = "x", en = "x"}}\n[store]\nkind = "influx"\n[store.influx]\n' + keys,
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match=message):
        read(path)


def test_a_token_may_stand_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFLUX_TOKEN", "secret")
    certificates.make(tmp_path)
    path = tmp_path / "facility.toml"
    path.write_text(
        'operator = {id = "x", name = {ja = "x", en = "x"}}\n'
        '[store.influx]\ntoken = "env:INFLUX_TOKEN"\nca_file = "ca.pem"\n',
        encoding="utf-8",
    )
    influx = read(path).store.influx
    assert (influx.token, influx.ca_file) == ("secret", str(tmp_path / "ca.pem"))
    assert influx.bucket("raw") == "sukusuku/raw"


def test_readings_leave_the_edge_node_only_when_influxdb_has_them_too(
    settings: Facility, influx: Influxd, tmp_path: Path
) -> None:
    store = msgspec.structs.replace(settings.store, acknowledge="replicated")
    replicated = msgspec.structs.replace(settings, store=store)
    reader = InfluxReader(Query(store.influx), lambda _asset, _metric: DataType.DOUBLE)

    async def archived(one: Node) -> bool:
        found = await asyncio.to_thread(reader.scan, ["unit-1"], 0, 1 << 62)
        return {(it.metric, it.time) for it in one.accepted} <= {(it.metric, it.time) for it in found}

    async def scenario() -> None:
        async with collector(replicated), node(tmp_path, settings.broker.port) as one:
            one.uplink.asset_up("unit-1")
            await one.read("unit-1", "Fill/Percent", 1.0, 2.0)
            await one.empty()
            assert await archived(one)
            await asyncio.to_thread(influx.stop)
            await one.read("unit-1", "Fill/Percent", 3.0, 4.0)
            await until_stored(one, tmp_path)
            assert (await one.outbox.stats()).rows == 2
            await asyncio.to_thread(influx.start)
            await one.empty()
            assert await archived(one)

    run(scenario())
    reader.close()


async def until_stored(one: Node, folder: Path) -> None:
    """Wait until the file of the collector has all that was accepted."""
    with contextlib.closing(SqliteStore.open_reader(folder / "readings.db")) as store:
        async with asyncio.timeout(PATIENCE):
            while len(store.raw("unit-1", "Fill/Percent", 0, 1 << 62, 10)) < len(one.accepted):  # noqa: ASYNC110 - a file has no event
                await asyncio.sleep(0.05)
