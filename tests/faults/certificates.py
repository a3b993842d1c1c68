"""F31: the certificate of an edge node ends while it works. F32: the broker comes back with other authorities.

In F31 the server cannot be reached, so the node cannot renew in time; the broker refuses it, its readings wait. Once
the server is back the node heals by itself, with its key. In F32 first the authority of the broker's own certificate is
changed as docs/wire-security.md says, then that of the nodes' certificates.
"""

import asyncio
import contextlib
import random
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from sukusuku_cli import broker_folder
from sukusuku_core.certificates import Certificate, Request, read
from sukusuku_core.time import DAY_MS, SECOND_MS
from sukusuku_server.db import Operations
from sukusuku_server.db.node_certificates import NodeCertificates, issue
from sukusuku_server.db.node_keys import NodeKeys
from tests.faults import files
from tests.faults.outcome import finish, joined
from tests.faults.program import Program, says_ready
from tests.faults.rig import Plan, Rig, now_ms, rig, until
from tests.faults.row import Outcome, Tier
from tests.support import certificates
from tests.support.ports import free_port

ROUNDS = {Tier.PR: 1, Tier.NIGHTLY: 5, Tier.RELEASE: 5}
HOLDS = 60 * SECOND_MS
"""So long (ms) the certificate of F31 holds: all must have begun by then, also on a busy machine."""
HEALS = 120.0
"""Seconds after which readings flow again, once the server is back.

By then pauses have grown to 40 s, on a busy machine to 80 s and a third more by chance.
"""
LISTENER = """
listener {port} 127.0.0.1
cafile {folder}/nodes-ca.pem
crlfile {folder}/nodes-revoked.pem
certfile {folder}/server.pem
keyfile {folder}/server.key
require_certificate true
use_identity_as_username true
user root
"""
TAIL = """
[certificates]
[web]
port = {port}
[mail]
sender = "sukusuku@example.jp"
port = 1
[[contact]]
name = "operator"
mail = "operator@example.jp"
"""
DAYS = 90
"""The life of a certificate."""


def ended(tier: Tier, _: random.Random) -> Outcome:
    """F31."""
    title = "a node's certificate ends, the server is away"
    return joined("F31", title, [asyncio.run(_ended()) for _n in range(ROUNDS[tier])])


def other_authorities(tier: Tier, _: random.Random) -> Outcome:
    """F32."""
    title = "the broker comes back with other authorities"
    return joined("F32", title, [asyncio.run(_other_authorities()) for _n in range(ROUNDS[tier])])


@dataclass(eq=False, slots=True)
class World:
    """A rig whose edge node and broker know each other by certificates, and the API."""

    it: Rig
    api: Program
    operations: Operations

    @property
    def records(self) -> NodeCertificates:
        return NodeCertificates(self.operations)

    @property
    def certificate(self) -> Certificate:
        """What the node shows now."""
        return read((self.it.folder / "node.pem").read_text("ascii"))[0]

    def certify(self, ends: int) -> Certificate:
        """Give the node a certificate that ends then (UTC ms); it counts from the node's next start on."""
        node, wanted = files.node_id(1), Request.new(files.node_id(1))
        with self.operations.writing() as connection:
            issued = issue(connection, node, wanted.text, DAYS, ends - DAYS * DAY_MS, "test")
        _write(self.it.folder / "node.pem", issued.pem + wanted.key)
        return issued

    def show(self, made: certificates.Certificates) -> None:
        """Give the broker its certificate; it counts from its next start on."""
        shutil.copy(made.certificate, self.it.folder / "server.pem")
        shutil.copy(made.key, self.it.folder / "server.key")

    def tell_broker(self) -> int:
        """Write what the broker must know of the nodes; return how many authorities it believes when it next starts."""
        broker_folder.write_certificates(self.it.folder, self.records.for_broker(now_ms(), "test"))
        return len(read((self.it.folder / broker_folder.AUTHORITIES).read_text("ascii")))

    async def again(self, *programs: Program) -> None:
        """End programs and start them again."""
        for one in programs:
            await one.stop()
        for one in programs:
            await one.start()


