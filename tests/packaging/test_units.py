"""The systemd units: what they start may read and write little, and nobody else its files."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from sukusuku_edge.update.updater import BEFORE
from sukusuku_edge.update_settings import UpdateSettings

ROOT = Path(__file__).parents[2]
ALL = sorted(path for path in ROOT.glob("*/deploy/sukusuku-*.service") if "kiosk" not in path.name)
WANTED = {
    "UMask": "0077",
    "StateDirectoryMode": "0700",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "RestrictNamespaces": "yes",
    "SystemCallArchitectures": "native",
}
INSTALLING = {"sukusuku-edge-update.service", "sukusuku-edge-return.service"}
"""They are root, because they install packages."""
MOST_EXPOSED = 2.5
"""Of 10; see `systemd-analyze security`."""
DRAWING = {"sukusuku-api.service", "sukusuku-collector.service"}
UNITS = [path for path in ALL if path.name not in INSTALLING]


def settings(unit: Path) -> Mapping[str, str]:
    """What the unit says; of keys that it says twice, the last."""
    return dict(re.findall(r"^(\w+)=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_keeps_its_files_to_itself_and_has_a_bound_of_memory(unit: Path) -> None:
    found = settings(unit)
    assert {key: found.get(key) for key in WANTED} == WANTED
    assert found["MemoryMax"]
    assert found["SystemCallFilter"].startswith("@system-service")
    assert found.get("DynamicUser") == "yes" or found["User"] == "sukusuku"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_it_exposed_to_little(unit: Path) -> None:
    command = [
        "systemd-analyze",
        "security",
        "--offline=true",
        "--no-pager",
        f"--threshold={MOST_EXPOSED * 10:.0f}",
        str(unit),
    ]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout[-200:]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_what_draws_may_make_code_and_nothing_else_may(unit: Path) -> None:
    """The JavaScript engine that draws charts and rounds ends its process where it may not."""
    assert (settings(unit).get("MemoryDenyWriteExecute") is None) == (unit.name in DRAWING)


def test_whoever_installs_packages_sees_no_homes_and_leads_to_the_way_back() -> None:
    found = {path.name: settings(path) for path in ALL if path.name in INSTALLING}
    assert set(found) == INSTALLING
    assert all((unit["ProtectHome"], unit["PrivateTmp"]) == ("yes", "yes") for unit in found.values())
    update, back = found["sukusuku-edge-update.service"], found["sukusuku-edge-return.service"]
    assert update["OnFailure"] == "sukusuku-edge-return.service"
    folder = f"/var/lib/{update['StateDirectory']}"
    assert folder == settings_of_updates().folder
    assert back["ConditionPathExists"] == f"{folder}/{BEFORE}"


def settings_of_updates() -> UpdateSettings:
    """As they are by default."""
    return UpdateSettings(url="http://127.0.0.1")
