"""`sukusuku init`: what it writes is right, reads the simulator's devices, and is never written over anything."""

import contextlib
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sukusuku_cli import check
from sukusuku_cli.__main__ import main
from sukusuku_cli.init.bindings import suitable
from sukusuku_core.errors import TransientError
from sukusuku_core.model import AssetKind
from sukusuku_core.profile import JsonProfile, builtin
from sukusuku_demo import files
from sukusuku_demo.settings import MODBUS_PORTS, Ports
from sukusuku_edge import settings as edge
from sukusuku_server import settings as facility
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.support.broker import mosquitto
from tests.support.patience import PATIENCE, until
from tests.support.ports import free_block

TOBU = (
    "id=tobu; name=東部センター; name_en=Tobu; address=東池袋1-2-3; place=35.7296, 139.7276; units=2; "
    "weekdays=09:00-12:00,13:00-18:00; saturday=休み"
)
TWO = [
    "--operator-id", "toshima", "--operator-name", "豊島区", "--operator-name-en", "Toshima City",
    "--site", TOBU,
    "--site", "id=seibu; name=西部センター; units=1; rooms=0",
    "--sensors", "tobu-unit-2=moxa-iologik-e1212,dfrobot-sen0492,eastron-sdm120",
    "--mail-host", "mail.example.jp", "--contact", "name=担当者; mail=crew@example.jp",
]  # fmt: skip


def written(folder: Path, *options: str) -> int:
    return main(["init", str(folder), "--yes", "--lang", "en", *options])


def test_databases_may_be_in_a_folder_of_their_own(tmp_path: Path) -> None:
    assert written(tmp_path / "etc", "--data", str(tmp_path / "var"), *TWO) == 0
    server = facility.read(tmp_path / "etc" / "facility.toml")
    assert server.store.path == str(tmp_path / "var" / "readings.db")
    assert server.operations.file == tmp_path / "var" / "operations.db"


def test_the_files_are_right_and_their_ids_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert written(tmp_path, "--edge", *TWO) == 0
    paths = sorted(tmp_path.glob("*.toml"))

    assert [path.name for path in paths] == ["edge-seibu-pi.toml", "edge-tobu-pi.toml", "facility.toml"]
    assert check.main([str(path) for path in paths]) == 0, capsys.readouterr().err
    server = facility.read(tmp_path / "facility.toml")
    for name in ("tobu-pi", "seibu-pi"):
        node = edge.read(tmp_path / f"edge-{name}.toml").settings
        own = {asset.id: asset.kind for asset in server.assets() if asset.edge == name}
        assert (node.group, node.node, node.primary_host) == ("toshima", name, server.host_id)
        assert {asset.id: AssetKind(asset.kind) for asset in node.asset} == own
    (tobu, seibu) = server.site
    assert (tobu.opening.mon, tobu.opening.sat) == (("09:00-12:00", "13:00-18:00"), ())
    assert tobu.place is not None
    assert (len(tobu.unit), len(tobu.room), len(seibu.unit), len(seibu.room)) == (2, 1, 1, 0)
    assert [contact.mail for contact in server.contact] == ["crew@example.jp"]
    assert "# 東池袋1-2-3" in (tmp_path / "facility.toml").read_text(encoding="utf-8")


