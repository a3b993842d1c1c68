import email
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import sukusuku_core

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "edge" / "deploy" / "edge.example.toml"


def run(*command: str | Path) -> str:
    """What a command prints; fails with what it said."""
    environment = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", env=environment, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both wheels, by distribution."""
    folder = tmp_path_factory.mktemp("wheels")
    for project in (ROOT / "edge", ROOT):
        run(
            sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-build-isolation",
            "--no-deps", "--wheel-dir", folder, project,
        )  # fmt: skip
    return {path.name.split("-")[0]: path for path in folder.glob("*.whl")}


def contents(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as file:
        return file.namelist()


def packages(wheel: Path) -> set[str]:
    return {name.split("/")[0] for name in contents(wheel) if ".dist-info/" not in name}


def test_each_distribution_holds_its_packages_and_nothing_else(wheels: dict[str, Path]) -> None:
    assert set(wheels) == {"sukusuku", "sukusuku_edge"}
    assert packages(wheels["sukusuku_edge"]) == {"sukusuku_core", "sukusuku_mqtt", "sukusuku_edge"}
    assert packages(wheels["sukusuku"]) == {
        "sukusuku_server",
        "sukusuku_collector",
        "sukusuku_api",
        "sukusuku_cli",
        "sukusuku_sim",
        "sukusuku_demo",
        "sukusuku_dashboards",
    }


def test_data_files_are_in_the_edge_wheel(wheels: dict[str, Path]) -> None:
    inside = set(contents(wheels["sukusuku_edge"]))
    profiles = {f"sukusuku_core/profiles/{path.name}" for path in (ROOT / "edge/sukusuku_core/profiles").glob("*.toml")}

    assert len(profiles) >= 8
    assert profiles <= inside
    assert {"sukusuku_core/sparkplug_b.binpb", "sukusuku_core/py.typed", "sukusuku_edge/py.typed"} <= inside


@pytest.mark.parametrize("distribution", ["sukusuku", "sukusuku_edge"])
def test_there_is_one_version(wheels: dict[str, Path], distribution: str) -> None:
    with zipfile.ZipFile(wheels[distribution]) as file:
        name = next(entry for entry in file.namelist() if entry.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(file.read(name))

    assert metadata["Version"] == sukusuku_core.__version__


def test_a_pi_installs_the_agent_alone_and_can_check_its_settings(wheels: dict[str, Path], tmp_path: Path) -> None:
    venv.create(tmp_path / "pi")
    python = tmp_path / "pi" / "bin" / "python"
    run(
        sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--disable-pip-version-check",
        wheels["sukusuku_edge"],
    )  # fmt: skip

    assert run(tmp_path / "pi" / "bin" / "sukusuku-edge", "check", EXAMPLE).endswith("ok\n")
    absent = ("fastapi", "sqlalchemy", "sukusuku_collector")
    code = f"import importlib.util; print([name for name in {absent} if importlib.util.find_spec(name)])"
    assert run(python, "-c", code) == "[]\n"
    run(python, "-W", "error", "-c", "import sukusuku_edge.__main__, sukusuku_mqtt, sukusuku_core")
