"""`sukusuku doctor`: what it says of real servers and files, and of what a probe has seen."""

import asyncio
import json
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sukusuku_cli.__main__ import main
from sukusuku_cli.doctor import computer as local
from sukusuku_cli.doctor.__main__ import examined
from sukusuku_cli.doctor.certificate import first_end
from sukusuku_cli.doctor.computer import FileSeen, StoreSeen
from sukusuku_cli.doctor.finding import Finding, Status
from sukusuku_cli.doctor.probe_computer import ThisComputer
from sukusuku_cli.doctor.probe_servers import RealServers
from sukusuku_cli.doctor.servers import BrokerSeen, MailSeen, judge_broker, judge_mail
from sukusuku_core.broker_settings import BrokerSettings
from sukusuku_core.errors import TransientError
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.i18n import texts
from sukusuku_server.live.clock import Cause, ClockDoubt
from sukusuku_server.settings import MailServer
from tests.support import certificates, databases
from tests.support.broker import mosquitto
from tests.support.certificates import Certificates
from tests.support.ports import free_port
from tests.support.smtp_server import Mailbox, server

NOW = round(datetime(2026, 11, 25, 3, tzinfo=UTC).timestamp() * 1000)
FACILITY = (
    '[operator]\nid = "x"\nname = { ja = "x", en = "x" }\n[[site]]\nid = "tobu"\nname = { ja = "x", en = "x" }\n'
    '[[site.unit]]\nid = "unit-1"\nname = { ja = "x", en = "x" }\nedge = "pi"\n'
    '[[site.room]]\nid = "room-1"\nname = { ja = "x", en = "x" }\nedge = "pi"\ncapacity = 9\n'
)
HEARD = {"unit-1": NOW - 30_000, "room-1": NOW - 90_000, "pi": NOW}
EN = texts("sukusuku_cli", "en").gettext
SECURE = "user root\nallow_anonymous false\npassword_file {folder}/passwords\nmax_packet_size 1048576\n"
TLS = "cafile {authority}\ncertfile {certificate}\nkeyfile {key}\n"


class Fine:
    """A computer and servers with which all is well; tests change one thing."""

    def __init__(self) -> None:
        self.seen_broker = BrokerSeen(largest=1_000_000, told=True)
        self.seen_mail = MailSeen()
        self.seen_file = FileSeen(Path("readings.db"), made=True, writable=True, free=10**11, size=10**12)
        self.seen_store: StoreSeen | str = StoreSeen(HEARD)
        self.fonts: Sequence[str] = ["Noto Sans CJK JP"]
        self.zone = self.kept = True
        self.pdf = ""
        self.parts = {"sukusuku": "1", "sukusuku-edge": "1"}

    def broker(self, settings: BrokerSettings) -> BrokerSeen:
        return self.seen_broker

    def mail(self, settings: MailServer) -> MailSeen:
        return self.seen_mail

    def database(self, path: Path) -> FileSeen:
        return replace(self.seen_file, path=path)

    def store(self, path: Path, edges: Sequence[str]) -> StoreSeen | str:
        return self.seen_store

    def accounts(self, path: Path) -> int | None:
        return 3

    def japanese_fonts(self) -> Sequence[str]:
        return self.fonts

    def missing_for_pdf(self) -> str:
        return self.pdf

    def knows_zone(self, name: str) -> bool:
        return self.zone

    def ntp(self) -> bool:
        return self.kept

    def certificate(self, path: Path) -> int | str:
        return NOW + 300 * DAY_MS

    def versions(self) -> Mapping[str, str]:
        return self.parts


def findings(folder: Path, seen: Fine, settings: str = FACILITY) -> dict[str, Finding]:
    """All findings by their subject."""
    (folder / "facility.toml").write_text(settings, encoding="utf-8")
    return {found.subject: found for found in examined(folder / "facility.toml", EN, seen, seen, NOW)}