def test_an_answers_file_says_the_same_as_options(tmp_path: Path) -> None:
    """Options win over it."""
    (tmp_path / "answers.toml").write_text(
        '[operator]\nid = "toshima"\nname = "豊島区"\nname_en = "x"\n[mail]\nhost = "mail.example.jp"\n'
        '[[site]]\nid = "tobu"\nname = "東部センター"\nname_en = "Tobu"\naddress = "東池袋1-2-3"\n'
        'place = "35.7296, 139.7276"\nunits = 2\nweekdays = "09:00-12:00,13:00-18:00"\nsaturday = "休み"\n'
        '[[site]]\nid = "seibu"\nname = "西部センター"\nunits = 1\nrooms = 0\n'
        '[[contact]]\nname = "担当者"\nmail = "crew@example.jp"\n'
        '[sensors]\ntobu-unit-2 = ["moxa-iologik-e1212", "dfrobot-sen0492", "eastron-sdm120"]\n',
        encoding="utf-8",
    )

    assert written(tmp_path / "options", "--edge", *TWO) == 0
    file = ["--answers", str(tmp_path / "answers.toml"), "--operator-name-en", "Toshima City"]
    assert written(tmp_path / "file", "--edge", *file) == 0

    for path in sorted((tmp_path / "options").iterdir()):
        assert (tmp_path / "file" / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


def test_what_counts_people_is_not_offered_for_a_unit_nor_a_meter_for_a_room() -> None:
    found = builtin()

    assert not any(suitable("unit", found[name]) for name in ("xovis", "milesight-vs121-p", "milesight-vs133"))
    assert not any(suitable("room", found[name]) for name in ("eastron-sdm120", "dfrobot-sen0492"))


@pytest.mark.parametrize("page", ["README.md", "README.ja.md"])
def test_the_command_of_the_readme_writes_the_files_that_it_goes_on_with(tmp_path: Path, page: str) -> None:
    text = (Path(__file__).parents[2] / page).read_text(encoding="utf-8").replace("\\\n", " ")
    (command,) = re.findall(r"^ +sukusuku (init .*--yes.*)$", text, re.MULTILINE)

    assert main(shlex.split(command.replace("~/centre", str(tmp_path)))) == 0

    named = set(re.findall(r"~/centre/(\S+\.toml)", text))
    assert named == {path.name for path in tmp_path.iterdir()} == {"facility.toml", "edge-centre-1-pi.toml"}


def test_nothing_is_ever_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "edge-tobu-pi.toml").write_text("mine", encoding="utf-8")

    assert written(tmp_path, "--edge", *TWO) == 2

    assert "edge-tobu-pi.toml exists already and is never overwritten" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["edge-tobu-pi.toml"]
    assert (tmp_path / "edge-tobu-pi.toml").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--operator-id", "豊島"], "operator.id: an id has letters"),
        (["--site", "id=a; weekdays=9-18"], "site[0].weekdays: hours are like 09:00-12:00,13:00-18:00"),
        (["--site", "id=a; colour=red"], "colour"),
        (["--site", "id=a; place=Tokyo"], "site[0].place: latitude and longitude"),
        (["--mail-host", "m.example.jp", "--contact", "name=a; mail=a"], "contact[0].mail: not a mail address"),
        (["--mail-host", "m.example.jp", "--mail-security", "ssl"], "mail.security: allowed: none, starttls, tls"),
        (["--edge", "--sensors", "centre-1-unit-1=milesight-vs133"], "`milesight-vs133` measures nothing of this"),
        (["--edge", "--sensors", "unit-9=apg-mnu"], "there is no unit-9; there are: centre-1-unit-1, centre-1-room-1"),
        (["--edge", "--at", "centre-1-unit-1-sukusuku-retrofit-board=host:x"], "is a Modbus device; give host"),
        (["--mail-host", "m.example.jp", "--site", "id=a; name==?x"], "site[0].name.ja: contains `=?`"),
        (["--broker-ca-file", "none.pem"], "there is no file none.pem"),
    ],
)
def test_a_wrong_answer_is_named_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert written(tmp_path / "new", *options) == 2

    assert said in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_person_is_asked_again_and_a_password_goes_to_a_file_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = iter(["toshima", "豊島区", "", "1", "tobu", "bad name\x07", "東部", "", "", "", "25:00-26:00", ""])
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        known = {"メールサーバー": "mail.example.jp", "ユーザー名 ": "sukusuku", "差出人": "s@example.jp"}
        return next(lines, next((said for key, said in known.items() if key in prompt and "収集" not in prompt), ""))

    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr("getpass.getpass", lambda _: "p w'2026")

    assert main(["init", str(tmp_path), "--lang", "ja"]) == 0

    shown = capsys.readouterr().out
    assert "名前は 1 行で 1〜80 文字です" in shown
    assert "時間は 09:00-12:00,13:00-18:00 のように書く" in shown
    secrets = tmp_path / "secrets.env"
    assert secrets.stat().st_mode & 0o777 == 0o600
    assert secrets.read_text(encoding="utf-8") == "SUKUSUKU_MAIL_PASSWORD='p w'\"'\"'2026'\n"
    text = (tmp_path / "facility.toml").read_text(encoding="utf-8")
    assert "2026'" not in text
    assert "運営者" not in text
    assert "エッジはこのホストを待ちます" in text
    data = tomllib.loads(text)
    assert (data["operator"]["name"]["ja"], data["mail"]["password"]) == ("豊島区", "env:SUKUSUKU_MAIL_PASSWORD")
    monkeypatch.setenv("SUKUSUKU_MAIL_PASSWORD", "x")
    assert check.main([str(tmp_path / "facility.toml")]) == 0


