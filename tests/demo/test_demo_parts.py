"""Ports, children and the mailbox of the demo."""

import asyncio
import signal
import smtplib
import socket
import sys
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from sukusuku_core.errors import ConfigError
from sukusuku_demo import __main__ as demo_main
from sukusuku_demo import broker, mailbox
from sukusuku_demo.__main__ import main
from sukusuku_demo.processes import Child, Processes, ProcessFailedError, says_ready
from sukusuku_demo.report import Report
from sukusuku_demo.settings import MODBUS_PORTS, Ports, check_ports
from sukusuku_mqtt import Message, MqttSession, MqttSettings, Will
from tests.support.broker import program
from tests.support.patience import PATIENCE
from tests.support.ports import free_block, free_port


def test_a_taken_port_is_named_with_its_option() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(ConfigError, match=rf"127.0.0.1:{port} is taken .*--web-port"):
            check_ports(Ports(web=port))


def test_the_ports_of_influxdb_are_looked_at_only_where_it_is_started() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        first = free_block(4 + MODBUS_PORTS)
        ports = Ports(first, first + 1, first + 2, first + 3, first + 4, influx=port - 2)

        check_ports(ports, "sqlite")
        with pytest.raises(ConfigError, match=r"is taken .*--influx-port"):
            check_ports(ports, "influx")


@pytest.mark.parametrize("ports", [Ports(web=0), Ports(web=70_000), Ports(modbus=65_530)])
def test_a_number_that_is_no_port_is_told_with_what_is_allowed(ports: Ports) -> None:
    with pytest.raises(ConfigError, match=r"--(web|modbus)-port: found \d+, allowed: 1 to 65\d+"):
        check_ports(ports)


def test_a_folder_of_an_earlier_run_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "readings.db").touch()

    assert main(["--folder", str(tmp_path)]) == 2
    assert f"{tmp_path} is not empty" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_and_has_it_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    report = Report(1, 1, 1, 0, 0, 0, 0, None)

    class Waiting:
        def __init__(self, *_: object) -> None:
            pass

        async def run(self, ended: asyncio.Event) -> Report:
            signal.raise_signal(number)
            await ended.wait()
            return report

    monkeypatch.setattr(demo_main, "Demo", Waiting)

    assert main(["--folder", str(tmp_path / "run"), "--json", "--web-port", str(free_port())]) == 0
    assert capsys.readouterr().out.strip() == report.encode()


def test_a_child_that_fails_shows_the_end_of_its_log(tmp_path: Path) -> None:
    async def run() -> None:
        processes = Processes(tmp_path)
        with pytest.raises(ProcessFailedError, match=r"(?s)broken ended with status 3:.*no such device"):
            await processes.start(
                "broken", [sys.executable, "-c", "print('no such device'); raise SystemExit(3)"], says_ready
            )
        await processes.stop_all()

    asyncio.run(run())


def test_children_are_ended_and_an_early_end_is_noticed(tmp_path: Path) -> None:
    sleeper = "import time; print('x ready', flush=True); time.sleep(60)"

    async def run() -> tuple[Child, Child]:
        processes = Processes(tmp_path)
        one = await processes.start("one", [sys.executable, "-c", sleeper], says_ready)
        two = await processes.start("two", [sys.executable, "-c", sleeper], says_ready)
        watching = asyncio.create_task(processes.watch())
        two.process.kill()
        with pytest.raises(ProcessFailedError, match="two ended with status -9"):
            await watching
        await processes.stop_all()
        return one, two

    one, two = asyncio.run(run())
    assert (one.process.returncode, two.process.returncode) == (-15, -9)


def test_a_child_of_a_cluster_that_ends_is_started_again(tmp_path: Path) -> None:
    said: list[str] = []
    again = asyncio.Event()

    def say(text: str) -> None:
        said.append(text)
        if text == "one is started again":
            again.set()

    async def run() -> tuple[int, int]:
        processes = Processes(tmp_path)
        await processes.begin("one", [sys.executable, "-c", "import signal; signal.pause()"])
        first = processes.named("one").process.pid
        keeping = asyncio.create_task(processes.keep(0.01, say))
        processes.named("one").process.kill()
        async with asyncio.timeout(PATIENCE):
            await again.wait()
        keeping.cancel()
        second = processes.named("one").process.pid
        await processes.stop_all()
        return first, second

    first, second = asyncio.run(run())
    assert first != second
    assert said == ["one ended with status -9; it is started again in 0.01 s", "one is started again"]


