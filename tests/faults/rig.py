"""The real thing in small: boards, edge agents, a broker, a collector; with proxies in between where wanted."""

import asyncio
import contextlib
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.faults import files
from tests.faults.board import Board, work
from tests.faults.judge import Moment, Verdict, judge, read_all, waiting
from tests.faults.namespaces import Namespaces, listener_in
from tests.faults.program import Program, says_ready
from tests.faults.watch import Watch
from tests.support.broker import program
from tests.support.databases import migrate_operations
from tests.support.mqtt_proxy import MqttProxy
from tests.support.ports import free_port

SETTLE_SECONDS = 90.0
"""After the last fault everything accepted must have been stored by then."""
LOOK_SECONDS = 0.3
GOODBYES = 3
"""Times that the agents are ended: what they read last may have to wait for a next start."""


def now_ms() -> int:
    """UTC ms."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rig consists of. `units` are those behind each edge; times in seconds."""

    edges: int = 1
    units: int = 2
    poll: float = 0.2
    timeout: float = 1.0
    work_every: float = 0.25
    keepalive: int = 4
    proxied: bool = False
    network: Namespaces | None = None
    """Where the programs run; without it on the loopback address. Then there are no proxies."""
    persistent: bool = False
    collector: str = "sukusuku_collector"
    """The module that runs as the collector."""
    edge_tail: str = ""
    """Further tables for each `edge.toml`."""
    facility_tail: str = ""
    """Further tables for `facility.toml`."""


