"""The files that `sukusuku nodes ... broker` writes on a real Mosquitto, attacked with accounts that were stolen.

The edge node has no key here: the broker's rules must do alone. Without them the same attack deletes readings.
"""

import asyncio
import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sukusuku_cli import broker_accounts, broker_files, broker_folder
from sukusuku_core.errors import TransientError
from sukusuku_mqtt import MqttSession, MqttSettings
from sukusuku_server.db.node_certificates import BrokerFiles
from sukusuku_server.settings import Facility
from tests.collector.running_collector import collector
from tests.collector.small_facility import facility_in
from tests.edge.uplink_node import Node, node, run
from tests.integration.test_forged_words import missing, read_under_attack
from tests.support import broker_example, certificates
from tests.support.attacker import at_work, attacker
from tests.support.broker import program
from tests.support.patience import PATIENCE
from tests.support.ports import free_port

ACCOUNTS = {
    broker_files.ACCOUNTS: ("collector", "tobu-pi", "seibu-pi", "viewer"),
    "sensors-tobu.passwords": ("gateway", "tobu-gateway"),
    "sensors-seibu.passwords": ("gateway", "seibu-gateway"),
}
PASSWORD = "only-for-this-test"
OF_SENSORS = "sensors-tobu"
"""Somebody has stolen the account of a sensor in tobu."""


@dataclass(frozen=True, slots=True)
class Broker:
    """Where it is, and how to get in."""

    port: int
    authority: Path
    certificates: int
    """The port where nodes show certificates."""
    sensors: Mapping[str, int]
    """The port of the sensors of each centre."""
    process: "subprocess.Popen[bytes]"

    def account(self, name: str) -> dict[str, Any]:
        return {"username": name, "password": PASSWORD, "ca_file": self.authority}

    def stolen(self, name: str) -> tuple[int, dict[str, Any]]:
        """Return at which port an account gets in, and the account."""
        at_sensors = name == OF_SENSORS
        return self.sensors["tobu"] if at_sensors else self.port, self.account("gateway" if at_sensors else name)

    def sensor(self, centre: str, name: str = "gateway") -> MqttSettings:
        return MqttSettings("127.0.0.1", self.sensors[centre], f"{name}-{centre}", **self.account(name))

    def client(self, name: str) -> MqttSettings:
        return MqttSettings("127.0.0.1", self.port, f"as-{name}", **self.account(name))

    def facility(self, folder: Path) -> Facility:
        found = facility_in(folder, self.port)
        own = msgspec.structs.replace(
            found.broker, username="collector", password=PASSWORD, ca_file=str(self.authority)
        )
        return msgspec.structs.replace(found, broker=own)


@contextlib.contextmanager
def broker(
    folder: Path, *, rules: bool = True, listeners: bool = True, nodes: BrokerFiles | None = None
) -> Iterator[Broker]:
    """The files as they are written, at other ports. `nodes`: what it knows of certificates.

    For controls, `rules`: with the files `*.acl`; `listeners`: with a place of its own for the sensors of each centre.
    """
    folder.mkdir(exist_ok=True)
    made = certificates.make(folder)
    for name, text in broker_example.files(folder).items():
        (folder / name).write_text(text, encoding="utf-8")
    for file, names in ACCOUNTS.items():
        for n, name in enumerate(names):
            command = ["mosquitto_passwd", *(["-c"] if n == 0 else []), "-b", str(folder / file), name, PASSWORD]
            subprocess.run(command, check=True, capture_output=True)
    broker_folder.write_certificates(folder, nodes or BrokerFiles(made.authority.read_text("ascii"), ""))
    conf = folder / broker_files.CONFIGURATION
    text = conf.read_text("utf-8")
    if nodes is None:
        text = "\n".join(line for line in text.splitlines() if not line.startswith("crlfile"))
    ports = {}
    for port in broker_example.PORTS:
        ports[port] = free_port()
        text = text.replace(f"listener {port}\n", f"listener {ports[port]} 127.0.0.1\n")
    left_out = [*([] if rules else ["acl_file"]), *([] if listeners else ["mount_point", "acl_file"])]
    text = "\n".join(line for line in text.splitlines() if line.partition(" ")[0] not in left_out)
    conf.write_text(f"{text}\nuser root\n", encoding="utf-8")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program(), "-c", str(conf)], stdout=log, stderr=log)
    try:
        own, certified, tobu, seibu = ports.values()
        found = Broker(own, made.authority, certified, {"tobu": tobu, "seibu": seibu}, process)
        _wait_for(found, process)
        yield found
    finally:
        process.terminate()
        process.wait(5)