def wrongs(found: Mapping[str, Finding]) -> set[str]:
    return {subject for subject, finding in found.items() if finding.status is Status.WRONG}


def test_where_all_is_well_nothing_is_wrong_and_what_is_missing_is_a_note(tmp_path: Path) -> None:
    found = findings(tmp_path, Fine())

    assert wrongs(found) == set()
    assert {subject for subject, finding in found.items() if finding.status is Status.NOTE} == {"mail", "backups"}
    assert {"broker", "store disk", "operations disk", "clock", "fonts", "time zone", "versions"} <= set(found)
    assert all(finding.todo for finding in found.values() if finding.status is not Status.OK)


@pytest.mark.parametrize(
    ("change", "subject", "said"),
    [
        ({"seen_broker": BrokerSeen(anonymous=True, told=True, largest=1)}, "broker anonymous", "lets everybody in"),
        ({"seen_broker": BrokerSeen(told=True)}, "broker size", "any size"),
        (
            {"seen_broker": BrokerSeen(certificate=NOW + 3 * DAY_MS, told=True, largest=1)},
            "broker certificate",
            "in 3 days",
        ),
        (
            {"seen_broker": BrokerSeen(certificate=NOW - 3 * DAY_MS, told=True, largest=1)},
            "broker certificate",
            "3 days ago",
        ),
        ({"seen_file": FileSeen(Path("x"), free=10**11)}, "store", "may not make it"),
        ({"seen_file": FileSeen(Path("x"), made=True, free=10**11)}, "store", "cannot be written by this account"),
        ({"seen_file": FileSeen(Path("x"), made=True, writable=True, free=10**8)}, "store disk", "0.1 GB free"),
        (
            {"seen_file": FileSeen(Path("x"), made=True, writable=True, trouble="malformed", free=10**11)},
            "operations",
            "malformed",
        ),
        (
            {"seen_store": StoreSeen({"unit-1": NOW - 3 * HOUR_MS, "pi": NOW})},
            "readings",
            "nothing comes from unit-1 (3 h), room-1 (never)",
        ),
        ({"seen_store": StoreSeen(HEARD, ClockDoubt(Cause.OUTVOTED, NOW, 7_200_000))}, "clock", "outvoted, +7200 s"),
        ({"kept": False}, "clock ntp", "nothing keeps the clock right"),
        ({"fonts": []}, "fonts", "boxes"),
        ({"zone": False}, "time zone", "nothing is known of Asia/Tokyo"),
        ({"parts": {"sukusuku": "1", "sukusuku-edge": "2"}}, "versions", "sukusuku 1, sukusuku-edge 2"),
    ],
)
def test_one_thing_that_is_wrong_is_found_alone(
    tmp_path: Path, change: dict[str, object], subject: str, said: str
) -> None:
    seen = Fine()
    for name, value in change.items():
        setattr(seen, name, value)

    found = findings(tmp_path, seen)

    assert said in found[subject].said
    assert found[subject].todo
    assert {subject} <= wrongs(found) <= {subject, "store", "operations", "operations disk"}


