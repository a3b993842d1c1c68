"""`sukusuku dashboards push` against a server that takes only what Grafana documents."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_cli.__main__ import main as sukusuku
from sukusuku_dashboards.__main__ import main
from sukusuku_dashboards.diff import LINES, differences, told
from sukusuku_dashboards.export import TOKEN as INFLUX_TOKEN
from tests.dashboards.grafana_server import TOKEN, Answer, FakeGrafana, serving

ROOT = Path(__file__).parents[2]
WALL = "sukusuku-wall-tobu-ja"
SETTINGS = """
operator = {id = "x", name = {ja = "区", en = "City"}}
[store.influx]
token = "collector-token"
[[site]]
id = "tobu"
name = {ja = "東部", en = "Tobu"}
[[site.unit]]
id = "u1"
name = {ja = "一号", en = "One"}
edge = "pi"
"""


@pytest.fixture
def grafana(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGrafana]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv(INFLUX_TOKEN, "can-only-read")
    with serving(FakeGrafana()) as found:
        yield found


@pytest.fixture
def settings(tmp_path: Path) -> str:
    path = tmp_path / "facility.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    return str(path)


def push(grafana: FakeGrafana, settings: str, *more: str, token: str = TOKEN) -> int:
    return main(["push", settings, "--url", grafana.url, "--token", token, *more])


def test_an_empty_grafana_gets_everything_as_documented(grafana: FakeGrafana, settings: str) -> None:
    assert push(grafana, settings) == 0
    assert grafana.wrong == []
    assert {uid: it["title"] for uid, it in grafana.folders.items()} == {
        "sukusuku-ja": "すくすく (ja)",
        "sukusuku-en": "Sukusuku (en)",
    }
    source = grafana.sources["sukusuku-influxdb"]
    assert source["_secrets"] == {"httpHeaderValue1": "Token can-only-read"}
    assert grafana.dashboards[WALL]["meta"]["folderUid"] == "sukusuku-ja"
    assert [path for _, path in grafana.writes[:3]] == ["/api/folders", "/api/folders", "/api/datasources"]
    assert {path for _, path in grafana.writes[3:]} == {"/api/dashboards/db"}
    assert "collector-token" not in json.dumps(grafana.sources)


def test_push_ends_with_the_address_of_the_wall_that_the_documents_give(
    grafana: FakeGrafana, settings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    push(grafana, settings)
    *_, japanese, english = capsys.readouterr().out.splitlines()
    address = japanese.removeprefix("wall (ja): ").removeprefix(grafana.url)
    uid, query = address.removeprefix("/d/").split("?")
    assert uid in grafana.dashboards
    assert english == f"wall (en): {grafana.url}{address.replace('-ja?', '-en?')}"
    for path in ("README.md", "README.ja.md", "docs/grafana.md", "dashboards/deploy/sukusuku-kiosk.service"):
        assert f"?{query}" in (ROOT / path).read_text(encoding="utf-8"), path


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_the_five_commands_of_the_readme_lead_from_an_empty_grafana_to_a_wall(
    readme: str, grafana: FakeGrafana, settings: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they stand there, one after the other; instead of the browser, its address is looked up."""
    (block,) = re.findall(
        r"(?:^    .*\n)*^    export SUKUSUKU_GRAFANA_TOKEN=(?:.*\n)(?:^    .*\n)*",
        (ROOT / readme).read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    commands = [shlex.split(line, comments=True) for line in block.splitlines()]
    assert len(commands) == 5
    for command in commands:
        words = [word.replace("http://grafana.local:3000", grafana.url) for word in command]
        match [settings if word == "facility.toml" else word for word in words]:
            case ["export", pair]:
                name, _, value = pair.partition("=")
                monkeypatch.setenv(name, value.replace("glsa_...", TOKEN))
            case ["sukusuku", *arguments]:
                assert sukusuku(arguments) == 0, command
            case ["chromium", "--kiosk", address]:
                assert address.removeprefix(f"{grafana.url}/d/").partition("?")[0] in grafana.dashboards
            case _:
                pytest.fail(f"unknown command {command}")
    assert grafana.wrong == []


def test_pushing_again_changes_nothing(
    grafana: FakeGrafana, settings: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    push(grafana, settings)
    monkeypatch.delenv(INFLUX_TOKEN)
    grafana.calls.clear()
    capsys.readouterr()
    assert push(grafana, settings) == 0
    assert grafana.writes == []
    assert "0 new, 0 changed" in capsys.readouterr().out


def test_a_dry_run_tells_and_writes_nothing(
    grafana: FakeGrafana, settings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert push(grafana, settings, "--dry-run") == 0
    assert grafana.writes == []
    told = capsys.readouterr().out
    assert f"new     dashboard {WALL}" in told
    assert "nothing was written" in told


def test_what_was_changed_in_grafana_is_told_and_put_right(
    grafana: FakeGrafana, settings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    push(grafana, settings)
    grafana.dashboards[WALL]["dashboard"]["panels"][0]["title"] = "mine"
    grafana.dashboards[WALL]["meta"]["folderUid"] = "elsewhere"
    grafana.folders["sukusuku-en"]["title"] = "Old"
    grafana.sources["sukusuku-influxdb"]["url"] = "http://old:8086"
    capsys.readouterr()
    assert push(grafana, settings) == 0
    told = capsys.readouterr().out
    assert 'panels[0].title: "mine" -> "充填率"' in told
    assert 'folder: "elsewhere" -> "sukusuku-ja"' in told
    assert 'title: "Old" -> "Sukusuku (en)"' in told
    assert 'url: "http://old:8086" -> "http://127.0.0.1:8086"' in told
    assert grafana.dashboards[WALL]["dashboard"]["version"] == 2
    assert grafana.dashboards[WALL]["dashboard"]["panels"][0]["title"] == "充填率"
    assert grafana.folders["sukusuku-en"]["title"] == "Sukusuku (en)"
    assert grafana.sources["sukusuku-influxdb"]["url"] == "http://127.0.0.1:8086"
    assert grafana.wrong == []


def test_what_grafana_adds_is_no_difference(grafana: FakeGrafana, settings: str) -> None:
    push(grafana, settings)
    found = grafana.dashboards[WALL]["dashboard"]
    found |= {"schemaVersion": 99, "preload": False}
    found["panels"][0]["pluginVersion"] = "13.2.0"
    grafana.calls.clear()
    push(grafana, settings)
    assert [path for _, path in grafana.writes] == ["/api/datasources/uid/sukusuku-influxdb"]


REFUSALS: tuple[tuple[str, str, int, object, str], ...] = (
    ("GET", "/api/folders/sukusuku-ja", 403, {"message": "Access denied"}, "role Admin"),
    ("POST", "/api/folders", 409, {"message": "name exists"}, "with this name"),
    ("POST", "/api/dashboards/db", 412, {"status": "version-mismatch"}, "push again"),
    ("POST", "/api/datasources", 500, {"message": "disk"}, r"log of Grafana \(Grafana says: disk\)"),
    ("GET", "/api/folders/sukusuku-ja", 502, "<html>a message of a proxy</html>", "is not Grafana"),
    ("GET", "/api/folders/sukusuku-ja", 404, "<html>nothing</html>", "sub-path"),
    ("GET", "/api/folders/sukusuku-ja", 200, "<html>log in</html>", "not answer as Grafana|not Grafana"),
    ("GET", "/api/folders/sukusuku-ja", 200, [], "not Grafana"),
    ("POST", "/api/folders", 302, {}, "redirects"),
)


@pytest.mark.parametrize(("method", "path", "status", "answer", "words"), REFUSALS)
def test_refusals_are_told_in_words(
    grafana: FakeGrafana, settings: str, capsys: pytest.CaptureFixture[str],
    method: str, path: str, status: int, answer: object, words: str,
) -> None:  # fmt: skip
    refusal: Answer = (status, answer)
    grafana.refuse[method, path] = refusal
    assert push(grafana, settings) == 1
    told = capsys.readouterr().err
    assert re.search(words, told), told
    assert TOKEN not in told


def test_a_wrong_token_is_told(grafana: FakeGrafana, settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert push(grafana, settings, token="glsa_other") == 1
    assert "Service accounts" in capsys.readouterr().err


def test_nobody_there(grafana: FakeGrafana, settings: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["push", settings, "--url", "http://127.0.0.1:1", "--token", TOKEN]) == 1
    assert "http://127.0.0.1:1 does not answer" in capsys.readouterr().err


@pytest.mark.parametrize(("url", "token", "words"), [("grafana:3000", TOKEN, "--url"), ("http://g", "", "--token")])
def test_wrong_arguments(settings: str, capsys: pytest.CaptureFixture[str], url: str, token: str, words: str) -> None:
    assert main(["push", settings, "--url", url, "--token", token]) == 2
    assert words in capsys.readouterr().err


def test_a_new_data_source_needs_its_secret(
    grafana: FakeGrafana, settings: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(INFLUX_TOKEN)
    assert push(grafana, settings) == 2
    assert INFLUX_TOKEN in capsys.readouterr().err


def test_the_token_from_the_environment_and_a_sub_path(settings: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv(INFLUX_TOKEN, "can-only-read")
    monkeypatch.setenv("SUKUSUKU_GRAFANA_TOKEN", TOKEN)
    with serving(FakeGrafana(prefix="/grafana")) as grafana:
        assert main(["push", settings, "--url", grafana.url + "/"]) == 0
        assert WALL in grafana.dashboards


TWO_CENTRES = (
    SETTINGS
    + """
[[site]]
id = "seibu"
name = {ja = "西部", en = "Seibu"}
[[site.unit]]
id = "u2"
name = {ja = "一号", en = "One"}
edge = "pi-2"
"""
)
TURN = "sukusuku-walls-ja"


@pytest.fixture
def two_centres(tmp_path: Path) -> str:
    path = tmp_path / "two.toml"
    path.write_text(TWO_CENTRES, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("org", [1, 4])
def test_walls_of_several_centres_are_a_playlist_with_the_wall_of_all_first(
    grafana: FakeGrafana, two_centres: str, capsys: pytest.CaptureFixture[str], org: int
) -> None:
    grafana.org = org
    assert push(grafana, two_centres) == 0
    assert grafana.wrong == []
    assert grafana.playlists is not None
    spec = grafana.playlists[TURN]["spec"]
    assert spec["title"] == "区：状況一覧（自動切り替え）"
    assert [item["value"] for item in spec["items"]] == [
        "sukusuku-wall-all-ja",
        "sukusuku-wall-tobu-ja",
        "sukusuku-wall-seibu-ja",
    ]
    told = capsys.readouterr().out
    assert f"{grafana.url}/playlists/play/{TURN}?kiosk&" in told
    assert "hideLogo=true" in told.splitlines()[-1]
    grafana.calls.clear()
    assert push(grafana, two_centres) == 0
    assert not any("playlist" in path for _, path in grafana.writes)


def test_a_playlist_that_was_changed_is_put_right_in_place_of_the_version_that_was_seen(
    grafana: FakeGrafana, two_centres: str, capsys: pytest.CaptureFixture[str]
) -> None:
    push(grafana, two_centres)
    assert grafana.playlists is not None
    grafana.playlists[TURN]["spec"] |= {"interval": "1h"}
    capsys.readouterr()
    assert push(grafana, two_centres, "--dry-run") == 0
    assert grafana.playlists[TURN]["spec"]["interval"] == "1h"
    assert push(grafana, two_centres) == 0
    assert 'interval: "1h" -> "20s"' in capsys.readouterr().out
    assert grafana.playlists[TURN]["spec"]["interval"] == "20s"
    assert grafana.playlists[TURN]["metadata"]["resourceVersion"] == "2"
    assert grafana.wrong == []


def test_a_grafana_without_playlists_over_http_gets_everything_else(
    grafana: FakeGrafana, two_centres: str, capsys: pytest.CaptureFixture[str]
) -> None:
    grafana.playlists = None
    assert push(grafana, two_centres) == 0
    told = capsys.readouterr().out
    assert "left out playlists" in told
    assert "/playlists/play/" not in told
    assert WALL in grafana.dashboards


def test_differences_are_few_lines() -> None:
    assert list(differences({"a": 1, "more": 2}, {"a": 1, "b": [], "c": None})) == []
    assert list(differences({"a": [1, 2]}, {"a": [1]})) == ["a: 2 -> 1 entries"]
    assert list(differences({}, {"a": {"b": 1}})) == ['a: nothing -> {"b": 1}']
    assert list(differences({"a": 0}, {"a": False})) == []
    assert told([str(n) for n in range(LINES + 5)])[-1] == "... and 5 more"
    assert len(next(differences("", "x" * 500))) < 100