def test_whoever_gives_up_has_written_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", gone)

    assert main(["init", str(tmp_path / "new"), "--lang", "en"]) == 1
    assert "Given up; nothing was written." in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", sorted(builtin()))
def test_every_profile_that_can_be_chosen_becomes_a_right_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Also on a serial line, behind a broker with TLS and accounts."""
    found = builtin()[name]
    kinds = [kind for kind in ("unit", "room") if suitable("unit" if kind == "unit" else "room", found)]
    (tmp_path / "ca.pem").write_text("x", encoding="utf-8")

    for kind in kinds:
        asset = f"centre-1-{kind}-1"
        serial = isinstance(found, JsonProfile) or found.serial is None
        at = [] if serial else ["--at", f"{asset}-{name}=/dev/ttyUSB0"]
        options = ["--sensors", f"{asset}={name}", *at, "--broker-ca-file", str(tmp_path / "ca.pem")]
        assert written(tmp_path / kind, "--edge", *options) == 0, capsys.readouterr().err
        checked = edge.read(tmp_path / kind / "edge-centre-1-pi.toml")
        assert any(bound.asset == asset for bound in checked.bound)
        assert (tmp_path / kind / "ca.pem").is_file()


@contextlib.contextmanager
def running(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of ours until the block ends."""
    with (folder / f"{arguments[0]}.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", *arguments], stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def test_the_written_files_bring_readings_of_real_programs_into_the_store(tmp_path: Path) -> None:
    """Mosquitto, the demo's simulated devices, the edge agent and the collector, with the files as they are written."""
    first = free_block(MODBUS_PORTS)
    with mosquitto() as port:
        files.write(tmp_path, Ports(broker=port, modbus=first), datetime(2026, 11, 25, 3, tzinfo=UTC))
        scenario = tmp_path / "scenario.toml"
        topic = "application/1/device/tobu-room-eye/event/up"
        places = {
            "tobu-unit-1-sukusuku-retrofit-board": f"127.0.0.1:{first}",
            "tobu-unit-2-moxa-iologik-e1212": f"127.0.0.1:{first + 1}/1",
            "tobu-unit-2-dfrobot-sen0492": f"127.0.0.1:{first + 1}/80",
            "tobu-unit-2-eastron-sdm120": f"127.0.0.1:{first + 1}/2",
            "tobu-room-1-milesight-vs133": topic,
        }
        at = [word for device, place in places.items() for word in ("--at", f"{device}={place}")]
        broker = ["--broker-port", str(port), "--broker-edge-host", "127.0.0.1"]
        assert written(tmp_path / "real", "--edge", *TWO, *broker, *at) == 0
        wanted = {
            "tobu-unit-1": {"Fill/Percent", "Cycles/Total", "State", "Film/Remaining"},
            "tobu-unit-2": {"Fill/Percent", "Cycles/Total", "Motor/Power"},
            "tobu-room-1": {"Occupancy/Count", "Entries/Total", "Zones/eating/Count"},
        }
        real = tmp_path / "real"
        with (
            running(tmp_path, "sukusuku_sim", str(scenario)),
            running(tmp_path, "sukusuku_collector", str(real / "facility.toml")),
            running(tmp_path, "sukusuku_edge", "run", str(real / "edge-tobu-pi.toml")),
        ):
            until(
                lambda: not missing(real / "readings.db", wanted),
                lambda: f"{missing(real / 'readings.db', wanted)}\n{logs(tmp_path)}",
            )
    modes = {file.name: file.stat().st_mode & 0o077 for file in real.glob("[or]*s.db*")}
    assert set(modes.values()) == {0}, modes


def logs(folder: Path) -> str:
    """What the programs have said."""
    return "".join(
        re.sub(r"^", f"{log.stem}: ", log.read_text("utf-8"), flags=re.MULTILINE) for log in folder.glob("*.log")
    )


def missing(path: Path, wanted: dict[str, set[str]]) -> dict[str, set[str]]:
    """Which of these metrics have no value yet."""
    try:
        with contextlib.closing(SqliteStore.open_reader(path)) as store:
            latest = store.latest()
    except TransientError:  # the collector has not made it yet
        return wanted
    there = {
        asset: {name for name, value in found.items() if value.value is not None} for asset, found in latest.items()
    }
    return {asset: left for asset, names in wanted.items() if (left := names - there.get(asset, set()))}