@contextlib.asynccontextmanager
async def certified(own: certificates.Certificates, ends: int) -> AsyncIterator[World]:
    """`own`: what the broker shows; `ends`: when the node's certificate does (UTC ms). Nothing runs yet."""
    api_port, port = free_port(), free_port()
    tail = f'[uplink]\nkey_file = "node.key"\n[renewal]\nurl = "http://127.0.0.1:{api_port}"\n'
    async with rig(Plan(edge_tail=tail, facility_tail=TAIL.format(port=api_port))) as it:
        operations = Operations(f"sqlite:///{it.folder / 'operations.db'}")
        command = [sys.executable, "-m", "sukusuku_api", str(it.folder / "facility.toml")]
        made = World(it, Program("api", command, it.folder / "api.log", says_ready), operations)
        _write(it.folder / "node.key", NodeKeys(operations).make(files.node_id(1), now_ms(), "test").text)
        made.certify(ends)
        shutil.copy(own.authority, it.folder / "ca.pem")
        shutil.copy(own.authority, it.folder / "edge-ca.pem")
        made.show(own)
        made.tell_broker()
        _append(it.folder / "mosquitto.conf", LISTENER.format(port=port, folder=it.folder))
        _replace(
            it.folder / "edge-1.toml",
            f"port = {it.port}\n",
            f'port = {port}\nca_file = "edge-ca.pem"\ncert_file = "node.pem"\n',
        )
        _replace(it.folder / "facility.toml", "keepalive", 'ca_file = "ca.pem"\nkeepalive')
        keys = f"certfile {it.folder}/server.pem\nkeyfile {it.folder}/server.key\n"  # the collector comes over TLS too
        _replace(it.folder / "mosquitto.conf", "allow_anonymous", f"{keys}allow_anonymous")
        try:
            yield made
        finally:
            await made.api.kill()
            operations.close()


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="ascii")


def _append(path: Path, text: str) -> None:
    path.write_text(path.read_text("utf-8") + text, encoding="utf-8")


def _replace(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text("utf-8").replace(old, new, 1), encoding="utf-8")


async def _ended() -> Outcome:
    with authority("own") as own:
        async with certified(own, now_ms() + HOLDS) as world:
            it, first = world.it, world.certificate
            await it.start()
            await asyncio.sleep(max(0.0, (first.ends - now_ms()) / SECOND_MS))
            await world.again(it.broker)
            await until(lambda: "it may not accept the certificate" in it.edge.said(), 60, "the broker takes it still")
            await until(lambda: _mails(world) > 0, 90, "nobody is told by mail")
            begin = time.monotonic()
            await world.api.start()
            await it.flowing(HEALS)
            recovery = time.monotonic() - begin
            faults = []
            if "Certificate of edge node pi-1" not in it.collector.said():
                faults.append("the collector does not say that the certificate ends")
            if world.certificate.serial == first.serial:
                faults.append("the certificate was not renewed")
            verdict = await it.settle()
    return finish("F31", "", 1, verdict, [recovery], HEALS, faults)


async def _other_authorities() -> Outcome:
    with authority("one") as one, authority("other") as other:
        async with certified(one, now_ms() + DAYS * DAY_MS) as world:
            it, trusted = world.it, world.it.folder / "ca.pem"
            await world.api.start()
            await it.start()
            both = one.authority.read_text("ascii") + other.authority.read_text("ascii")
            recovery = []
            for text, shown in ((both, one), (both, other), (other.authority.read_text("ascii"), other)):
                trusted.write_text(text, encoding="ascii")
                world.show(shown)
                # an agent asks every hour, and when it begins
                await world.again(it.broker, it.collector, it.edge)
                await _trusts(it, text)
                recovery.append(await it.flowing())
            first = world.certificate
            world.records.change_authority(now_ms(), "test")
            counts = [world.tell_broker()]
            await world.again(it.broker)
            await it.flowing()
            await world.again(it.edge)
            await until(lambda: world.certificate.serial != first.serial, 30, "the node does not renew")
            counts.append(world.tell_broker())
            await world.again(it.broker)
            recovery.append(await it.flowing())
            faults = [] if counts == [2, 1] else [f"the broker believed {counts} authorities, expected 2 and then 1"]
            verdict = await it.settle()
    return finish("F32", "", 2, verdict, recovery, faults=faults)


async def _trusts(it: Rig, text: str) -> None:
    await until(lambda: (it.folder / "edge-ca.pem").read_text("ascii") == text, 30, "the node does not trust them")


def _mails(world: World) -> int:
    return sum(row.mail.kind == "certificate_late" for row in world.operations.mails())


@contextlib.contextmanager
def authority(name: str) -> Iterator[certificates.Certificates]:
    with tempfile.TemporaryDirectory(prefix="authority-") as folder:
        yield certificates.make(Path(folder), name)
