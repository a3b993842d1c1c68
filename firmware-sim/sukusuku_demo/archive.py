"""The InfluxDB of a demo: started in the folder of the run, and asked at its end whether it has everything."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sukusuku_core.errors import TransientError
from sukusuku_demo import influxd, judge
from sukusuku_demo.influx_adapter import Adapter
from sukusuku_demo.processes import Child, Processes, ProcessFailedError
from sukusuku_demo.settings import HOST

_ROWS = f'"{influxd.DATABASE}"."raw"."reading"'
_COLUMNS = '"asset", "metric", "value", "exact", "text", "quality", "suspect", "suspect_text"'
_LOOK_SECONDS = 1.0


class Archive:
    """An influxd that listens at `port`, or, before 1.8, behind an adapter that does; it takes the two ports after it.

    Raises ConfigError when there is no influxd that can be used.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self._program = influxd.find()
        self._version = influxd.version(self._program)
        self._folder = folder
        self._port = port
        self._adapter: Adapter | None = None
        self.past: list[judge.Accepted] = []
        """What the collector has acknowledged before the edge agents began."""

    @property
    def shell(self) -> str:
        """The command that opens it."""
        return f"influx -host {HOST} -port {self._port} -database {influxd.DATABASE}    (package influxdb-client)"

    async def start(self, processes: Processes) -> str:
        """Start it and make its buckets; tells what runs where. Raises ProcessFailedError."""
        old = self._version < influxd.V2_WRITES
        http = self._port + 1 if old else self._port

        def ready(_child: Child) -> bool:
            return influxd.answers(http)

        command = influxd.command(self._program, self._folder, http, self._port + 2)
        child = await processes.start("influxd", command, ready)
        if old:
            self._adapter = Adapter(http, self._port)
        try:
            influxd.create(self._port)
        except TransientError as error:
            raise ProcessFailedError(f"{error}\n{child.tail()}") from error
        version = ".".join(str(number) for number in self._version)
        return f"{version} on {HOST}:{self._port}{', behind an adapter for /api/v2/write' if old else ''}"

    async def judge(self, logs: Sequence[Path], until: int, seconds: float) -> judge.Archived:
        """Return the verdict as soon as nothing measured until then (UTC ms) is missing, or after so many seconds.

        `logs` are the accepted logs of the edge agents, who may go on.
        """
        begin = time.monotonic()
        while True:
            rows = await asyncio.to_thread(self._rows)
            passed = time.monotonic() - begin
            accepted = [*self.past, *judge.read_accepted(logs)]
            verdict = replace(judge.judge_archive(accepted, rows, until), seconds=round(passed, 1))
            if verdict.lost == 0 or passed > seconds:
                return verdict
            await asyncio.sleep(_LOOK_SECONDS)

    def _rows(self) -> list[dict[str, object]]:
        return influxd.ask(self._port, f"SELECT {_COLUMNS} FROM {_ROWS}")  # noqa: S608 - no SQL

    def close(self) -> None:
        """Listen no more."""
        if self._adapter is not None:
            self._adapter.close()