def test_a_mail_can_be_read_on_a_page() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@toshima.example", "b@toshima.example", "充填率 82 %"
    mail.set_content("本文です")
    mail.add_alternative("<p>本文 <b>HTML</b></p>", subtype="html")

    def send(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as smtp:
            smtp.send_message(mail)

    async def run() -> tuple[httpx.Response, httpx.Response, httpx.Response]:
        smtp, page = free_port(), free_port()
        async with mailbox.serve(smtp, page) as box, httpx.AsyncClient(base_url=f"http://127.0.0.1:{page}") as client:
            await asyncio.to_thread(send, smtp)
            assert [received.subject for received in box.mails] == ["充填率 82 %"]
            return (
                await client.get("/", follow_redirects=True),
                await client.get("/mails/1/html"),
                await client.get("/mails/2"),
            )

    shown, html, missing = asyncio.run(run())
    assert "充填率 82 %" in shown.text
    assert "本文です" in shown.text
    assert "<b>HTML</b>" in html.text
    assert "default-src 'none'" in html.headers["content-security-policy"]
    assert missing.status_code == 404


@pytest.mark.parametrize("mosquitto", [program(), None], ids=["mosquitto", "iotcore"])
def test_either_broker_carries_what_the_demo_sends(tmp_path: Path, mosquitto: str | None) -> None:
    big = b"x" * 200_000

    async def run() -> tuple[list[Message], list[Message]]:
        processes = Processes(tmp_path)
        port = free_port()
        await broker.start(processes, port, tmp_path, mosquitto)
        try:
            async with MqttSession(MqttSettings("127.0.0.1", port, "one")) as one:
                one.publish("kept", b"retained", qos=1, retain=True)
                await one.flush()
                one.subscribe(["data", "kept", "last"])
                first = await one.receive()
                async with MqttSession(MqttSettings("127.0.0.1", port, "two"), Will("last", b"will")) as two:
                    two.publish("data", big)
                    second = await one.receive()
                    await two.abort()
                return first, second + await one.receive()
        finally:
            await processes.stop_all()

    first, rest = asyncio.run(run())
    assert [(message.topic, message.payload, message.retain) for message in first] == [("kept", b"retained", True)]
    assert [(message.topic, message.payload) for message in rest] == [("data", big), ("last", b"will")]


def test_a_mail_is_shown_with_its_pictures_and_its_files() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@toshima.example", "b@toshima.example", "回収"
    mail.set_content("本文です")
    mail.add_alternative('<head></head><img src="cid:way.png"><a href="https://x.example/r/1">完了</a>', subtype="html")
    html = mail.get_body(("html",))
    assert isinstance(html, EmailMessage)
    html.add_related(b"PNG", "image", "png", cid="<way.png>", disposition="inline")
    mail.add_attachment(b"1,2", "text", "csv", filename="round.csv")
    box = mailbox.Mailbox()
    box.mails.append(mailbox.Received(1, 0, mail))

    async def run() -> list[httpx.Response]:
        transport = httpx.ASGITransport(box.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://box") as browser:
            paths = ("/mails/1/html", "/mails/1", "/mails/1/files/0", "/mails/1/files/1")
            return [await browser.get(path) for path in paths]

    shown, page, file, missing = asyncio.run(run())
    assert '<img src="data:image/png;base64,UE5H">' in shown.text
    assert '<base target="_blank">' in shown.text
    assert '<a href="/mails/1/files/0">round.csv</a>' in page.text
    assert (file.content, file.headers["content-type"]) == (b"1,2", "text/csv; charset=utf-8")
    assert file.headers["content-disposition"] == 'attachment; filename="round.csv"'
    assert missing.status_code == 404
