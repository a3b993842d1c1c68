"""A collector for a folder of operators, with a real broker and a real PostgreSQL."""

import asyncio
import shutil
import signal
from pathlib import Path

import pytest

from sukusuku_server import settings
from sukusuku_server.timeseries import backends
from tests.collector.operators.divided_town import delivering
from tests.collector.operators.towns import OneDatabase, edge, level, town
from tests.collector.running_collector import Process, check_stored_in, run
from tests.support.postgres import PostgresServer


def stored(file: Path, numbers: range) -> None:
    store = backends.open_reader(settings.read(file))
    try:
        check_stored_in(store, [reading for number in numbers for reading in level(number)])
    finally:
        store.close()


def test_one_that_cannot_work_stops_none_of_the_others(broker: int, tmp_path: Path) -> None:
    """The document of one is wrong, the store of another is a folder, a third one claims what is another one's."""

    async def scenario() -> None:
        files = [town(tmp_path, name, broker) for name in ("itabashi", "nerima")]
        town(tmp_path, "wrong", broker, "\n[store]\nkind = 7\n")
        broken = town(tmp_path, "broken", broker)
        (broken.parent / "readings.db").mkdir()
        edges = {file.parent.name: edge(file.parent.name, broker) for file in files}
        async with delivering(edges), Process(tmp_path) as collector:
            await collector.start(
                "[wrong] settings: wrong, so nothing is done for this operator",
                "[broken] work: cannot be done for this operator",
                "[nerima] ready",
            )
            copied = town(tmp_path, "copied", broker)
            copied.write_text(files[1].read_text(encoding="utf-8").replace("-host", "-other"), encoding="utf-8")
            await collector.until_it_says("found the same as in")
            for it in edges.values():
                it.add(level(0))
                await it.reached(1)
            town(tmp_path, "wrong", broker)  # mended
            mended = edge("wrong", broker)
            async with delivering({"wrong": mended}):
                mended.add(level(0))
                await mended.reached(1)
            shutil.rmtree(tmp_path / "wrong")
            await collector.until_it_says("wrong: its settings have gone", "[wrong] stopped")
            status, said = await collector.end(signal.SIGTERM)
        assert status == 0, said
        for file in files:
            await asyncio.to_thread(stored, file, range(1))

    run(scenario())


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
def test_two_share_the_operators_and_one_takes_over_all(
    broker: int, tmp_path: Path, postgres: PostgresServer, fault: signal.Signals
) -> None:
    """The other one is killed, or stops for a while and has a share again afterwards."""

    async def scenario() -> None:
        names = ("nerima", "toshima")
        files = OneDatabase(postgres).towns(tmp_path, names, broker)
        edges = {name: edge(name, broker) for name in names}
        async with delivering(edges), Process(tmp_path) as first, Process(tmp_path) as second:
            await first.start("ready")
            numbers = iter(range(100))

            async def deliver() -> int:
                number = next(numbers)
                for it in edges.values():
                    it.add(level(number))
                    await it.reached(number + 1)
                return number

            await deliver()
            await second.start("] ready")  # it was given one
            await deliver()
            first.send(fault)
            last = await deliver()
            if fault is signal.SIGSTOP:
                first.send(signal.SIGCONT)
                await first.until_it_says("another collector has taken over")
                await first.until_it_says("] ready")  # it was given one again
                last = await deliver()
                assert (await first.end(signal.SIGTERM))[0] == 0
                last = await deliver()
            status, _ = await second.end(signal.SIGTERM)
            assert status == 0
        for file in files:
            await asyncio.to_thread(stored, file, range(last + 1))

    run(scenario())