def test_modes_that_let_others_read_are_told_with_the_command(tmp_path: Path) -> None:
    seen = Fine()
    seen.seen_file = replace(
        seen.seen_file, modes={Path("/x/operations.db"): 0o644, Path("/x/operations.db-wal"): 0o600}
    )

    found = findings(tmp_path, seen)["operations modes"]

    assert found.status is Status.WRONG
    assert "/x/operations.db 644" in found.said
    assert found.todo.startswith("chmod 600 /x/operations.db;")


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ('[broker]\nhost = "b.example"\nusername = "c"\npassword = "p"', {"broker.password"}),
        ('[broker]\nhost = "b.example"', {"broker"}),
        ('[broker]\nhost = "127.0.0.1"', set()),
        ('[web]\nhost = "0.0.0.0"', {"web.host"}),
        ('[web]\nhost = "::1"', set()),
        ('[mail]\nsender = "s@example.jp"\nhost = "m.example"\nusername = "u"\npassword = "p"', {"mail.password"}),
        ('[mail]\nsender = "s@example.jp"\nhost = "m.example"\nsecurity = "tls"\nusername = "u"\npassword = "env:P"', set()),  # noqa: E501
        ('[store]\nkind = "influx"\n[store.influx]\nurl = "http://i.example:8086"\ntoken = "env:P"\norg = "o"', {"store.influx.token"}),  # noqa: E501
        ('[ngsi_ld]\nurl = "http://n.example"\ntoken = "env:P"', {"ngsi_ld.token"}),
    ],
)  # fmt: skip
def test_risky_settings_are_told_by_doctor_and_by_check(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    settings: str,
    where: set[str],
) -> None:
    monkeypatch.setenv("P", "canary-2026")

    found = findings(tmp_path, Fine(), f"{FACILITY}{settings}\n")
    assert main(["check", str(tmp_path / "facility.toml")]) == 0

    assert {subject.removeprefix("settings ") for subject in wrongs(found)} == where
    shown = capsys.readouterr().out
    warned = [line.split(": ")[1] for line in shown.splitlines() if line.startswith("warn")]
    assert set(warned) == where
    assert "canary" not in shown + str(found)


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ('[broker]\nhost = "b.example"\nusername = "tobu-pi"\npassword = "env:P"', ["broker.password"]),
        ('[broker]\nhost = "b.example"\n[sensors]\nhost = "s.example"', ["broker", "sensors"]),
        ('[broker]\nhost = "127.0.0.1"\nusername = "tobu-pi"\npassword = "canary-2026"', ["broker.password"]),
        ('[broker]\nhost = "127.0.0.1"', []),
    ],
)
def test_check_tells_risky_settings_of_an_edge_node(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    settings: str,
    where: list[str],
) -> None:
    monkeypatch.setenv("P", "canary-2026")
    (tmp_path / "edge.toml").write_text(f'group = "x"\nnode = "tobu-pi"\n{settings}\n', encoding="utf-8")

    assert main(["check", str(tmp_path / "edge.toml")]) == 0

    shown = capsys.readouterr().out
    assert [line.split(": ")[1] for line in shown.splitlines() if line.startswith("warn")] == where
    assert "canary" not in shown


def test_a_password_that_is_a_number_is_not_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "facility.toml").write_text(
        f"{FACILITY}[broker]\nusername = 7\npassword = 12345678\n", encoding="utf-8"
    )

    assert main(["check", str(tmp_path / "facility.toml")]) == 2

    said = capsys.readouterr().err
    assert "broker.password: expected `str | null`, got `int`" in said
    assert "broker.username: expected `str | null`, got `int`, found 7" in said
    assert "12345678" not in said


def test_wrong_settings_are_one_finding(tmp_path: Path) -> None:
    (found,) = findings(tmp_path, Fine(), "colour = 3\n").values()
    assert found.status is Status.WRONG


# ------------------------------------------------------------ real servers


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
    databases.both(tmp_path)[0].close()
    databases.close_operations()
    path = tmp_path / "readings.db"
    computer = ThisComputer()
    path.chmod(0o640)

    seen = computer.database(path)
    assert (seen.made, seen.writable, seen.trouble, seen.modes[path]) == (True, True, "", 0o640)
    assert seen.free > 0
    assert computer.store(path, []) == StoreSeen()
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
    assert isinstance(computer.store(path, []), str)
    assert computer.database(tmp_path / "none" / "readings.db").made is False


def test_what_writes_pdf_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ThisComputer().missing_for_pdf() == ""

    monkeypatch.setitem(sys.modules, "weasyprint", None)
    assert "PDF needs weasyprint; install it with: pip install 'weasyprint" in ThisComputer().missing_for_pdf()


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
        with pytest.raises(ValueError, match="certificate"):
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
