"""The stage on which sessions are recorded: real programs, each behind a proxy of its own, at a real broker."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sukusuku_mqtt import Message, MqttSession, MqttSettings, Will
from tests.edge import modbus_devices as boards
from tests.edge.modbus_devices import Board
from tests.faults.program import Program, says_ready
from tests.sparkplug.recording import Recording, record, utc_ms
from tests.support.databases import migrate_operations
from tests.support.mqtt_packets import Packet
from tests.support.mqtt_proxy import MqttProxy
from tests.support.patience import PATIENCE

GROUP, NODE, HOST = "toshima", "tobu-pi", "sukusuku"
UNITS = ("unit-1", "unit-2")
FACILITY = """
[operator]
id = "toshima"
name = {{ja = "豊島区", en = "Toshima"}}
[broker]
port = {port}
protocol = "{protocol}"
[limits]
reorder_window = {reorder}
[[site]]
id = "tobu"
name = {{ja = "東部", en = "Tobu"}}
[[site.unit]]
id = "unit-1"
name = {{ja = "1号機", en = "Unit 1"}}
edge = "tobu-pi"
[[site.unit]]
id = "unit-2"
name = {{ja = "2号機", en = "Unit 2"}}
edge = "tobu-pi"
"""

EDGE = """
group = "{group}"
node = "tobu-pi"
primary_host = "sukusuku"
[broker]
port = {port}
protocol = "{protocol}"
[liveness]
silence = 0
[clock]
hold = 0
[outbox]
commit_every = 0
"""

ASSET = """
[[device]]
id = "board-{n}"
profile = "sukusuku-retrofit-board"
host = "127.0.0.1"
port = {port}
poll = 0.03
timeout = 0.3
[[asset]]
id = "unit-{n}"
kind = "unit"
source = "simulated"
"""

BINDING = """
[[asset.binding]]
metric = "{metric}"
device = "board-{n}"
point = "{point}"
"""
POINTS = {
    "Fill/Percent": "fill_percent",
    "Cycles/Total": "cycle_counter",
    "State": "state",
    "Lid/Open": "lid_open",
    "Temperature": "temperature",
    "Film/Remaining": "film_remaining",
}


@dataclass
class Stage:
    """A broker with both proxies, two boards and whatever program is started."""

    folder: Path
    broker: int
    edge_side: MqttProxy
    host_side: MqttProxy
    boards: Mapping[str, Board]
    ports: Mapping[str, int]
    protocol: str = "3.1.1"
    reorder: float = 0.5
    programs: list[Program] = field(default_factory=list)

    async def collector(self, folder: str = ".", *, wait: bool = True) -> Program:
        """Started, and ready unless it is not waited for; its data is in this folder."""
        (self.folder / folder).mkdir(exist_ok=True)
        path = self.folder / folder / "facility.toml"
        path.write_text(
            FACILITY.format(port=self.host_side.port, protocol=self.protocol, reorder=self.reorder), encoding="utf-8"
        )
        migrate_operations(path.parent)
        return await self._start("sukusuku_collector", str(path), wait=wait)

    async def edge(self, folder: str = "edge", group: str = GROUP) -> Program:
        """Started and ready; its data is in this folder."""
        (self.folder / folder).mkdir(exist_ok=True)
        text = EDGE.format(group=group, port=self.edge_side.port, protocol=self.protocol)
        for n, unit in enumerate(UNITS, 1):
            text += ASSET.format(n=n, port=self.ports[unit])
            text += "".join(BINDING.format(n=n, metric=metric, point=point) for metric, point in POINTS.items())
        path = self.folder / folder / "edge.toml"
        path.write_text(text, encoding="utf-8")
        return await self._start("sukusuku_edge", "run", str(path))

    async def _start(self, module: str, *arguments: str, wait: bool = True) -> Program:
        log = self.folder / f"{module}-{len(self.programs)}.log"
        program = Program(module, [sys.executable, "-m", module, *arguments], log, says_ready, {"TZ": "Asia/Tokyo"})
        self.programs.append(program)
        await program.start(wait=wait)
        return program

    def client(self, name: str = "observer", will: Will | None = None) -> MqttSession:
        """Somebody else, directly at the broker."""
        return MqttSession(MqttSettings("127.0.0.1", self.broker, name, keepalive=30, protocol="3.1.1"), will)

    def recordings(self) -> tuple[Recording, Recording]:
        """What the edge agent and the collector have said and heard."""
        ahead = utc_ms() - time.monotonic() * 1000

        def wall(packet: Packet) -> int:
            return round(ahead + packet.time * 1000)

        return record(self.edge_side.packets, wall), record(self.host_side.packets, wall)


@contextlib.asynccontextmanager
async def stage(folder: Path, broker: int, **settings: Any) -> AsyncIterator[Stage]:
    """Everything but the programs; those that are still running at the end are killed."""
    devices = {unit: boards.board() for unit in UNITS}
    async with (
        MqttProxy(broker) as edge_side,
        MqttProxy(broker) as host_side,
        boards.serve(devices["unit-1"]) as first,
        boards.serve(devices["unit-2"]) as second,
    ):
        ports = dict(zip(UNITS, (first, second), strict=True))
        made = Stage(folder, broker, edge_side, host_side, devices, ports, **settings)
        try:
            yield made
        except BaseException as error:
            for program in made.programs:
                error.add_note(f"{program.name} said:\n{program.said()[-2000:]}")
            raise
        finally:
            for program in made.programs:
                await program.kill()


def is_sent(kind: str, device: str | None = None) -> Callable[[Packet], bool]:
    """A Sparkplug message of this type (and device) on its way to the broker."""
    return lambda packet: packet.direction.name == "UP" and _is(packet, kind, device)


def is_received(kind: str, device: str | None = None) -> Callable[[Packet], bool]:
    """The same on its way from the broker."""
    return lambda packet: packet.direction.name == "DOWN" and _is(packet, kind, device)


def _is(packet: Packet, kind: str, device: str | None) -> bool:
    levels = packet.topic.split("/")
    if kind == "STATE":
        return packet.topic == f"spBv1.0/STATE/{HOST}"
    return len(levels) > 3 and levels[2] == kind and (device is None or levels[-1] == device)


def is_state(*, online: bool) -> Callable[[Packet], bool]:
    """Our host's STATE on its way to the broker."""
    return lambda packet: is_sent("STATE")(packet) and json.loads(packet.payload)["online"] is online


async def until(what: Callable[[], object]) -> None:
    """Wait for something that tells nobody when it becomes true."""
    async with asyncio.timeout(PATIENCE):
        while not what():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.01)


async def next_message(mqtt: MqttSession, wanted: Callable[[Message], object]) -> Message:
    """The next message that is wanted; the others are passed over."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for message in await mqtt.receive():
                if wanted(message):
                    return message
