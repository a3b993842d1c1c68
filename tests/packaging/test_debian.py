"""What the Debian packages consist of, built from a small tree; `packages/try-in-chroot` tries the real ones."""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from string import Template

import pytest
from packages import archive, sbom, trees
from packages.product import PRODUCTS, PYTHONS, ROOT, VERSION, Product

from sukusuku_edge import database

MOMENT = "1796051000"
EDGE = PRODUCTS["edge"]
SCRIPTS = [path for folder in ("edge", "server") for path in sorted((ROOT / "packages" / folder).glob("p[or]*"))]


def tree(home: Path, files: Mapping[str, str]) -> None:
    """A tree for each Python, with one library in it."""
    for python in PYTHONS:
        for name, text in files.items():
            path = home / f"python{python}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("PYTHON", python), encoding="utf-8")


LIBRARY = {
    "msgspec/__init__.py": "x = 1\n",
    "msgspec/core.so": "for PYTHON",
    "msgspec-0.20.dist-info/METADATA": "Name: msgspec\nVersion: 0.20\nLicense-Expression: BSD-3-Clause\n",
    "msgspec-0.20.dist-info/RECORD": "msgspec/__init__.py,,\nbin/gone,,\nmsgspec-0.20.dist-info/direct_url.json,,\n",
    "msgspec-0.20.dist-info/direct_url.json": "/home/somebody/work",
    "bin/gone": "#!/home/somebody/python",
}


def packed(folder: Path, product: Product = EDGE) -> Path:
    root = folder / "root"
    home = root / product.home.lstrip("/")
    tree(home, LIBRARY)
    for python in PYTHONS:
        trees._clean(home / f"python{python}")
    trees._share(home)
    return archive.build(product, "amd64", root, sbom.bill(product, home), folder)


def test_two_builds_in_different_places_are_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", MOMENT)
    made = []
    for name in ("one", "a-longer-name"):
        (tmp_path / name).mkdir()
        os.umask(0o022 if name == "one" else 0o077)
        monkeypatch.setenv("TZ", "UTC" if name == "one" else "Asia/Tokyo")
        time.tzset()
        made.append(packed(tmp_path / name))
    os.umask(0o022)
    monkeypatch.undo()
    time.tzset()
    assert made[0].read_bytes() == made[1].read_bytes()


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_package_holds_commands_units_and_its_bill(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", MOMENT)
    product = PRODUCTS[name]
    made = packed(tmp_path, product)
    inside = subprocess.run(["dpkg-deb", "-c", made], capture_output=True, text=True, check=True).stdout
    names = {line.split()[5].lstrip(".") for line in inside.splitlines()}
    assert {f"/usr/bin/{program}" for program in product.programs} <= names
    assert {f"/usr/lib/systemd/system/{Path(unit).name}" for unit in product.units} <= names
    assert f"/usr/share/doc/{product.name}/sbom.cdx.json" in names
    assert not any("direct_url" in entry or "/bin/gone" in entry for entry in names)
    assert " link to " in inside, "what both Pythons have is kept once"
    units = tmp_path / "root/usr/lib/systemd/system"
    started = [path.read_text(encoding="utf-8") for path in units.glob("*.service")]
    assert all("ExecStart=/usr/bin/" in text and "=/opt/" not in text for text in started)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_scripts_are_right_for_the_shell(script: Path) -> None:
    text = Template(script.read_text(encoding="utf-8")).substitute(version=VERSION, home="/x", format="1")
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)


def before_unpacking(folder: str, installed: str, settings: Path) -> "subprocess.CompletedProcess[str]":
    """Run the preinst of 0.1.0, which reads format 1, where another version is installed."""
    source = (ROOT / "packages" / folder / "preinst").read_text(encoding="utf-8")
    text = Template(source).substitute(version="0.1.0", format="1").replace("/etc/sukusuku", str(settings))
    command = ["sh", "-s", "upgrade", installed]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def test_a_newer_server_is_not_replaced_by_an_earlier_one(tmp_path: Path) -> None:
    for installed, status in (("0.0.9", 0), ("0.1.0", 0), ("0.2.0", 1)):
        done = before_unpacking("server", installed, tmp_path)
        assert done.returncode == status
        assert bool(done.stderr) == bool(status)


@pytest.mark.parametrize(("written", "status"), [(0, 0), (1, 0), (2, 1), (300, 1)])
def test_an_agent_is_not_replaced_by_one_that_cannot_read_its_outbox(written: int, status: int, tmp_path: Path) -> None:
    (tmp_path / "edge.toml").write_text('[outbox]\npath = "state/o.db"\n', "utf-8")
    (tmp_path / "state").mkdir()
    with contextlib.closing(database.connect(tmp_path / "state/o.db")) as file:
        file.execute(f"PRAGMA user_version = {written}")
    done = before_unpacking("edge", "0.2.0", tmp_path)
    assert done.returncode == status
    assert (f"format {written}" in done.stderr and "戻せません" in done.stderr) == bool(status)
    assert before_unpacking("edge", "0.0.9", tmp_path).returncode == 0


def test_without_an_outbox_every_agent_may_come(tmp_path: Path) -> None:
    assert before_unpacking("edge", "0.2.0", tmp_path).returncode == 0
    (tmp_path / "edge.toml").write_text("broken", "utf-8")
    assert before_unpacking("edge", "0.2.0", tmp_path).returncode == 0


def test_the_bill_names_every_library_with_version_and_licence(tmp_path: Path) -> None:
    tree(tmp_path, LIBRARY)
    told = json.loads(sbom.bill(EDGE, tmp_path))
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.6")
    (component,) = told["components"]
    assert component["purl"] == "pkg:pypi/msgspec@0.20"
    assert component["licenses"] == [{"expression": "BSD-3-Clause"}]
    assert told == json.loads(sbom.bill(EDGE, tmp_path))
