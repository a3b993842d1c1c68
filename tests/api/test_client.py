"""The Python client that is generated from the description of the API, against the real API."""

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest

from sukusuku_api.__main__ import main
from sukusuku_core.model import Reading
from tests.api.conftest import NOW
from tests.api.two_centres import World

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The package, importable as `sukusuku_client`. Whatever the generator cannot express fails."""
    folder = tmp_path_factory.mktemp("client")
    with pytest.MonkeyPatch.context() as patch:
        said: list[str] = []
        patch.setattr("builtins.print", said.append)
        assert main(["--openapi"]) == 0
    (folder / "openapi.json").write_text(said[0], encoding="utf-8")
    call = ("generate", "--path", "openapi.json", "--config", str(ROOT / "api/client.yaml"), "--meta", "none")
    done = subprocess.run(
        [Path(sys.executable).with_name("openapi-python-client"), *call, "--fail-on-warning"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


def operation(tag: str, name: str) -> Any:
    return import_module(f"sukusuku_client.api.{tag}.{name}")


@pytest.fixture
def client(package: Path, api: httpx.Client) -> Any:
    """A client that hands its requests to the application in memory."""
    return import_module("sukusuku_client").Client(base_url=str(api.base_url)).set_httpx_client(api)


def test_every_operation_is_a_function(package: Path) -> None:
    paths = json.loads((package / "openapi.json").read_text(encoding="utf-8"))["paths"]
    there = {it["operationId"] for methods in paths.values() for it in methods.values()}
    assert there == {file.stem for file in (package / "sukusuku_client/api").glob("*/*.py")} - {"__init__"}


def test_state_history_and_files_come_with_types(client: Any, world: World) -> None:
    world.commit(*(Reading("tobu-unit-1", "Fill/Percent", NOW - n * 60_000, 80.0 + n) for n in (1, 2, 3)))
    units = operation("units", "units_units").sync(client=client)
    assert {unit.id for unit in units.units} >= {"tobu-unit-1", "seibu-unit-1"}
    assert units.time.utcoffset().total_seconds() == 9 * 3600

    answer = operation("readings", "readings_readings").sync_detailed(
        client=client, asset="tobu-unit-1", metric="Fill/Percent"
    )
    assert [point["value"] for point in json.loads(answer.content)["points"]] == [83.0, 82.0, 81.0]

    models = import_module("sukusuku_client.models")
    exported = operation("export", "export_month").sync_detailed(
        "readings", "2026-11", models.ExportFormat.CSV, client=client, site="tobu"
    )
    assert exported.content.count(b"\r\n") == 4


def test_words_are_spoken_and_wrong_ones_are_problems(client: Any) -> None:
    models = import_module("sukusuku_client.models")
    enter = operation("emptyings", "emptyings_enter")
    entry = models.Entry(by="佐藤", unit="tobu-unit-1", time=str(NOW - 60_000), percent=80.0)
    assert enter.sync(client=client, body=entry).by == "佐藤"
    again = enter.sync(client=client, body=entry)
    assert type(again).__name__ == "Problem"
    assert again.status == 409
    missing = operation("units", "units_unit").sync("nowhere", client=client)
    assert "tobu-unit-1" in missing.available
