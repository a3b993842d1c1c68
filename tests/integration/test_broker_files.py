"""The files of collector/deploy/broker on a real Mosquitto, attacked with accounts that were stolen.

The edge node has no key here: the broker's rules must do alone. Without them the same attack deletes readings.
"""

import asyncio
import contextlib
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sukusuku_cli import broker_certificates
from sukusuku_core.errors import TransientError
from sukusuku_mqtt import MqttSession, MqttSettings
from sukusuku_server.db.node_certificates import BrokerFiles
from sukusuku_server.settings import Facility
from tests.collector.running_collector import collector
from tests.collector.small_facility import facility_in
from tests.edge.uplink_node import Node, node, run
from tests.integration.test_forged_words import missing, read_under_attack
from tests.support import certificates
from tests.support.attacker import at_work, attacker
from tests.support.broker import program
from tests.support.patience import PATIENCE
from tests.support.ports import free_port

FILES = Path(__file__).parents[2] / "collector" / "deploy" / "broker"
PLACE = "/etc/mosquitto/sukusuku"
ACCOUNTS = ("collector", "tobu-pi", "seibu-pi", "sensor-tobu", "sensor-seibu", "viewer")
PASSWORD = "only-for-this-test"


@dataclass(frozen=True, slots=True)
class Broker:
    """Where it is, and how to get in."""

    port: int
    authority: Path
    certificates: int
    """The port where nodes show certificates."""
    process: "subprocess.Popen[bytes]"

    def account(self, name: str) -> dict[str, Any]:
        return {"username": name, "password": PASSWORD, "ca_file": self.authority}

    def facility(self, folder: Path) -> Facility:
        found = facility_in(folder, self.port)
        own = msgspec.structs.replace(
            found.broker, username="collector", password=PASSWORD, ca_file=str(self.authority)
        )
        return msgspec.structs.replace(found, broker=own)


@contextlib.contextmanager
def broker(folder: Path, *, rules: bool = True, nodes: BrokerFiles | None = None) -> Iterator[Broker]:
    """The files as they ship, elsewhere; `rules`: with the file `acl`. `nodes`: what it knows of certificates."""
    folder.mkdir(exist_ok=True)
    made = certificates.make(folder)
    (folder / "acl").write_bytes((FILES / "acl").read_bytes())
    for n, name in enumerate(ACCOUNTS):
        command = ["mosquitto_passwd", *(["-c"] if n == 0 else []), "-b", str(folder / "passwords"), name, PASSWORD]
        subprocess.run(command, check=True, capture_output=True)
    port = free_port()
    text = (FILES / "mosquitto.conf").read_text(encoding="utf-8").replace(PLACE, str(folder))
    text = text.replace("listener 8883", f"listener {port} 127.0.0.1")
    certified = free_port()
    if nodes is not None:
        broker_certificates.write(folder, nodes)
        more = (FILES / "certificates.conf").read_text(encoding="utf-8").replace(PLACE, str(folder))
        text += more.replace("listener 8884", f"listener {certified} 127.0.0.1")
    if not rules:
        text = "\n".join(line for line in text.splitlines() if not line.startswith("acl_file"))
    (folder / "mosquitto.conf").write_text(f"{text}\nuser root\n", encoding="utf-8")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program(), "-c", str(folder / "mosquitto.conf")], stdout=log, stderr=log)
    try:
        found = Broker(port, made.authority, certified, process)
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


async def send(settings: MqttSettings, payload: bytes) -> None:
    """Raises TransientError when the broker ends the session for it."""
    async with MqttSession(settings) as mqtt:
        mqtt.publish("application/tobu/x", payload, 1)
        await mqtt.flush()


async def until_stored(one: Node, folder: Path) -> None:
    await one.empty()
    assert await missing(one, folder) == set()


@pytest.mark.parametrize("rules", [True, False], ids=["with the rules", "without them"])
@pytest.mark.parametrize("stolen", ["seibu-pi", "sensor-tobu", "viewer"])
def test_with_a_stolen_account_nobody_deletes_readings_of_another_node(
    tmp_path: Path, stolen: str, *, rules: bool
) -> None:
    with broker(tmp_path / "broker", rules=rules) as found:
        facility = found.facility(tmp_path)

        async def scenario() -> None:
            async with (
                collector(facility),
                node(tmp_path, found.port, 500, account=found.account("tobu-pi")) as one,
                attacker(found.port, found.account(stolen), found.account("collector")) as rogue,
            ):
                one.uplink.asset_up("unit-1")
                await one.read("unit-1", "Fill/Percent", 1.0)
                await one.empty()
                await read_under_attack(one, rogue)
                if rules:
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


@pytest.mark.parametrize("stolen", ["tobu-pi", "sensor-tobu", "viewer"])
def test_nobody_else_ends_the_collector_or_speaks_for_it(tmp_path: Path, stolen: str) -> None:
    """Its nodes have no keys, so that one claim that it heard would end it."""
    with broker(tmp_path / "broker") as found:
        facility = found.facility(tmp_path)

        async def scenario() -> None:
            async with (
                collector(facility),
                node(tmp_path, found.port, account=found.account("tobu-pi")) as one,
                attacker(found.port, found.account(stolen)) as rogue,
            ):
                one.uplink.asset_up("unit-1")
                jobs = [asyncio.create_task(job()) for job in (rogue.claim_the_host_id, rogue.say_offline)]
                async with at_work(*jobs):
                    for n in range(20):
                        await one.read("unit-1", "State", n % 5)
                        await one.empty()
                assert await missing(one, tmp_path) == set()

        run(scenario())


def test_a_sensor_speaks_for_its_own_centre_only(tmp_path: Path) -> None:
    with broker(tmp_path / "broker") as found:

        async def scenario() -> None:
            async with (
                MqttSession(MqttSettings("127.0.0.1", found.port, "s", **found.account("sensor-tobu"))) as sensor,
                MqttSession(MqttSettings("127.0.0.1", found.port, "a", **found.account("seibu-pi"))) as seibu,
                MqttSession(MqttSettings("127.0.0.1", found.port, "b", **found.account("tobu-pi"))) as tobu,
            ):
                for edge in (seibu, tobu):
                    edge.subscribe(["application/#", "application/tobu/#", "application/seibu/#"])
                    await edge.flush()
                for centre in ("seibu", "tobu"):
                    sensor.publish(f"application/{centre}/device/1/event/up", centre.encode(), 1)
                await sensor.flush()
                own = MqttSettings("127.0.0.1", found.port, "t", **found.account("sensor-seibu"))
                async with MqttSession(own) as other:
                    other.publish("application/seibu/device/1/event/up", b"own", 1)
                    await other.flush()
                assert {message.payload for message in await tobu.receive()} == {b"tobu"}
                assert {message.payload for message in await seibu.receive()} == {b"own"}

        run(scenario())


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
            settings = MqttSettings("127.0.0.1", found.port, "big", **found.account("sensor-tobu"))
            reader = MqttSettings("127.0.0.1", found.port, "reader", **found.account("tobu-pi"))
            async with MqttSession(reader) as reading:
                reading.subscribe(["application/tobu/#"])
                with pytest.raises(TransientError):
                    await send(settings, bytes(2_000_000))
                await send(settings, b"small")
                assert [message.payload for message in await reading.receive()] == [b"small"]

        run(scenario())
