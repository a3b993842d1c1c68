"""From the command on the server to an edge node whose key the collector knows, and what others can do about it."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sukusuku_api.lazy_store import LazyStore
from sukusuku_cli import broker_accounts, nodes
from sukusuku_cli import enrol as server
from sukusuku_core.clock import now_ms
from sukusuku_core.enrolment import VALID_SECONDS
from sukusuku_core.errors import ConfigError, PermanentError, TransientError
from sukusuku_edge import enrolment, settings
from sukusuku_edge.http_client import Ask, ask_by_http
from sukusuku_mqtt import MqttSession, MqttSettings
from sukusuku_server.db.node_keys import NodeKeys
from sukusuku_server.settings import read
from tests.api.applications import create_app
from tests.api.in_process import client
from tests.collector.small_facility import facility_file
from tests.support.broker import mosquitto
from tests.support.databases import operations
from tests.support.ports import free_port


class Place:
    """A server, and an edge node that reaches it."""

    def __init__(self, folder: Path, api: httpx.Client, file: Path) -> None:
        self.folder, self.api, self.file = folder, api, file
        self.pi = folder / "pi"
        self.pi.mkdir()
        self.outbox = folder / "state" / "outbox.db"
        self.now = now_ms()

    def ask(self, url: str, body: bytes) -> bytes:
        answer = self.api.post(url, content=body, headers={"content-type": "application/json"})
        if answer.status_code != 200:
            raise PermanentError(answer.json()["detail"])
        return answer.content

    def code(self, capsys: pytest.CaptureFixture[str], *more: str) -> str:
        assert server.main([str(self.file), "tobu-pi", *more]) == 0
        return capsys.readouterr().out.split()[-1]

    def enrol(self, code: str, ask: Ask | None = None) -> enrolment.Enrolled:
        return enrolment.enrol(str(self.api.base_url), code, self.pi, self.outbox, ask or self.ask)

    def secrets(self) -> dict[str, str]:
        text = (self.pi / enrolment.SECRETS).read_text(encoding="utf-8")
        return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)

    def holding(self) -> list[str]:
        return [row.key.text for row in NodeKeys(operations(self.folder)).holding()]


@contextlib.contextmanager
def placed(folder: Path, file: Path) -> Iterator[Place]:
    """A server with these settings."""
    store, places = LazyStore(folder / "readings.db"), list[Place]()
    app = create_app(read(file), store, operations(folder), lambda: places[0].now if places else now_ms(), None)
    with client(app) as api:
        places.append(Place(folder, api, file))
        yield places[0]
    store.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with placed(tmp_path, facility_file(tmp_path, 1883)) as found:
        yield found


def test_an_enrolled_node_has_a_key_that_the_server_knows_and_settings_that_are_right(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wire: list[bytes] = []

    def ask(url: str, body: bytes) -> bytes:
        wire.extend((body, place.ask(url, body)))
        return wire[-1]

    code = place.code(capsys)
    place.enrol(code, ask)

    key = place.secrets()[enrolment.KEY]
    assert place.holding() == [key]
    assert (place.pi / enrolment.SECRETS).stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv(enrolment.KEY, key)
    edge = settings.read(place.pi / enrolment.SETTINGS)
    assert (edge.settings.node, edge.settings.group, edge.settings.primary_host) == ("tobu-pi", "toshima", "sukusuku")
    assert not any(secret.encode() in b"".join(wire) for secret in (key, code.partition("/")[2].replace("-", "")))


def test_nodes_learn_all_servers_of_a_cluster_each_in_another_order(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = '[broker]\nhost = "b1.example.jp"\nsubscribe_qos = 0\nothers = ["b2.example.jp", "[fd00::3]:8884"]'
    place.file.write_text(place.file.read_text("utf-8").replace("[broker]", cluster), encoding="utf-8")
    place.enrol(place.code(capsys))
    monkeypatch.setenv(enrolment.KEY, place.secrets()[enrolment.KEY])
    one = settings.read(place.pi / enrolment.SETTINGS).settings.broker
    (place.pi / enrolment.SETTINGS).unlink()
    assert server.main([str(place.file), "seibu-pi"]) == 0
    place.enrol(capsys.readouterr().out.split()[-1])
    other = settings.read(place.pi / enrolment.SETTINGS).settings.broker

    there = {("b1.example.jp", 1883), ("b2.example.jp", 1883), ("fd00::3", 8884)}
    assert {*one.addresses} == {*other.addresses} == there
    assert one.addresses[0] != other.addresses[0]
    assert one.subscribe_qos == other.subscribe_qos == 0


def test_servers_may_be_named_as_edge_nodes_reach_them(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place.enrol(place.code(capsys, "--broker=b1.example.jp:8883", "--broker=b2.example.jp"))
    monkeypatch.setenv(enrolment.KEY, place.secrets()[enrolment.KEY])
    found = settings.read(place.pi / enrolment.SETTINGS).settings.broker
    assert {*found.addresses} == {("b1.example.jp", 8883), ("b2.example.jp", 1883)}
    with pytest.raises(SystemExit):
        place.code(capsys, "--broker=b1.example.jp:mqtt")
    assert "expected HOST or HOST:PORT" in capsys.readouterr().err


def test_a_code_works_once_and_for_ten_minutes(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    code = place.code(capsys)
    place.enrol(code)
    with pytest.raises(PermanentError, match="it was used"):
        place.enrol(code)
    code = place.code(capsys)
    place.now = now_ms() + VALID_SECONDS * 1000 + 1000
    with pytest.raises(PermanentError, match="older than ten minutes"):
        place.enrol(code)
    assert len(place.holding()) == 1


def test_a_node_gets_another_key_and_the_one_before_holds_until_then(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.enrol(place.code(capsys))
    first = place.secrets()[enrolment.KEY]
    (place.pi / enrolment.SETTINGS).write_text("mine", encoding="ascii")
    with (place.pi / enrolment.SECRETS).open("a", encoding="utf-8") as file:
        file.write(f"# センサーのブローカー\nSENSORS=other\n{enrolment.PASSWORD}=as before\n")
    assert f'key = "env:{enrolment.KEY}"' in place.enrol(place.code(capsys)).missing
    second = place.secrets()[enrolment.KEY]
    assert place.holding() == [first, second]
    told = (place.pi / enrolment.SECRETS).read_text(encoding="utf-8").splitlines()
    assert told == [
        "# センサーのブローカー",
        "SENSORS=other",
        f"{enrolment.PASSWORD}=as before",
        f"{enrolment.KEY}={second}",
    ]
    assert (place.pi / enrolment.SETTINGS).read_text(encoding="ascii") == "mine"
    code = place.code(capsys)
    assert nodes.main([str(place.file), "revoke", "tobu-pi"]) == 0
    assert place.holding() == []
    with pytest.raises(PermanentError, match="opens nothing"):
        place.enrol(code)


def test_another_server_and_a_changed_answer_are_refused_and_nothing_is_written(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    def other_broker(url: str, body: bytes) -> bytes:
        told = json.loads(place.ask(url, body))
        told["answer"] = told["answer"].replace('"port":1883', '"port":1884')
        return json.dumps(told).encode()

    for ask in (other_broker, lambda *_: b"<html>", lambda *_: b'{"answer": "{}", "proof": "00"}'):
        with pytest.raises(PermanentError):
            place.enrol(place.code(capsys), ask)
    assert list(place.pi.iterdir()) == []


@contextlib.contextmanager
def speaking(greeting: bytes) -> Iterator[str]:
    """Something else listens at the address of the server."""

    def speak() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(greeting)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=speak, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_an_address_that_is_wrong_is_told_in_words(place: Place) -> None:
    code = "tobu-pi/00000-00000-00000-00000"
    ask = ask_by_http(None)
    with speaking(b"220 mail.example.jp ESMTP\r\n") as url, pytest.raises(PermanentError, match="no Sukusuku server"):
        enrolment.enrol(url, code, place.pi, place.outbox, ask)
    with pytest.raises(TransientError, match="no answer"):
        enrolment.enrol(f"http://127.0.0.1:{free_port()}", code, place.pi, place.outbox, ask)
    nowhere = ask_by_http(place.pi / "ca.pem")
    with pytest.raises(ConfigError, match=r"--ca .*ca\.pem: expected"):
        enrolment.enrol("https://127.0.0.1", code, place.pi, place.outbox, nowhere)


def test_a_code_that_was_mistyped_a_node_that_is_unknown_and_many_guesses_get_nothing(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.code(capsys)
    with pytest.raises(ConfigError, match="not a code"):
        place.enrol("tobu-pi/ABC")
    with pytest.raises(ConfigError, match="no edge node 'nobody'"):
        server.main([str(place.file), "nobody"])
    for _ in range(10):
        with pytest.raises(PermanentError, match="opens nothing"):
            place.enrol("tobu-pi/00000-00000-00000-00000")
    with pytest.raises(PermanentError, match="Too many tries"):
        place.enrol("tobu-pi/00000-00000-00000-00000")
    assert place.holding() == []


def test_the_broker_lets_the_node_in_until_it_is_revoked(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    passwords = place.folder / "passwords"
    passwords.touch()
    broker_accounts.put(passwords, "collector", "other")
    place.enrol(place.code(capsys, "--passwords", str(passwords)))
    assert passwords.read_text(encoding="ascii").startswith("collector:")
    edge = (place.pi / enrolment.SETTINGS).read_text(encoding="ascii")
    assert 'username = "tobu-pi"' in edge
    assert _let_in(passwords, place.secrets()[enrolment.PASSWORD])
    assert not _let_in(passwords, "another")
    assert nodes.main([str(place.file), "revoke", "tobu-pi", "--passwords", str(passwords)]) == 0
    assert not _let_in(passwords, place.secrets()[enrolment.PASSWORD])
    assert _let_in(passwords, "other", "collector")


def _let_in(passwords: Path, password: str, account: str = "tobu-pi") -> bool:
    """Whether a broker with these accounts lets somebody in."""

    async def enter(port: int) -> None:
        async with MqttSession(MqttSettings("127.0.0.1", port, "x", username=account, password=password)):
            pass

    with mosquitto(settings=f"password_file {passwords}\nuser root") as port:
        try:
            asyncio.run(enter(port))
        except TransientError:
            return False
    return True
