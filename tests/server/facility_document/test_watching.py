"""When a change of the document counts, and what of it a running process can take."""

from pathlib import Path

import msgspec
import pytest

from sukusuku_core.errors import TransientError
from sukusuku_core.settings import parse
from sukusuku_server.facility_document.facility_file import FacilityFile
from sukusuku_server.facility_document.restart import NEEDS_RESTART, held_back
from sukusuku_server.facility_document.source import Origin
from sukusuku_server.facility_document.watching import Right, Watch, Wrong
from sukusuku_server.settings import Facility

TEXT = '[operator]\nid = "town"\nname = { ja = "町", en = "Town" }\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "facility.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


@pytest.fixture
def watch(path: Path) -> Watch:
    source = FacilityFile(path)
    return Watch(source, source.read().version)


def looks(watch: Watch, count: int = 3) -> list[Right | Wrong]:
    return [news for news in (watch.look() for _ in range(count)) if news is not None]


def test_a_text_counts_when_two_looks_have_seen_it_and_is_told_once(path: Path, watch: Watch) -> None:
    assert looks(watch) == []
    path.write_text("[operator]\n", encoding="utf-8")  # an editor has written its first part
    assert watch.look() is None
    path.write_text(f'{TEXT}host_id = "new"\n'.replace("[operator]", 'host_id = "x"\n[operator]', 1), encoding="utf-8")
    assert watch.look() is None
    path.write_text(f'host_id = "new"\n{TEXT}', encoding="utf-8")
    (news,) = looks(watch)
    assert isinstance(news, Right)
    assert news.facility.host_id == "new"


def test_a_wrong_text_is_told_once_and_then_that_it_is_right_again(path: Path, watch: Watch) -> None:
    path.write_text("[", encoding="utf-8")
    (news,) = looks(watch)
    assert isinstance(news, Wrong)
    assert "not valid TOML" in news.mistakes[0].text
    path.write_bytes(b"\xff")
    (news,) = looks(watch)
    assert isinstance(news, Wrong)
    path.write_text(TEXT, encoding="utf-8")
    (news,) = looks(watch)
    assert isinstance(news, Right)
    path.unlink()
    with pytest.raises(TransientError):
        watch.look()
    path.write_text(TEXT, encoding="utf-8")
    assert looks(watch) == []


def test_what_is_seen_is_in_the_history(path: Path, watch: Watch) -> None:
    looks(watch)
    path.write_text(f'host_id = "new"\n{TEXT}', encoding="utf-8")
    looks(watch)
    assert [version.origin for version in FacilityFile(path).history()] == [Origin.BY_HAND, Origin.FOUND]


def facility(text: str = "") -> Facility:
    return parse(f"{text}\n{TEXT}", Facility, "facility.toml")


@pytest.mark.parametrize("key", NEEDS_RESTART)
def test_every_key_that_needs_a_restart_is_held_back_and_named(key: str) -> None:
    running = facility()
    changed = {
        "operator.id": msgspec.structs.replace(running, operator=msgspec.structs.replace(running.operator, id="city")),
        "host_id": facility('host_id = "x"'),
        "broker": facility("broker = { port = 5 }"),
        "limits": facility("limits = { assets_per_node = 5 }"),
        "store.kind": facility('store = { kind = "influx" }'),
        "store.path": facility('store = { path = "x" }'),
        "store.acknowledge": facility('store = { acknowledge = "replicated" }'),
        "store.influx": facility('store = { influx = { org = "x" } }'),
        "store.postgres": facility('store = { postgres = { url = "postgresql://x/x" } }'),
        "operations": facility('operations = { url = "sqlite:///x" }'),
        "group": facility('group = [{ id = "north", host_id = "north", schema = "north" }]'),
        "web.host": facility('web = { host = "0.0.0.0" }'),
        "web.port": facility("web = { port = 9 }"),
    }[key]
    assert held_back(running, changed) == (running, (key,))


def test_the_rest_of_a_change_is_taken() -> None:
    taken, waiting = held_back(facility(), facility('store = { path = "x", keep_raw_days = 40 }\nweb = { port = 9 }'))
    assert waiting == ("store.path", "web.port")
    assert taken == facility("store = { keep_raw_days = 40 }")
