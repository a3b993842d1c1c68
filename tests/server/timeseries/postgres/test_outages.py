"""A server that goes away while the collector writes."""

import signal
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest

from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.settings.postgres import Postgres
from sukusuku_server.timeseries.packed_hours import Packing
from sukusuku_server.timeseries.postgres.store import PostgresStore
from tests.support import postgres
from tests.support.postgres import PostgresServer
from tests.support.stores import commit

START = 1_800_000_000_000
WRITER = f"""
import sys
import msgspec
from sukusuku_core.catalogue import DataType
from sukusuku_server.settings.postgres import Postgres
from sukusuku_server.timeseries.postgres.store import PostgresStore
store = PostgresStore.open(msgspec.json.decode(sys.argv[1], type=Postgres))
series = [store.series("unit", f"Metric/{{n}}", DataType.INT64) for n in range(10)]
for turn in range(1_000_000):
    store.commit_rows([({START} + turn, number, turn, 192) for number in series], [], turn)
    print(turn, flush=True)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server that waits for the disk and may be stopped."""
    with postgres.postgres(unsafe=False) as running:
        yield running


def level(time: int) -> Reading:
    return Reading("unit", "Fill/Percent", START + time, float(time))


def levels(store: PostgresStore) -> list[object]:
    return [point.value for point in store.raw("unit", "Fill/Percent", 0, 2**62, 100)]


def test_what_was_announced_is_there_after_a_crash_of_both(server: PostgresServer) -> None:
    settings = server.settings()
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, msgspec.json.encode(settings).decode()], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        for _ in range(30):
            child.stdout.readline()
        server.stop(signal.SIGQUIT)
        child.kill()
        announced = 30 + len([line for line in child.stdout.read().splitlines(keepends=True) if "\n" in line])
    server.start()
    store = PostgresStore.open(settings)
    for number in range(10):
        points = store.raw("unit", f"Metric/{number}", 0, 2**62, 1_000_000)
        assert len(points) in {announced, announced + 1}  # one commit may not have been announced any more
        assert [point.value for point in points] == list(range(len(points)))
        assert sum(hour.count for hour in store.hourly("unit", f"Metric/{number}", 0, 2**62)) == len(points)
    store.close()


def test_writer_and_reader_go_on_after_a_restart_of_the_server(server: PostgresServer) -> None:
    settings = server.settings()
    store, reader = PostgresStore.open(settings), PostgresStore.open_reader(settings)
    commit(store, [level(0)], START)
    server.stop()
    for one in (store, reader):
        assert not one.available()
    with pytest.raises(TransientError, match="the store does not answer"):
        commit(store, [level(1), Reading("unit", "State", START, 1)], START)
    server.start()
    assert commit(store, [level(0), level(1), Reading("unit", "State", START, 1)], START).stored == 2
    for one in (store, reader):
        assert levels(one) == [0.0, 1.0]
        assert set(one.latest()["unit"]) == {"Fill/Percent", "State"}
        one.close()


def test_a_collector_that_was_overtaken_writes_no_more(server: PostgresServer) -> None:
    settings = server.settings()
    store = PostgresStore.open(settings)
    commit(store, [level(0)], START)
    _cut(store, settings)
    other = PostgresStore.open(settings)
    commit(other, [level(1)], START)
    with pytest.raises(TransientError, match="does not answer"):
        commit(store, [level(2)], START)
    with pytest.raises(TransientError, match="another collector is writing"):
        commit(store, [level(2)], START)
    other.close()
    with pytest.raises(PermanentError, match="another collector has written to this store; start this one again"):
        commit(store, [level(2)], START)
    reader = PostgresStore.open_reader(settings)
    assert levels(reader) == [0.0, 1.0]
    reader.close()
    store.close()


def test_a_connection_that_is_lost_while_it_is_made_is_made_again(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = server.settings()
    store, load = PostgresStore.open(settings), PostgresStore.load
    commit(store, [level(0)], START)

    def cut(once_more: PostgresStore) -> None:
        monkeypatch.setattr(PostgresStore, "load", load)
        _cut(once_more, settings)
        load(once_more)

    monkeypatch.setattr(PostgresStore, "load", cut)
    _cut(store, settings)
    for _ in ("lost", "lost while it is made"):
        with pytest.raises(TransientError, match="does not answer"):
            levels(store)
    assert levels(store) == [0.0]
    store.close()


def test_what_came_late_is_not_deleted_when_the_connection_is_lost_while_a_day_is_packed(
    server: PostgresServer,
) -> None:
    settings = server.settings()
    store = PostgresStore.open(settings)
    commit(store, [level(time) for time in range(0, 20, 2)], START)
    while store._compaction is None or store._compaction._mark is None:
        store.compact(START + 2 * DAY_MS)
    commit(store, [level(time) for time in range(1, 20, 2)], START)
    _cut(store, settings)
    with pytest.raises(TransientError, match="does not answer"):
        store.compact(START + 2 * DAY_MS)
    while store.compact(START + 2 * DAY_MS):
        pass
    assert levels(store) == list(range(20))
    store.close()


def test_hours_are_packed_where_the_connection_is_made_again_for_them(server: PostgresServer) -> None:
    settings = server.settings()
    store = PostgresStore.open(settings)
    commit(store, [level(hour * HOUR_MS) for hour in range(3)], START)
    store._hours = Packing(START // HOUR_MS + 9, [1])
    store._database.close()
    store._database._connection = None
    while store._pack_hours(START // HOUR_MS + 9):
        pass
    assert store._all("SELECT count(*) FROM hourly") == [(1,)]
    store.close()


def _cut(store: PostgresStore, settings: Postgres) -> None:
    """End the connection of a store, as a network does that is gone for long."""
    [(process,)] = store._all("SELECT pg_backend_pid()")
    other = PostgresStore.open_reader(settings)
    other._all("SELECT pg_terminate_backend(?, 10000)", (process,))
    other.close()
