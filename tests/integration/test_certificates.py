"""Certificates of edge nodes: from enrolment to the real broker, renewed, replaced, revoked."""

import asyncio
import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sukusuku_cli import broker_folder, nodes
from sukusuku_core.backoff import Backoff
from sukusuku_core.certificates import Certificate, read
from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_core.proof import ProofKey
from sukusuku_core.time import DAY_MS, HOUR_MS, SECOND_MS
from sukusuku_edge import enrolment, settings
from sukusuku_edge.http_client import Ask
from sukusuku_edge.renewal import Place as Files
from sukusuku_edge.renewal import Renewal
from sukusuku_mqtt import MqttSession, MqttSettings
from sukusuku_server.db.node_certificates import NodeCertificates
from tests.collector.small_facility import facility_file
from tests.integration.test_broker_files import Broker, broker
from tests.integration.test_enrolment import Place, placed
from tests.support import certificates
from tests.support.databases import operations
from tests.support.patience import PATIENCE

Capsys = pytest.CaptureFixture[str]


@dataclass(frozen=True, slots=True)
class Node:
    """An edge node that was enrolled and has a certificate."""

    place: Place

    @property
    def file(self) -> Path:
        return self.place.outbox.parent / enrolment.CERTIFICATE

    @property
    def authorities(self) -> Path:
        return self.place.outbox.parent / enrolment.AUTHORITY

    @property
    def certificate(self) -> Certificate:
        return read(self.file.read_text("ascii"))[0]

    @property
    def records(self) -> NodeCertificates:
        return NodeCertificates(operations(self.place.folder))

    def renewal(self, ask: Ask | None = None, key: ProofKey | None = None) -> Renewal:
        own = key or ProofKey.read(self.place.secrets()[enrolment.KEY])
        files = Files("tobu-pi", str(self.place.api.base_url), self.file, self.authorities)
        return Renewal(files, own, ask or self.place.ask, lambda: self.place.now, Backoff(0.001, 0.01))

    def enter(self, found: Broker) -> None:
        """Raises TransientError when the broker does not let it in."""
        asyncio.run(_publish(MqttSettings("127.0.0.1", found.certificates, "x", **self.account(found))))

    def account(self, found: Broker) -> dict[str, Any]:
        return {"ca_file": found.authority, "cert_file": self.file}


async def _publish(settings: MqttSettings) -> None:
    async with MqttSession(settings) as session:
        session.publish("spBv1.0/toshima/NDATA/tobu-pi", b"", 1)
        await session.flush()


@pytest.fixture
def node(tmp_path: Path, capsys: Capsys) -> Iterator[Node]:
    own = certificates.make(tmp_path / "broker")
    more = f'[certificates]\nport = 18884\n[broker]\nca_file = "{own.authority}"'
    file = facility_file(tmp_path, 8883)
    file.write_text(file.read_text("utf-8").replace("[broker]", more), encoding="utf-8")
    with placed(tmp_path, file) as place:
        place.enrol(place.code(capsys))
        yield Node(place)


