"""A collector over a real broker, in this process or its own, and what is held against its store."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Self

import pytest

from sukusuku_collector import service
from sukusuku_collector.clock.machine import SteadyMachine
from sukusuku_core import state
from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import Clock, now_ms
from sukusuku_core.model import Reading
from sukusuku_core.state import HostState
from sukusuku_core.time import DAY_MS, MINUTE_MS
from sukusuku_mqtt import Message, MqttSession, MqttSettings
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries.protocols import Reader
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.support.patience import PATIENCE

STATE = "spBv1.0/STATE/sukusuku"
BEGIN = now_ms() // DAY_MS * DAY_MS - 3 * DAY_MS
UNIT = {"Fill/Percent": DataType.DOUBLE, "Cycles/Total": DataType.INT64, "Lid/Open": DataType.BOOLEAN}


def run(scenario: Awaitable[None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(PATIENCE):
            await scenario

    asyncio.run(bounded())


@contextlib.asynccontextmanager
async def collector(facility: Facility, clock: Clock = now_ms) -> AsyncIterator[None]:
    """The collector inside this process."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(service.run(facility, stop, SteadyMachine(clock)))
        try:
            yield
        finally:
            stop.set()


class Observer:
    """Somebody else on the broker who sees the topics that it asked for."""

    def __init__(self, mqtt: MqttSession) -> None:
        self.mqtt = mqtt
        self._seen: list[Message] = []

    async def next(self, wanted: Callable[[Message], bool] = lambda _: True) -> Message:
        """The next message that is wanted; those before it are passed over."""
        while True:
            while self._seen:
                message = self._seen.pop(0)
                if wanted(message):
                    return message
            self._seen = await self.mqtt.receive()

    async def state(self, *, online: bool) -> HostState:
        """The next STATE that says so."""
        message = await self.next(lambda item: item.topic == STATE and state.decode(item.payload).online is online)
        return state.decode(message.payload)


@contextlib.asynccontextmanager
async def observer(port: int, *filters: str) -> AsyncIterator[Observer]:
    async with MqttSession(MqttSettings("127.0.0.1", port, "observer")) as mqtt:
        mqtt.subscribe(filters)
        yield Observer(mqtt)


class Process:
    """The collector as a process of its own. After `async with` it is gone, whatever has failed."""

    def __init__(self, file: Path, module: str = "sukusuku_collector") -> None:
        self._file = file
        self._module = module
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            await self.end(signal.SIGKILL)

    async def start(self, *says: str) -> None:
        """Returns when it says that it is ready, or whatever is awaited."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, str(self._file), stderr=asyncio.subprocess.PIPE
        )
        await self.until_it_says(*(says or (" ready",)))

    async def until_it_says(self, *what: str) -> None:
        """Wait until it has said all of that, in whatever order."""
        assert self._process is not None
        assert self._process.stderr is not None
        lines, awaited = [], list(what)
        async for line in self._process.stderr:
            lines.append(line.decode())
            awaited = [it for it in awaited if it not in lines[-1]]
            if not awaited:
                return
        pytest.fail(f"it ended with {await self._process.wait()} and said: {''.join(lines)}")

    async def until_it_ends(self) -> tuple[int, str]:
        """Start it, wait for its end: exit status and everything it said."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, str(self._file), stderr=asyncio.subprocess.PIPE
        )
        _, said = await self._process.communicate()
        return self._process.returncode or 0, said.decode()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def end(self, number: signal.Signals) -> tuple[int, str]:
        """Exit status and what else it said."""
        self.send(number)
        return await self.ended()

    async def ended(self) -> tuple[int, str]:
        """As `end`, of one that ends by itself."""
        assert self._process is not None
        _, rest = await self._process.communicate()
        return self._process.returncode or 0, rest.decode()


def readings(asset: str, first: int, count: int) -> list[Reading]:
    """Readings of successive minutes. They are of the last days: of what is older, every day since would be derived."""
    return [
        Reading(asset, metric, BEGIN + turn * MINUTE_MS, value)
        for turn in range(first, first + count)
        for metric, value in (("Fill/Percent", turn / 100), ("Cycles/Total", turn), ("Lid/Open", turn % 3 == 0))
    ]


def check_stored(path: Path, expected: list[Reading], refused: AbstractSet[str] = frozenset()) -> None:
    """Every reading is there, once, and nothing else; the quarantine has nothing but these reasons."""
    store = SqliteStore.open(path)
    try:
        check_stored_in(store, expected, refused)
    finally:
        store.close()


def check_stored_in(store: Reader, expected: list[Reading], refused: AbstractSet[str] = frozenset()) -> None:
    """As `check_stored`, of any store."""
    found = [
        Reading(asset, metric, point.time, point.value, point.quality)
        for asset, metrics in store.latest().items()
        for metric in metrics
        for point in store.raw(asset, metric, 0, 2**62, 1_000_000)
    ]
    hours = sum(
        hour.count
        for asset, metrics in store.latest().items()
        for metric in metrics
        for hour in store.hourly(asset, metric, 0, 2**62)
    )
    assert {item.reason for item in store.quarantine(100)} <= refused
    assert sorted(found, key=repr) == sorted(expected, key=repr)
    assert hours == len(expected)
