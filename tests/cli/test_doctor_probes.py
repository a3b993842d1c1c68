"""`sukusuku doctor` on real servers, files and certificates."""

import asyncio
import json
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sukusuku_cli.__main__ import main
from sukusuku_cli.doctor import computer as local
from sukusuku_cli.doctor.computer import StoreSeen
from sukusuku_cli.doctor.finding import Finding, Status
from sukusuku_cli.doctor.probe_computer import ThisComputer
from sukusuku_cli.doctor.probe_servers import RealServers
from sukusuku_cli.doctor.servers import MailSeen, judge_broker, judge_mail
from sukusuku_core.broker_settings import BrokerSettings
from sukusuku_core.certificates import first_end
from sukusuku_core.errors import TransientError
from sukusuku_server.settings.base import Text
from sukusuku_server.settings.facility import Facility, Operator
from sukusuku_server.settings.store import StoreSettings
from tests.cli.doctor_world import EN, FACILITY, NOW, wrongs
from tests.support import certificates, databases
from tests.support.broker import mosquitto
from tests.support.certificates import Certificates
from tests.support.ports import free_port
from tests.support.smtp_server import Mailbox, server

SECURE = "user root\nallow_anonymous false\npassword_file {folder}/passwords\nmax_packet_size 1048576\n"
TLS = "cafile {authority}\ncertfile {certificate}\nkeyfile {key}\n"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates.make(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def guarded(own: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A broker with TLS, accounts and a limit, as documents recommend it."""
    folder = tmp_path_factory.mktemp("guarded")
    program = shutil.which("mosquitto_passwd")
    assert program is not None, "mosquitto_passwd is needed: apt-get install mosquitto"
    subprocess.run([program, "-b", "-c", str(folder / "passwords"), "collector", "right"], check=True)
    tls = TLS.format(authority=own.authority, certificate=own.certificate, key=own.key)
    with mosquitto(settings=SECURE.format(folder=folder) + tls) as port:
        yield port


def asked(settings: BrokerSettings) -> list[Finding]:
    now = round(datetime.now(UTC).timestamp() * 1000)
    return list(judge_broker(settings, RealServers().broker(settings), now, EN))


def test_a_guarded_broker_is_told_with_its_limit_and_the_end_of_its_certificate(
    guarded: int, own: Certificates
) -> None:
    settings = BrokerSettings(port=guarded, username="collector", password="right", ca_file=str(own.authority))

    found = {finding.subject: finding for finding in asked(settings)}

    assert wrongs(found) == {"broker certificate"}, found
    assert "in 1 days" in found["broker certificate"].said
    assert "with TLS" in found["broker"].said
    assert found["broker size"].said == f"messages up to {1048576 - 512} bytes"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "wrong"}, "refuses the collector as collector"),
        ({"username": None, "password": None}, "refuses the collector as -"),
        ({"ca_file": None}, ""),
        ({"host": "no-such-host.invalid"}, "was not found"),
        ({"port": free_port()}, "nothing listens at"),
    ],
)
def test_a_broker_that_does_not_let_us_in_is_told_with_the_reason(
    guarded: int, own: Certificates, change: dict[str, object], said: str
) -> None:
    settings = BrokerSettings(port=guarded, username="collector", password="right", ca_file=str(own.authority))
    changed = BrokerSettings(**{**{key: getattr(settings, key) for key in settings.__struct_fields__}, **change})

    (found,) = asked(changed)

    assert found.status is Status.WRONG
    assert said in found.said
    assert found.todo
    assert "right" not in found.said.split()


def test_another_authority_is_told(guarded: int, tmp_path: Path) -> None:
    other = certificates.make(tmp_path / "other", "other")

    (found,) = asked(BrokerSettings(port=guarded, username="collector", password="right", ca_file=str(other.authority)))

    assert "does not verify" in found.said


def test_an_open_broker_is_told(tmp_path: Path) -> None:
    with mosquitto() as port:
        found = {finding.subject for finding in asked(BrokerSettings(port=port)) if finding.status is Status.WRONG}

    assert found == {"broker anonymous", "broker size"}


def test_a_mail_server_is_asked_without_a_mail(own: Certificates) -> None:
    async def scenario() -> tuple[MailSeen, MailSeen, Mailbox]:
        box = Mailbox()
        async with box.open(tls_context=own.server(), require_starttls=True) as port:
            options = {"host": "127.0.0.1", "ca_file": str(own.authority)}
            good = await asyncio.to_thread(RealServers().mail, server(port, security="starttls", **options))
            bad = await asyncio.to_thread(RealServers().mail, server(port, security="tls", **options))
        return good, bad, box

    good, bad, box = asyncio.run(scenario())

    assert (good.error, box.tries) == (None, 0)
    assert good.certificate is not None
    assert isinstance(bad.error, TransientError)
    (found,) = judge_mail(server(25, security="tls"), bad, NOW, EN)
    assert "does not speak TLS there" in found.said


def test_real_databases_are_whole_then_damaged(tmp_path: Path) -> None:
    for database in databases.both(tmp_path):
        database.close()
    path = tmp_path / "readings.db"
    computer = ThisComputer()
    who = Operator(id="toshima", name=Text(ja="豊島区", en="Toshima"))
    facility = Facility(operator=who, store=StoreSettings(path=str(path)))
    path.chmod(0o640)

    seen = computer.database(path)
    assert (seen.made, seen.writable, seen.trouble, seen.modes[path]) == (True, True, "", 0o640)
    assert seen.free > 0
    assert computer.store(facility) == StoreSeen()
    assert [computer.accounts(tmp_path / name) for name in ("operations.db", "readings.db", "none.db")] == [
        0,
        None,
        None,
    ]
    assert local.duration(90_000, EN) == "1 min"

    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 4000)
    assert computer.database(path).trouble
    assert isinstance(computer.store(facility), str)
    assert computer.database(tmp_path / "none" / "readings.db").made is False


def test_what_writes_pdf_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ThisComputer().missing_for_pdf() == ""

    monkeypatch.setitem(sys.modules, "weasyprint", None)
    assert "pip install 'weasyprint" in ThisComputer().missing_for_pdf()


def test_that_nobody_can_sign_in_yet_is_told() -> None:
    told = [finding.status for count in (0, 2, None) for finding in local.judge_accounts(count, EN)]
    assert told == [Status.NOTE, Status.OK]


def test_the_end_of_a_certificate_is_read_as_openssl_reads_it(own: Certificates) -> None:
    for file in (own.certificate, own.authority):
        said = subprocess.run(
            ["openssl", "x509", "-noout", "-enddate", "-in", str(file)], capture_output=True, text=True, check=True
        ).stdout
        assert first_end(file.read_text("ascii")) == ssl.cert_time_to_seconds(said.strip().partition("=")[2]) * 1000

    both = own.authority.read_text("ascii") + own.certificate.read_text("ascii")
    assert first_end(both) == min(first_end(file.read_text("ascii")) for file in (own.certificate, own.authority))
    for text in ("", "x", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----"):
        with pytest.raises(ValueError, match=r"\w"):
            first_end(text)


def test_the_command_prints_lines_or_json_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with mosquitto() as port:
        path = tmp_path / "facility.toml"
        path.write_text(f"{FACILITY}[broker]\nport = {port}\n", encoding="utf-8")

        assert main(["doctor", str(path), "--lang", "en"]) == 1
        lines = capsys.readouterr().out.splitlines()
        assert main(["doctor", str(path), "--lang", "ja", "--json"]) == 1
        found = json.loads(capsys.readouterr().out)

    assert any(line.startswith("wrong  broker anonymous: ") for line in lines)
    assert all(line.startswith(("ok ", "note ", "wrong ", "       -> ")) for line in lines)
    assert {item["status"] for item in found} <= {"ok", "note", "wrong"}
    assert [item["subject"] for item in found] == [line.split(": ")[0][7:] for line in lines if "-> " not in line[:10]]
    assert [file.name for file in tmp_path.iterdir()] == ["facility.toml"]
