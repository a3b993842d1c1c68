"""What the agent learns from its computer and tells its service manager."""

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from sukusuku_edge.bootclock import SystemClock
from sukusuku_edge.health import THERMAL, THROTTLED, Computer
from sukusuku_edge.sd_notify import Notifier
from tests.support.patience import PATIENCE

UNIT = Path(__file__).parents[2] / "edge/deploy/sukusuku-edge.service"


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="ascii")


def test_what_a_computer_does_not_tell_is_left_out(tmp_path: Path) -> None:
    assert set(Computer(tmp_path, tmp_path).values()) == {"Disk/Free"}
    assert Computer(tmp_path / "none", tmp_path).values() == {}


@pytest.mark.parametrize(("text", "low"), [("0\n", False), ("50005\n", True), ("10000", True), ("80008", False)])
def test_undervoltage_now_or_since_the_start(tmp_path: Path, text: str, *, low: bool) -> None:
    write(tmp_path, THROTTLED, text)

    assert Computer(tmp_path, tmp_path).values()["Power/Undervoltage"] is low


def test_the_temperature_of_the_processor_and_of_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, f"{THERMAL}/thermal_zone0/type", "acpitz\n")
    write(tmp_path, f"{THERMAL}/thermal_zone0/temp", "27800\n")
    assert "Cpu/Temperature" not in Computer(tmp_path, tmp_path).values()

    write(tmp_path, f"{THERMAL}/thermal_zone1/type", "cpu-thermal\n")
    write(tmp_path, f"{THERMAL}/thermal_zone1/temp", "48312\n")
    assert Computer(tmp_path, tmp_path).values()["Cpu/Temperature"] == 48.312


def test_free_room_on_the_disk_is_in_megabytes(tmp_path: Path) -> None:
    free = Computer(tmp_path, tmp_path).values()["Disk/Free"]

    assert isinstance(free, int)
    assert abs(free - shutil.disk_usage(tmp_path).free / 1e6) < 1000


# ---------------------------------------------------------------- clocks


def booted(root: Path) -> Path:
    write(root, "proc/sys/kernel/random/boot_id", "e90e9203-fb4b\n")
    return root


def test_without_timesyncd_the_clock_is_trusted(tmp_path: Path) -> None:
    clock = SystemClock(root=booted(tmp_path))
    first, second = clock(), clock()

    assert clock.boot == "e90e9203-fb4b"
    assert first.synced
    assert second.uptime >= first.uptime > 0
    assert second.wall >= first.wall


def test_timesyncd_says_when_the_clock_is_set_and_it_stays_so(tmp_path: Path) -> None:
    write(booted(tmp_path), "run/systemd/timesync/x", "")
    clock = SystemClock(root=tmp_path)
    before = clock().synced
    write(tmp_path, "run/systemd/timesync/synchronized", "")
    after = clock().synced
    (tmp_path / "run/systemd/timesync/synchronized").unlink()

    assert (before, after, clock().synced) == (False, True, True)


def test_a_file_of_another_time_service(tmp_path: Path) -> None:
    clock = SystemClock(str(tmp_path / "set"), booted(tmp_path))
    before = clock().synced
    write(tmp_path, "set", "")

    assert (before, clock().synced) == (False, True)


def test_this_computer_has_a_boot_id() -> None:
    assert len(SystemClock().boot) == 36


# ---------------------------------------------------------------- the service manager


@pytest.mark.parametrize("abstract", [False, True])
def test_the_service_manager_hears_of_it(tmp_path: Path, *, abstract: bool) -> None:
    address = f"@sukusuku-{tmp_path.name}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + address[1:] if abstract else address)
        manager.settimeout(PATIENCE)
        Notifier({"NOTIFY_SOCKET": address}).send("READY=1", "STATUS=online; 3 readings wait")

        assert manager.recv(200) == b"READY=1\nSTATUS=online; 3 readings wait"


def test_no_service_manager_or_a_deaf_one_is_no_trouble(tmp_path: Path) -> None:
    Notifier({}).send("READY=1")
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "none")}).send("READY=1")


def test_the_unit_is_what_systemd_understands(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8")
    assert {"Type=notify", "WatchdogSec=120", "ProtectSystem=strict", "DynamicUser=yes"} <= set(text.splitlines())
    verify = shutil.which("systemd-analyze")
    if verify is None:
        return  # systemd is not on every computer that runs the tests
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/sukusuku-edge").symlink_to("/bin/true")
    unit = tmp_path / "sukusuku-edge.service"
    unit.write_text(text.replace("/opt/sukusuku/bin", str(tmp_path / "bin")), encoding="utf-8")

    command = [verify, "verify", "--man=no", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)

    assert [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line] == []
