"""Processes that are asked to stop while PostgreSQL answers nothing."""

import asyncio
import signal
from pathlib import Path

from sukusuku_server.stopping import STATUS
from tests.collector.operators.towns import OneDatabase, town
from tests.collector.running_collector import Process
from tests.support.event_loop import play
from tests.support.patience import PATIENCE
from tests.support.ports import free_port
from tests.support.postgres import PostgresServer
from tests.support.postgres_proxy import postgres_proxy


def test_collector_and_api_end_although_the_database_is_frozen(
    tmp_path: Path, broker: int, postgres: PostgresServer
) -> None:
    async def scenario() -> None:
        async with asyncio.timeout(PATIENCE), postgres_proxy(postgres.folder) as proxy:
            data = OneDatabase(postgres).settings("toshima").replace(str(proxy.server), str(proxy.folder))
            file = town(tmp_path, "toshima", broker, f"{data}\n[web]\nport = {free_port()}\n")
            async with Process(file) as collector, Process(file, "sukusuku_api") as api:
                await collector.start()
                await api.start()
                proxy.flowing.clear()
                for ended in await asyncio.gather(collector.end(signal.SIGTERM), api.end(signal.SIGTERM)):
                    assert ended[0] in {0, STATUS}, ended[1]  # 0: it was asking nothing just then

    play(scenario())