def _wait_for(found: Broker, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(TransientError):
            asyncio.run(enter(found, found.account("collector")))
            return
    pytest.fail("the broker does not start with the files that ship")


async def enter(found: Broker, account: dict[str, Any]) -> None:
    """Raises TransientError when it is not let in."""
    async with MqttSession(MqttSettings("127.0.0.1", found.port, "somebody", **account)):
        pass


async def send(settings: MqttSettings, topic: str, payload: bytes) -> None:
    """Raises TransientError when the broker ends the session for it."""
    async with MqttSession(settings) as mqtt:
        mqtt.publish(topic, payload, 1)
        await mqtt.flush()


async def until_stored(one: Node, folder: Path) -> None:
    await one.empty()
    assert await missing(one, folder) == set()


@pytest.mark.parametrize(
    ("stolen", "kept", "rules"),
    [
        pytest.param("seibu-pi", True, True, id="another node"),
        pytest.param("viewer", True, True, id="a display"),
        pytest.param(OF_SENSORS, True, True, id="a sensor"),
        pytest.param("seibu-pi", False, False, id="another node, without the rules"),
        pytest.param("viewer", False, False, id="a display, without the rules"),
        pytest.param(OF_SENSORS, True, False, id="a sensor, without the rules: its listener does alone"),
    ],
)
def test_with_a_stolen_account_nobody_deletes_readings_of_another_node(
    tmp_path: Path, stolen: str, *, kept: bool, rules: bool
) -> None:
    with broker(tmp_path / "broker", rules=rules) as found:
        facility = found.facility(tmp_path)
        port, account = found.stolen(stolen)

        async def scenario() -> None:
            async with (
                collector(facility),
                node(tmp_path, found.port, 500, account=found.account("tobu-pi")) as one,
                attacker(port, account, found.account("collector"), eyes_port=found.port) as rogue,
            ):
                one.uplink.asset_up("unit-1")
                await one.read("unit-1", "Fill/Percent", 1.0)
                await one.empty()
                await read_under_attack(one, rogue)
                if kept:
                    await until_stored(one, tmp_path)
                else:
                    assert await missing(one, tmp_path)

        run(scenario())


def test_with_its_own_account_a_node_cannot_acknowledge_itself(tmp_path: Path) -> None:
    """Somebody who has stolen it can make the collector distrust the node; then its readings wait."""
    with broker(tmp_path / "broker") as found:
        facility = found.facility(tmp_path)

        async def scenario() -> None:
            account = found.account("tobu-pi")
            async with (
                collector(facility),
                node(tmp_path, found.port, 500, account=account) as one,
                attacker(found.port, account, found.account("collector")) as rogue,
            ):
                one.uplink.asset_up("unit-1")
                await one.read("unit-1", "Fill/Percent", 1.0)
                await one.empty()
                await read_under_attack(one, rogue)
                assert await missing(one, tmp_path) == set()

        run(scenario())


@pytest.mark.parametrize("stolen", ["tobu-pi", OF_SENSORS, "viewer"])
def test_nobody_else_ends_the_collector_or_speaks_for_it(tmp_path: Path, stolen: str) -> None:
    """Its nodes have no keys, so that one claim that it heard would end it."""
    with broker(tmp_path / "broker") as found:
        facility = found.facility(tmp_path)
        port, account = found.stolen(stolen)

        async def scenario() -> None:
            async with (
                collector(facility),
                node(tmp_path, found.port, account=found.account("tobu-pi")) as one,
                attacker(port, account) as rogue,
            ):
                one.uplink.asset_up("unit-1")
                jobs = [asyncio.create_task(job()) for job in (rogue.claim_the_host_id, rogue.say_offline)]
                async with at_work(*jobs):
                    for n in range(20):
                        await one.read("unit-1", "State", n % 5)
                        await one.empty()
                assert await missing(one, tmp_path) == set()

        run(scenario())


FORGED = ("sensors/seibu/lamp", "/sensors/seibu/lamp", "../seibu/lamp", "spBv1.0/STATE/sukusuku", "sensors/seibu")
"""Topics under which a sensor of tobu speaks for another centre, or for the collector."""


async def heard(found: Broker) -> dict[str, dict[str, bytes]]:
    """Return what each edge node hears when a sensor of tobu, and later one of seibu, says something."""
    told: dict[str, dict[str, bytes]] = {"tobu-pi": {}, "seibu-pi": {}}
    async with MqttSession(found.client("tobu-pi")) as tobu, MqttSession(found.client("seibu-pi")) as seibu:
        edges = {"tobu-pi": tobu, "seibu-pi": seibu}
        for edge in edges.values():
            edge.subscribe(["#", "sensors/#", "sensors/tobu/#", "sensors/seibu/#", "spBv1.0/STATE/sukusuku"])
            await edge.flush()
        for n, topic in enumerate(("lamp", *FORGED)):
            await send(found.sensor("tobu"), topic, f"tobu {n}".encode())
        await send(found.sensor("seibu"), "last", b"seibu")
        await send(found.sensor("tobu"), "last", b"tobu")
        for name, edge in edges.items():
            async with asyncio.timeout(PATIENCE):
                while not any(topic.endswith("last") for topic in told[name]):
                    told[name] |= {message.topic: message.payload for message in await edge.receive()}
    return told


def test_a_sensor_speaks_for_its_own_centre_only(tmp_path: Path) -> None:
    with broker(tmp_path / "broker") as found:
        told = asyncio.run(heard(found))
        assert told["seibu-pi"] == {"sensors/seibu/last": b"seibu"}
        assert set(told["tobu-pi"]) == {f"sensors/tobu/{topic}" for topic in ("lamp", *FORGED, "last")}


def test_without_a_listener_of_its_own_the_same_sensor_speaks_for_another_centre_and_the_collector(
    tmp_path: Path,
) -> None:
    """The control: were this not so, the test before it would prove nothing."""
    with broker(tmp_path / "broker", listeners=False) as found:
        told = asyncio.run(heard(found))
        assert {"sensors/seibu/lamp", "spBv1.0/STATE/sukusuku"} <= set(told["seibu-pi"])


def test_the_account_of_a_sensor_gets_in_at_its_own_centre_only_and_reads_nothing(tmp_path: Path) -> None:
    with broker(tmp_path / "broker") as found:
        asyncio.run(send(found.sensor("tobu", "tobu-gateway"), "lamp", b"on"))
        elsewhere = replace(found.client("tobu-pi"), username="tobu-gateway")
        for settings in (found.sensor("seibu", "tobu-gateway"), elsewhere, found.sensor("tobu", "tobu-pi")):
            with pytest.raises(TransientError, match="Not authorized"):
                asyncio.run(send(settings, "lamp", b"on"))

        async def scenario() -> None:
            async with MqttSession(found.sensor("tobu")) as spy:
                spy.subscribe(["#", "lamp", "sensors/tobu/lamp"])
                await spy.flush()
                await send(found.sensor("tobu", "tobu-gateway"), "lamp", b"on")
                spy.publish("lamp", b"on", 1)
                await spy.flush()  # whatever it was to hear is there by now
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await spy.receive()

        asyncio.run(scenario())


@pytest.mark.parametrize(("file", "name"), [(broker_files.ACCOUNTS, "tobu-pi"), ("sensors-tobu.passwords", "gateway")])
def test_an_account_that_ends_loses_its_session_when_the_broker_reads_its_files_again(
    tmp_path: Path, file: str, name: str
) -> None:
    with broker(tmp_path / "broker") as found:
        settings = found.sensor("tobu") if name == "gateway" else found.client(name)

        async def scenario() -> None:
            async with MqttSession(settings) as session, MqttSession(found.client("seibu-pi")) as other:
                broker_accounts.remove(tmp_path / "broker" / file, name)
                found.process.send_signal(signal.SIGHUP)
                with pytest.raises(TransientError):
                    async with asyncio.timeout(PATIENCE):
                        await session.receive()
                other.publish("spBv1.0/toshima/NDATA/seibu-pi", b"", 1)
                await other.flush()

        asyncio.run(scenario())


def test_nobody_is_let_in_without_an_account_a_right_password_and_tls(tmp_path: Path) -> None:
    with broker(tmp_path / "broker") as found:
        right = found.account("tobu-pi")
        for account in (
            {"ca_file": found.authority},
            {**right, "password": "wrong"},
            {**right, "username": "nobody"},
            {**right, "ca_file": None},
        ):
            with pytest.raises(TransientError):
                asyncio.run(enter(found, account))
        asyncio.run(enter(found, right))


def test_a_message_over_the_limit_ends_the_session_of_its_sender_only(tmp_path: Path) -> None:
    with broker(tmp_path / "broker") as found:

        async def scenario() -> None:
            async with MqttSession(found.client("tobu-pi")) as reading:
                reading.subscribe(["sensors/tobu/#"])
                with pytest.raises(TransientError):
                    await send(found.sensor("tobu"), "lamp", bytes(2_000_000))
                await send(found.sensor("tobu"), "lamp", b"small")
                assert [message.payload for message in await reading.receive()] == [b"small"]

        run(scenario())
