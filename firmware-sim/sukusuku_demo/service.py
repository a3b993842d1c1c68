"""Composition root of the demo: broker, mailbox, collector, API, past, simulator, edge agents; and their end."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import now_ms
from sukusuku_core.edge_session import NodeIdentity
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_demo import files, judge, mailbox
from sukusuku_demo.archive import Archive
from sukusuku_demo.cluster.servers import Cluster
from sukusuku_demo.one_machine import OneMachine
from sukusuku_demo.past import load
from sukusuku_demo.planned_past import PlannedPast
from sukusuku_demo.processes import Child, Processes, ProcessFailedError
from sukusuku_demo.progress import Progress
from sukusuku_demo.report import Report
from sukusuku_demo.settings import HOST, DemoSettings, check_folder, check_ports
from sukusuku_edge.settings import Edge
from sukusuku_edge.settings import read as read_edge
from sukusuku_server.db import AlertState, Operations
from sukusuku_server.live.views import SIMULATED
from sukusuku_server.settings import Facility
from sukusuku_server.settings import read as read_facility
from sukusuku_server.terminal import Bar
from sukusuku_server.timeseries import backends
from sukusuku_sim import scenario

_WEEK_MS = 7 * DAY_MS
_DRAIN_SECONDS = 30.0
_ARCHIVE_SECONDS = 90.0
"""How long the shipping of the past may go on after the end."""
_STANDING = "standing.json"
_SUBSCRIBE_MS = 3_000
"""How long an edge agent that runs may take until it has subscribed to its sensors."""


class Demo:
    """One run. `run` starts everything, lets it live, ends it and judges it."""

    def __init__(self, settings: DemoSettings, progress: Progress) -> None:
        self._settings = settings
        self._folder = settings.folder
        self._progress = progress
        self.lives = asyncio.Event()
        """Everything has started."""
        self.processes: Processes
        self.servers: OneMachine | Cluster
        self.mails: list[str] = []
        """Message-ID and recipients of each mail that arrived."""
        self._first_mail: float | None = None
        self._simulator: Child
        self._listening = 0
        self._ahead = 0
        self._archive: Archive | None = None

    async def run(self, ended: asyncio.Event) -> Report | None:
        """Live until `ended` is set or the time is up. None: no report is wanted."""
        ports = self._settings.ports
        check_folder(self._folder)
        if self._settings.store == "influx":
            self._archive = Archive(self._folder / "influxdb", ports.influx)
        self.servers = (
            Cluster(self._folder, ports)
            if self._settings.cluster
            else OneMachine(self._folder, ports, self._settings.store)
        )
        check_ports(ports, self._settings.store, cluster=self._settings.cluster)
        self.processes = Processes(self._folder / "logs")
        now = datetime.now(UTC)
        files.write(self._folder, ports, now, self.servers.values())
        self._ahead = files.hours_ahead(now) * HOUR_MS
        facility = read_facility(self._folder / "facility.toml")
        edges = [read_edge(self._folder / f"edge-{site}.toml") for site in files.SITES]
        try:
            async with mailbox.serve(ports.smtp, ports.mailbox) as mails:
                live_from = await self._start(facility, edges)
                self._welcome()
                await self._live(ended, mails)
                if not self._settings.reports:
                    self._progress.say("\nending every process ...")
                    return None
                return await self._end(edges, facility, mails, live_from)
        finally:
            await self.processes.stop_all()
            self.servers.close()
            if self._archive is not None:
                self._archive.close()

    # ------------------------------------------------------------ start

    async def _start(self, facility: Facility, edges: list[Edge]) -> int:
        step = self._progress.step
        await self.servers.start(self.processes, step)
        if self._archive is not None:
            step(f"InfluxDB     {await self._archive.start(self.processes)}")
        file = str(self._folder / "facility.toml")
        operations = Operations(facility.operations.address)
        try:
            living = asyncio.create_task(asyncio.to_thread(self._live_past, facility, edges, operations))
            for name, port in self.servers.webs.items():
                await self.processes.python(name, "sukusuku_demo.api", file, str(port))
                step(f"api          http://{HOST}:{port}")
            readings = await living
        finally:
            operations.close()
        # Only now: it would take the rounds of the past in hand.
        await self.servers.start_collectors(self.processes, file)
        step("collector    primary host, store, alerts, mail")
        count = await self._load_past(facility, edges, readings)
        step(f"history      {count:,} readings of {self._settings.weeks} simulated weeks, through the collector")
        truth = str(self._folder / "truth.jsonl")
        scenario_file = str(self._folder / "scenario.toml")
        live_from = now_ms()
        standing = ["--standing", str(self._folder / _STANDING)] if readings else []
        self._simulator = await self.processes.python("sim", "sukusuku_sim", scenario_file, "--truth", truth, *standing)
        step("simulator    two centres: four nappy units, two rooms")
        for site in files.SITES:
            await self.processes.python(f"edge-{site}", "sukusuku_edge", "run", str(self._folder / f"edge-{site}.toml"))
        self._listening = now_ms() + _SUBSCRIBE_MS
        step(f"edge agents  {', '.join(edge.settings.node for edge in edges)}")
        return live_from

    def _live_past(self, facility: Facility, edges: list[Edge], operations: Operations) -> list[Reading]:
        """Return what was read in the past of which this is the end, of each series in order."""
        end = now_ms()
        begin = end - self._settings.weeks * _WEEK_MS
        if begin == end:
            return []
        metrics = {asset: found for edge in edges for asset, found in declared(edge).items()}
        plan = scenario.load(self._folder / "scenario.toml")
        past = PlannedPast(facility, plan, metrics, operations, begin, end, self._ahead)
        notes = [Reading(asset, "Info/Source", begin, SIMULATED) for asset in metrics]
        readings = notes + past.live()
        (self._folder / _STANDING).write_bytes(msgspec.json.encode(past.standing()))
        return sorted(readings, key=lambda reading: reading.time)

    async def _load_past(self, facility: Facility, edges: list[Edge], readings: list[Reading]) -> int:
        done: dict[str, int] = {}
        whole = {edge.settings.node: _of(edge, readings) for edge in edges}
        total = sum(len(own) for own in whole.values())
        if self._archive is not None:
            self._archive.past = [((it.asset, it.metric), it.time, it.value) for own in whole.values() for it in own]
        with Bar() as bar:
            for edge in edges:
                node = edge.settings.node

                def show(count: int, node: str = node) -> None:
                    done[node] = count
                    bar.show(sum(done.values()), total, "  loading the past")

                identity = NodeIdentity(facility.operator.id, node, facility.host_id)
                mqtt = edge.settings.broker.session(f"{node}-past")
                await load(mqtt, identity, declared(edge), whole[node], show)
        return sum(done.values())

    def _welcome(self) -> None:
        web, box = self._settings.ports.web, self._settings.ports.mailbox
        boards = "".join(
            f"""
  {name:20} http://{HOST}:{port}/"""
            for name, port in [*self.servers.webs.items()][1:]
        )
        if self._archive is not None:
            boards += f"""
  InfluxDB             {self._archive.shell}
  Grafana              sukusuku dashboards export {self._folder / "facility.toml"} DIR"""
        self._progress.say(
            f"""
  start     最初の画面 http://{HOST}:{web}/             (?lang=en for English)
  wall      状況一覧   http://{HOST}:{web}/wall
  bags      回収       http://{HOST}:{web}/collection
  rooms     一時保育室 http://{HOST}:{web}/rooms
  vacancy   空き状況   http://{HOST}:{web}/vacancy
  mails     メール     http://{HOST}:{box}/
  as whom   立場の切替 http://{HOST}:{web}/demo         (you are the office; also staff, crew, partner, parent)
  API                  http://{HOST}:{web}/api/v1/health   (description: /api/v1/openapi.json)
  wire                 sukusuku tap --port {self.servers.broker}{boards}
  files                {self._folder}

  All centres, units, rooms and readings are simulated. すべて模擬データです。
  {"Ends by itself." if self._settings.seconds is not None else "Ctrl-C ends every process."}
"""
        )

    # ------------------------------------------------------------ life

    async def _live(self, ended: asyncio.Event, mails: mailbox.Mailbox) -> None:
        """Until the end. Raises ProcessFailedError when a child ends before."""
        self.lives.set()
        failed: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._watch()), group.create_task(self._news(mails))]
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._settings.seconds):
                        await ended.wait()
                for task in tasks:
                    task.cancel()
        except* ProcessFailedError as failures:
            failed = failures.exceptions[0]
        if failed is not None:
            raise failed

    async def _watch(self) -> None:
        """Say which children end, and start them again, or raise ProcessFailedError."""
        if self.servers.restarts is None:
            await self.processes.watch()
        else:
            await self.processes.keep(self.servers.restarts, self._progress.step)

    async def _news(self, mails: mailbox.Mailbox) -> None:
        """Say which mails arrive."""
        seen = 0
        while True:
            for mail in mails.mails[seen:]:
                if self._first_mail is None:
                    self._first_mail = self._progress.seconds
                self._progress.step(f"mail to {mail.to}: {mail.subject}")
                self.mails.append(f"{mail.message['message-id']} {mail.to}")
            seen = len(mails.mails)
            await asyncio.sleep(0.2)

    # ------------------------------------------------------------ end

    async def _end(self, edges: list[Edge], facility: Facility, mails: mailbox.Mailbox, live_from: int) -> Report:
        self._progress.step("time is up: stopping the simulator, waiting until everything is stored")
        end = now_ms()
        await self.processes.stop(self._simulator)
        verdict = await self._judge(edges, facility, live_from, end)
        archived = None
        if self._archive is not None:
            self._progress.step("waiting until InfluxDB has everything, the past too")
            archived = await self._archive.judge(_logs(edges), end, _ARCHIVE_SECONDS)
        for line in (*verdict.missing, *(archived.missing if archived is not None else ())):
            self._progress.step(f"lost: {line}")
        operations = Operations(facility.operations.address)
        alerts = [alert for alert in operations.alerts(open_only=False) if alert.state is not AlertState.PENDING]
        operations.close()
        return Report(
            verdict.produced,
            verdict.accepted,
            verdict.stored,
            verdict.lost,
            verdict.duplicates,
            len(alerts),
            len(mails.mails),
            None if self._first_mail is None else round(self._first_mail, 1),
            archived,
        )

    async def _judge(self, edges: list[Edge], facility: Facility, live_from: int, end: int) -> judge.Verdict:
        """Return the verdict as soon as both sides agree, or when the time to drain is over: the edge agents go on."""
        logs = _logs(edges)
        bindings = [bound for edge in edges for bound in edge.bound]
        shown = list(judge.read_shown(self._folder / "truth.jsonl", bindings, end))
        store = backends.open_reader(facility)
        deadline = self._progress.seconds + _DRAIN_SECONDS
        try:
            while True:
                verdict = judge.judge(shown, judge.read_accepted(logs), store, live_from, self._listening)
                if not (verdict.lost or verdict.duplicates) or self._progress.seconds > deadline:
                    return verdict
                await asyncio.sleep(0.5)
        finally:
            store.close()


def _logs(edges: Sequence[Edge]) -> list[Path]:
    """Return the accepted logs."""
    outboxes = [edge.settings.outbox for edge in edges]
    return [Path(outbox.accepted_log) for outbox in outboxes if outbox.accepted_log is not None]


def declared(edge: Edge) -> dict[str, dict[str, DataType]]:
    """Return what today's bindings measure, by asset: other metrics of the past would look live on the wall."""
    found: dict[str, dict[str, DataType]] = {}
    for bound in edge.bound:
        found.setdefault(bound.asset, {"Info/Source": DataType.STRING})[bound.metric] = bound.row.datatype
    return found


def _of(edge: Edge, readings: Sequence[Reading]) -> list[Reading]:
    """Return the part of the past that belongs to an edge node."""
    own = {bound.asset for bound in edge.bound}
    return [reading for reading in readings if reading.asset in own]
