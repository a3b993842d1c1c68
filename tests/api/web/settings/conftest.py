"""The API over a document in a file that its pages change."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from sukusuku_api.app import follow
from sukusuku_api.lazy_store import LazyStore
from sukusuku_server.facility_document.facility_file import FacilityFile
from sukusuku_server.facility_document.watching import Watch
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import client
from tests.api.two_centres import FACILITY, World

MORE = """
[[depot]]
id = "yard"
name = { ja = "車庫", en = "Yard" }
lat = 35.74
lon = 139.71

[[vehicle]]
id = "van"
name = { ja = "車", en = "Van" }
depot = "yard"

[[round]]
id = "nappies"
name = { ja = "おむつ回収", en = "Nappy round" }
vehicle = "van"
sites = ["tobu"]

[[contact]]
name = "Office"
mail = "office@example.jp"
"""


@dataclass
class Desk:
    """Whoever changes settings, the file that holds them, and what the API says."""

    api: httpx.Client
    path: Path

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    path = tmp_path / "facility.toml"
    path.write_text(FACILITY + MORE, encoding="utf-8")
    source = FacilityFile(path)
    document = source.read()
    store = LazyStore(world.path)
    app = create_app(source.check(document.text), store, world.operations, lambda: NOW)
    follow(app, Watch(source, document.version))
    with client(app) as api:
        yield Desk(api, path)
    store.close()