def test_an_enrolled_node_has_a_certificate_with_its_name_and_its_key_never_travelled(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = node.certificate
    assert made.name == "tobu-pi"
    assert made.ends - node.place.now == pytest.approx(90 * DAY_MS, abs=1000)
    assert node.file.stat().st_mode & 0o777 == 0o600
    assert "PRIVATE KEY" in node.file.read_text("ascii")
    assert [row.serial for row in node.records.newest()] == [made.serial]
    monkeypatch.setenv(enrolment.KEY, node.place.secrets()[enrolment.KEY])
    edge = settings.read(node.place.pi / enrolment.SETTINGS).settings
    assert (edge.broker.port, edge.broker.cert_file, edge.broker.ca_file) == (
        18884, str(node.file), str(node.authorities),
    )  # fmt: skip
    assert edge.renewal is not None


def test_the_broker_lets_a_node_in_by_its_certificate_alone_until_it_is_revoked(node: Node, capsys: Capsys) -> None:
    folder = node.place.folder / "broker"
    with broker(folder, nodes=node.records.for_broker(node.place.now, "test")) as found:
        node.enter(found)
        with pytest.raises(TransientError):
            asyncio.run(_publish(MqttSettings("127.0.0.1", found.certificates, "x", ca_file=found.authority)))
        assert nodes.main([str(node.place.file), "revoke", "tobu-pi", "--broker", str(folder)]) == 0
        found.process.send_signal(signal.SIGHUP)
        with pytest.raises(TransientError):
            asyncio.run(_until_refused(node, found))
        node.place.enrol(node.place.code(capsys))
        node.enter(found)


async def _until_refused(node: Node, found: Broker) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            await _publish(MqttSettings("127.0.0.1", found.certificates, "x", **node.account(found)))


def test_a_certificate_gives_the_rights_of_its_node_and_no_others(node: Node) -> None:
    async def scenario(found: Broker) -> None:
        reader = MqttSettings("127.0.0.1", found.port, "reader", **found.account("collector"))
        own = MqttSettings("127.0.0.1", found.certificates, "x", **node.account(found))
        async with MqttSession(reader) as reading, MqttSession(own) as session:
            reading.subscribe(["spBv1.0/toshima/+/+"])
            await reading.flush()
            for other in ("seibu-pi", "tobu-pi"):
                session.publish(f"spBv1.0/toshima/NDATA/{other}", other.encode(), 1)
            assert [message.payload for message in await reading.receive()] == [b"tobu-pi"]

    with broker(node.place.folder / "broker", nodes=node.records.for_broker(node.place.now, "test")) as found:
        asyncio.run(scenario(found))


def test_a_certificate_is_renewed_when_a_third_of_its_life_is_left_and_also_when_it_has_ended(node: Node) -> None:
    first, text = node.certificate, node.file.read_text("ascii")
    node.place.now += 59 * DAY_MS
    assert node.renewal().look() is None
    assert node.file.read_text("ascii") == text
    node.place.now += 2 * DAY_MS
    second = node.renewal().look()
    assert second == node.certificate
    assert second is not None
    assert second.ends - first.ends == pytest.approx(61 * DAY_MS, abs=1000)
    assert node.file.stat().st_mode & 0o777 == 0o600
    node.place.now = second.ends + DAY_MS
    assert node.renewal().look() is not None
    assert [(row.node, row.asked) for row in node.records.newest()] == [("tobu-pi", None)]
    assert node.renewal().look() is None
    assert [row.asked for row in node.records.newest()] == [node.place.now]


def test_the_server_is_asked_every_hour_and_when_the_certificate_is_due_and_a_wrong_clock_hurries_nothing(
    node: Node,
) -> None:
    made = node.certificate
    due = made.ends - (made.ends - made.begins) // 3
    pauses = []
    for now in (due - 2 * HOUR_MS, due - 90 * SECOND_MS, due, due + DAY_MS):
        node.place.now = now
        pauses.append(node.renewal().pause())
    assert pauses == [3600.0, 90.0, 3600.0, 3600.0]


def test_nobody_without_the_key_renews_or_answers(node: Node) -> None:
    text = node.file.read_text("ascii")
    node.place.now += 80 * DAY_MS

    def forged(url: str, body: bytes) -> bytes:
        told = json.loads(node.place.ask(url, body))
        return json.dumps({**told, "answer": told["answer"].replace('"authorities":"', '"authorities":"x')}).encode()

    for renewal, why in (
        (node.renewal(key=ProofKey.new()), "does not know the key"),
        (node.renewal(forged), "has not the key of this node"),
        (node.renewal(lambda *_: b"<html>"), "no Sukusuku server"),
    ):
        with pytest.raises(PermanentError, match=why):
            renewal.look()
    assert nodes.main([str(node.place.file), "revoke", "tobu-pi"]) == 0
    with pytest.raises(PermanentError, match="has revoked it"):
        node.renewal().look()
    assert node.file.read_text("ascii") == text


def test_a_request_that_comes_twice_gets_the_same_certificate(node: Node) -> None:
    node.place.now += 80 * DAY_MS
    sent: list[tuple[str, bytes]] = []

    def ask(url: str, body: bytes) -> bytes:
        sent.append((url, body))
        return node.place.ask(url, body)

    made = node.renewal(ask).look()
    again = json.loads(json.loads(node.place.ask(*sent[-1]))["answer"])
    assert made is not None
    assert read(again["certificate"]) == [made]


def test_a_node_takes_other_authorities_within_the_hour(node: Node) -> None:
    """So the broker's own authority can be changed: both are trusted for a while."""
    other = certificates.make(node.place.folder / "other").authority.read_text("ascii")
    assert node.renewal().look() is None
    before = node.authorities.read_text("ascii")
    file = node.place.folder / "broker" / "ca.pem"
    file.write_text(f"{file.read_text('ascii')}{other}", encoding="ascii")
    assert node.renewal().look() is None
    assert node.authorities.read_text("ascii") == before + other


def test_rotate_and_another_authority_make_a_node_renew_and_it_is_let_in_all_the_while(
    node: Node, capsys: Capsys
) -> None:
    folder, file = node.place.folder / "broker", str(node.place.file)
    for _ in range(2):  # which must not end the key that the node has
        assert nodes.main([file, "rotate", "tobu-pi"]) == 0
    assert nodes.main([file, "rotate", "seibu-pi"]) == 2
    assert "'seibu-pi' has no certificate" in capsys.readouterr().err
    assert node.renewal().look() is not None
    assert node.renewal().look() is None
    assert nodes.main([file, "authority", str(folder)]) == 0
    assert nodes.main([file, "list"]) == 0
    assert "it shall renew it" in capsys.readouterr().out
    with broker(folder, nodes=node.records.for_broker(node.place.now, "test")) as found:
        node.enter(found)
        assert node.renewal().look() is not None
        node.enter(found)
    assert len(read((folder / broker_folder.AUTHORITIES).read_text("ascii"))) == 2
    assert nodes.main([file, "broker", str(folder)]) == 0
    assert len(read((folder / broker_folder.AUTHORITIES).read_text("ascii"))) == 1


def test_an_agent_says_how_it_stands_and_tries_again(node: Node) -> None:
    told: list[str] = []
    answers = [TransientError("away"), PermanentError("refused")]

    def ask(url: str, body: bytes) -> bytes:
        told.append(renewal.line.trouble)
        if answers:
            raise answers.pop(0)
        return node.place.ask(url, body)

    node.place.now += 80 * DAY_MS
    renewal = node.renewal(ask)
    renewed = asyncio.Event()

    async def scenario() -> None:
        task = asyncio.create_task(renewal.run(lambda _why: renewed.set()))
        async with asyncio.timeout(PATIENCE):
            await renewed.wait()
        task.cancel()

    asyncio.run(scenario())
    assert told == ["", "away", "refused"]
    assert (renewal.line.trouble, renewal.line.asked, renewal.line.ends) == ("", node.place.now, node.certificate.ends)