@dataclass(eq=False)
class Rig:
    """Everything, by name. There are proxies when the plan asks for them: one per edge, and one of the collector."""

    plan: Plan
    folder: Path
    boards: dict[str, Board]
    broker: Program
    collector: Program
    edges: list[Program]
    watch: Watch
    edge_proxies: list[MqttProxy] = field(default_factory=list)
    host_proxies: list[MqttProxy] = field(default_factory=list)
    port: int = 0
    """Of the broker itself."""
    working: asyncio.Task[None] | None = None

    @property
    def edge(self) -> Program:
        """The first edge agent."""
        return self.edges[0]

    @property
    def edge_proxy(self) -> MqttProxy:
        """The proxy of the first edge agent."""
        return self.edge_proxies[0]

    @property
    def host_proxy(self) -> MqttProxy:
        """The proxy of the collector."""
        return self.host_proxies[0]

    @property
    def logs(self) -> list[Path]:
        """The accepted logs."""
        return [self.folder / f"edge-{n}.jsonl" for n in range(1, self.plan.edges + 1)]

    @property
    def store(self) -> Path:
        """The collector's readings."""
        return self.folder / "readings.db"

    @property
    def startup(self) -> float:
        """The longest (s) that an agent took to start: a limit for something that includes a start allows so much more.

        It is no merit or fault of ours how long a busy machine takes for that.
        """
        return max(edge.startup for edge in self.edges)

    def outbox(self, edge: int = 1) -> Path:
        """The outbox of the n-th edge."""
        return self.folder / f"edge-{edge}.db"

    async def start(self) -> None:
        """Start what is not running, and wait until readings are stored."""
        programs = [self.broker, self.collector, *self.edges]
        for one in programs:
            if not one.running:
                await one.start(wait=one is self.broker)
        for one in programs:
            await one.until_ready()
        await self.flowing()

    async def flowing(self, seconds: float = 60.0) -> float:
        """Wait until a reading that is taken from now on is stored; how long that took."""
        begin, taken = time.monotonic(), now_ms()
        if not await self.watch.until(taken, seconds):
            raise AssertionError(f"nothing new was stored within {seconds:g} s\n{self.tails()}")
        return self.watch.seconds(begin, taken)

    async def settle(
        self, *, ordered: bool = True, strangers: Collection[Moment] = (), gone: Collection[Moment] = ()
    ) -> Verdict:
        """Let the units rest, wait until all that was accepted is stored, end the agents in peace, and judge.

        Readings that are `gone` are not waited for.
        """
        if self.working is not None:
            self.working.cancel()
        miscounted = await self._counted()
        for _ in range(GOODBYES):
            await self._drained(gone)
            for edge in self.edges:
                await edge.stop()
            if not waiting(self.logs, self.store, gone):
                break
            for edge in self.edges:  # what was read last waits in an outbox for the next start
                await edge.start()
        kills = [kill for edge in self.edges for kill in edge.kills]
        verdict = judge(self.logs, self.store, kills, ordered=ordered, strangers=strangers)
        faults = (*verdict.faults, *miscounted, *self._troubles())
        return replace(verdict, faults=faults)

    async def _drained(self, gone: Collection[Moment]) -> None:
        deadline = time.monotonic() + SETTLE_SECONDS
        while await asyncio.to_thread(waiting, self.logs, self.store, gone):
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _counted(self) -> list[str]:
        """Wait until the agents have read the last count of every board; which totals are wrong in the end."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            accepted = await asyncio.to_thread(read_all, self.logs)
            totals = {moment[0]: value for moment, value in accepted if moment[1] == "Cycles/Total"}
            wrong = [
                f"{unit} has a total of {totals[unit]}, the board counted {board.cycles}"
                for unit, board in self.boards.items()
                if unit in totals and totals[unit] != board.cycles
            ]
            if not wrong or time.monotonic() > deadline:
                return wrong
            await asyncio.sleep(LOOK_SECONDS)

    def _troubles(self) -> list[str]:
        """What no fault from outside may cause."""
        found = []
        for one in (self.collector, *self.edges):
            text = one.log.read_text(encoding="utf-8", errors="replace")
            if "Traceback" in text:
                found.append(f"{one.name} logged an exception: {text[text.index('Traceback') :][:1500]}")
        return found

    def tails(self) -> str:
        """The ends of all logs, for a failure."""
        return "\n".join(f"--- {one.name}\n{one.said()[-1500:]}" for one in (self.broker, self.collector, *self.edges))


async def until(what: Callable[[], bool], seconds: float, otherwise: str) -> None:
    """Look again and again, in a thread, until that is true. Raises AssertionError with `otherwise` when time is up."""
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(what):
        if time.monotonic() > deadline:
            raise AssertionError(f"{otherwise} within {seconds:g} s")
        await asyncio.sleep(LOOK_SECONDS)


@contextlib.asynccontextmanager
async def rig(plan: Plan | None = None) -> AsyncIterator[Rig]:
    """A rig that is built but not started. Everything has ended when the context has."""
    plan = plan or Plan()
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="faults-")))
        made = await _build(plan, folder, stack)
        made.working = asyncio.create_task(work(list(made.boards.values()), plan.work_every), name="work")
        tasks = [made.working, asyncio.create_task(made.watch.run(), name="watch")]
        try:
            yield made
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.shield(_end([*made.edges, made.collector, made.broker]))


async def _build(plan: Plan, folder: Path, stack: contextlib.AsyncExitStack) -> Rig:
    port, net = free_port(), plan.network
    ids = {n: files.unit_ids(n, plan.units) for n in range(1, plan.edges + 1)}
    boards = {unit: await stack.enter_async_context(Board(where=_listener(net))) for it in ids.values() for unit in it}
    addresses = (net.broker_for_edge, net.broker_for_collector) if net else ("127.0.0.1",)
    conf = files.mosquitto_conf(folder / "mosquitto.conf", addresses, port, persistent=plan.persistent)
    proxies = [await stack.enter_async_context(MqttProxy(port)) for _ in range(plan.edges + 1) if plan.proxied]
    edges = []
    for n, units in ids.items():
        settings = files.edge_toml(
            folder / f"edge-{n}.toml",
            files.node_id(n),
            [files.Unit(unit, "127.0.0.1", boards[unit].port) for unit in units],
            (addresses[0], proxies[n - 1].port if proxies else port),
            poll=plan.poll,
            timeout=plan.timeout,
            keepalive=plan.keepalive,
            extra=plan.edge_tail,
        )
        edges.append(ours(plan, folder, f"edge-{n}", ["sukusuku_edge", "run", str(settings)]))
    facility = files.facility_toml(
        folder / "facility.toml",
        [(files.node_id(n), units) for n, units in ids.items()],
        (addresses[-1], proxies[-1].port if proxies else port),
        plan.keepalive,
        plan.facility_tail,
    )
    migrate_operations(folder)
    broker = [*(net.inside(net.broker) if net else ()), program(), "-c", str(conf)]
    return Rig(
        plan,
        folder,
        boards,
        Program("broker", broker, folder / "broker.log", _broker_ready),
        ours(plan, folder, "collector", [plan.collector, str(facility)]),
        edges,
        Watch(folder / "readings.db", ids[1][0]),
        proxies[:-1],
        proxies[-1:],
        port,
    )


def _listener(net: Namespaces | None) -> socket.socket | None:
    return None if net is None else listener_in(net.edge)


def ours(plan: Plan, folder: Path, name: str, arguments: Sequence[str]) -> Program:
    """One of our own programs, where the plan wants it; logs to `name`.log in the folder."""
    net = plan.network
    inside = net.inside(net.collector if name.startswith("collector") else net.edge) if net is not None else ()
    command = [*inside, sys.executable, "-m", *arguments]
    return Program(name, command, folder / f"{name}.log", says_ready)


def _broker_ready(text: str) -> bool:
    return " running" in text


async def _end(programs: Sequence[Program]) -> None:
    """Nothing is waited for politely: the verdict has been spoken."""
    for one in programs:
        await one.kill()
