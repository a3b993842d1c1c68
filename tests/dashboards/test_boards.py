"""The boards as Grafana reads them: places, names, links, sizes; and the files that they are exported to."""

import dataclasses
import json
import re
from pathlib import Path

import msgspec
import pytest
from babel.messages.pofile import read_po

from sukusuku_core.errors import ConfigError
from sukusuku_dashboards import words
from sukusuku_dashboards.__main__ import main
from sukusuku_dashboards.board import Kind
from sukusuku_dashboards.boards import boards
from sukusuku_dashboards.export import LANGUAGES, files
from sukusuku_dashboards.facts import OVER
from sukusuku_dashboards.grafana import classic
from sukusuku_dashboards.rooms import heat_rows
from sukusuku_dashboards.wall import FIT, rotation, walls
from sukusuku_server.kpi import series
from sukusuku_server.kpi.series import FIGURES
from sukusuku_server.model.boards import site_key, wall_uid
from sukusuku_server.model.rounds import VisitKind
from sukusuku_server.rooms.current import FRESH_MS
from sukusuku_server.settings import Facility, Language, Zone
from sukusuku_server.settings.alerts import Levels
from sukusuku_server.settings.opening import Opening

MOST_BYTES = 60_000
PACKAGE = Path(words.__file__).parent


def facility(sites: int = 2, units: int = 2) -> Facility:
    """Centres with units and one room each."""
    built = [
        {
            "id": f"centre-{site}",
            "name": {"ja": f"第{site}センター", "en": f"Centre {site}"},
            "unit": [
                {"id": f"c{site}-unit-{n}", "name": {"ja": f"圧縮機{n}号", "en": f"Unit {n}"}, "edge": f"pi-{site}"}
                for n in range(units)
            ],
            "room": [
                {
                    "id": f"c{site}-room",
                    "name": {"ja": "一時保育室", "en": "Room"},
                    "edge": f"pi-{site}",
                    "capacity": 10,
                    "zone": [{"id": zone, "name": {"ja": zone, "en": zone}} for zone in ("eating", "sleeping")],
                }
            ],
        }
        for site in range(sites)
    ]
    operator = {"id": "toshima", "name": {"ja": "豊島区", "en": "Toshima City"}}
    round_ = {"id": "main", "name": {"ja": "定期回収", "en": "Main round"}, "vehicle": "van"}
    settings = {"operator": operator, "store": {"kind": "influx"}, "site": built, "round": [round_]}
    return msgspec.convert(settings, Facility)


def each_with_its_own_levels(settings: Facility) -> Facility:
    """The same facility; every unit and every room has levels that no other one has."""

    def own(number: int) -> Levels:
        return Levels(
            fill_rise=70.0 + number, fill_clear=40.0 + number, silent_after=5_400.0 + number, room_warn=80.0 + number
        )

    sites = [
        msgspec.structs.replace(
            site,
            unit=tuple(msgspec.structs.replace(it, alerts=own(10 * n + i)) for i, it in enumerate(site.unit)),
            room=tuple(msgspec.structs.replace(it, alerts=own(10 * n + 5 + i)) for i, it in enumerate(site.room)),
        )
        for n, site in enumerate(settings.site)
    ]
    return msgspec.structs.replace(settings, site=tuple(sites))


@pytest.fixture(scope="module")
def centres() -> Facility:
    """Two centres."""
    return facility()


@pytest.mark.parametrize("language", LANGUAGES)
def test_panels_of_a_board_lie_beside_each_other_and_say_when_there_is_nothing(
    centres: Facility, language: Language
) -> None:
    for board in map(classic, boards(centres, language)):
        assert (board["timezone"], board["weekStart"]) == ("Asia/Tokyo", "monday")
        taken: set[tuple[int, int]] = set()
        for panel in board["panels"]:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            assert not taken & cells, panel["title"]
            assert max(x for x, _ in cells) < 24
            words = {"ja": {"データなし", "なし", "状態なし"}, "en": {"no data", "none", "no state"}}[language]
            shown = panel["fieldConfig"]["defaults"].get("noValue")
            assert shown is None if panel["type"] == "table" else shown in words
            taken |= cells


def test_a_wall_of_fifty_units_is_small() -> None:
    for wall in walls(facility(sites=10, units=5), "ja"):
        assert len(json.dumps(classic(wall), ensure_ascii=False).encode()) <= MOST_BYTES


def test_every_board_follows_the_settings_of_single_units_and_rooms(centres: Facility) -> None:
    """Mail and board say the same of a unit or a room that has limits of its own, wherever it is shown."""
    found = each_with_its_own_levels(centres)
    levels = {asset.id: found.levels(asset.settings) for asset in found.assets()}
    seen = {"silent": 0, "fill": 0, "use": 0, "gap": 0}
    for board in boards(found, "en"):
        for panel in board.panels:
            for asset in panel.names.keys() & levels.keys():
                own = levels[asset]
                if (edge := re.search(r"time < \$\{__to\}ms - (\d+)s", panel.query)) is not None:
                    late = (
                        3_600
                        if "Forecast/" in panel.query or "HoursLeft" in panel.query or "Film/" in panel.query
                        else 0
                    )
                    counted = "'Occupancy/" in panel.query
                    within = min(own.silent_after, FRESH_MS / 1000) if counted else own.silent_after
                    assert int(edge[1]) - late == within, (board.uid, panel.title)
                    seen["silent"] += 1
                if asset in panel.gaps:
                    assert panel.gaps[asset] - own.silent_after in {0, 900}, (board.uid, panel.title)
                    seen["gap"] += 1
                steps = tuple(step.value for step in panel.steps)
                if panel.rows is not None and "'Fill/Percent'" in panel.query and not panel.rows.only_silent:
                    assert steps == (None, own.fill_clear, own.fill_rise)
                    seen["fill"] += 1
                if panel.rows is not None and "'Occupancy/Utilisation'" in panel.query and not panel.rows.only_silent:
                    assert steps == (None, own.room_warn, OVER)
                    seen["use"] += 1
                if panel.kind is Kind.LINES and panel.query.count("Fill/Percent") + panel.query.count("Fill/Estimate"):
                    assert steps == (), "dashes would be those of one unit only"
    assert min(seen.values()) >= 4, seen


def test_dashes_are_those_of_the_units_that_a_panel_shows(centres: Facility) -> None:
    levels = msgspec.convert({"fill_rise": 60.0, "fill_clear": 50.0}, Levels)
    first, *others = centres.site
    units = tuple(msgspec.structs.replace(unit, alerts=levels) for unit in first.unit)
    found = msgspec.structs.replace(centres, site=(msgspec.structs.replace(first, unit=units), *others))
    shown = {board.uid: {panel.title: panel for panel in board.panels} for board in boards(found, "en")}
    dashes = {
        uid: [step.value for step in panels[title].steps]
        for uid, panels in shown.items()
        for title in ("Fill level today", "Estimated fill level")
        if title in panels
    }
    assert dashes == {
        f"sukusuku-wall-{first.id}-en": [None, 50.0, 60.0],
        f"sukusuku-wall-{others[0].id}-en": [None, centres.alerts.fill_clear, centres.alerts.fill_rise],
        "sukusuku-collection-en": [],
    }


def test_a_wall_shows_children_as_they_are_corrected_and_against_the_limit_of_the_moment(centres: Facility) -> None:
    for wall in walls(centres, "en"):
        queries = [panel.query for panel in wall.panels]
        assert not any("'Occupancy/Children'" in query for query in queries)
        assert any("'Occupancy/Utilisation'" in query for query in queries)


def test_zones_are_held_against_their_own_capacity() -> None:
    zones = [
        {"id": name, "name": {"ja": name, "en": name}, "capacity": capacity}
        for name, capacity in (("eating", 6), ("play", None), ("sleeping", 6))
    ]
    centre = facility(1)
    room = msgspec.structs.replace(centre.site[0].room[0], zone=msgspec.convert(zones, tuple[Zone, ...]))
    site = msgspec.structs.replace(centre.site[0], room=(room,))
    wall = next(iter(walls(msgspec.structs.replace(centre, site=(site,)), "en")))
    shown = {tuple(it.names.values()): it for it in wall.panels if "zone" in it.title}
    assert shown.keys() == {("eating, for 6", "sleeping, for 6"), ("play",)}
    share, count = shown["eating, for 6", "sleeping, for 6"], shown["play",]
    assert (share.unit, [step.value for step in share.steps]) == ("percent", [None, 100, OVER])
    assert share.query.count(" * 100 / 6 AS") == 2
    assert (count.unit, [step.value for step in count.steps]) == ("none", [None])


def test_zones_of_different_capacities_share_a_panel_in_which_their_bars_have_room(centres: Facility) -> None:
    zones = [{"id": it, "name": {"ja": it, "en": it}, "capacity": n} for n, it in enumerate("abc", 5)]
    site = centres.site[0]
    room = msgspec.structs.replace(site.room[0], zone=msgspec.convert(zones, tuple[Zone, ...]))
    site = msgspec.structs.replace(site, room=(room,))
    wall = next(iter(walls(msgspec.structs.replace(centres, site=(site,)), "en")))
    (panel,) = (it for it in wall.panels if "zone" in it.title)
    assert list(panel.names) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("opening", "lines"),
    [({}, 10), ({"sat": ["07:30-22:00"]}, 16), ({"special": {"2026-12-01": ["00:00-24:00"]}}, 24), ({"mon": []}, 10)],
)
def test_a_heat_map_has_a_line_for_each_hour_in_which_the_centre_is_ever_open(
    opening: dict[str, object], lines: int
) -> None:
    assert heat_rows(msgspec.convert(opening, Opening)) == max(14, -(-((lines + 1) * 36 + 64) // 38))


def test_no_board_has_a_capacity_in_it_that_changes_some_day() -> None:
    centre = facility(1)
    before = list(boards(centre, "en"))
    room = msgspec.structs.replace(centre.site[0].room[0], capacity=7)
    site = msgspec.structs.replace(centre.site[0], room=(room,))
    after = boards(msgspec.structs.replace(centre, site=(site,)), "en")
    for old, new in zip(before, after, strict=True):
        for panel, changed in zip(old.panels, new.panels, strict=True):
            assert dataclasses.replace(changed, high=panel.high) == panel, "the limit of the moment is a series"


def test_many_centres_have_pages_and_a_wall_of_what_needs_attention_first() -> None:
    found = {wall.uid: wall for wall in walls(facility(sites=40), "en")}
    pages = [found[f"sukusuku-wall-all-{number}-en"] for number in range(1, 9)]
    units = [name for page in pages for name in page.panels[0].names]
    assert units == [f"c{site}-unit-{n}" for site in range(40) for n in range(2)]
    assert all(len(page.panels[0].names) <= FIT for page in pages)
    first = found["sukusuku-wall-all-en"]
    ordered = [panel.rows for panel in first.panels]
    assert [it.highest_first for it in ordered if it] == [True, True, False, False]
    assert [it.only_silent for it in ordered if it] == [False, False, True, True]
    assert all(panel.names.keys() >= set(units) for panel in first.panels if "unit" in next(iter(panel.names)))
    assert len(found) == 1 + 8 + 40
    few = [wall.uid for wall in walls(facility(sites=2), "en")]
    assert few == ["sukusuku-wall-all-en", "sukusuku-wall-centre-0-en", "sukusuku-wall-centre-1-en"]
    assert wall_uid(site_key("all-1", "en"), "en") not in found, "a centre may be called like a page"


@pytest.mark.parametrize(("sites", "length"), [(1, 0), (2, 3), (5, 7), (6, 3), (40, 11)])
def test_walls_in_turn_show_every_page_and_that_of_all_again_and_again(sites: int, length: int) -> None:
    centres = facility(sites)
    playlist, uids = rotation(centres, "en"), [wall.uid for wall in walls(centres, "en")]
    shown = [] if playlist is None else list(playlist.boards)
    assert len(shown) == length
    first, pages = uids[0], [uid for uid in uids[1:] if "wall-all-" in uid]
    wanted = pages or [uid for uid in uids[1:] if sites > 1]
    assert [uid for uid in shown if uid != first] == wanted
    assert all(first in shown[n : n + 4] for n in range(len(shown) - 3)), "what needs attention never waits for long"
    assert shown[:1] == ([first] if shown else [])


def test_uids_are_fixed_and_differ(centres: Facility) -> None:
    uids = [board.uid for language in LANGUAGES for board in boards(centres, language)]
    assert len(set(uids)) == len(uids) == 12
    assert "sukusuku-wall-centre-0-ja" in uids
    assert all(len(uid) <= 40 for uid in uids)


def test_every_text_is_there_in_japanese() -> None:
    with (PACKAGE / "locale" / "ja.po").open("rb") as stream:
        catalogue = read_po(stream, locale="ja", abort_invalid=True)
    sources = "".join(path.read_text(encoding="utf-8") for path in PACKAGE.glob("*.py"))
    ids = [str(message.id) for message in catalogue if message.id]
    assert all(message.string for message in catalogue if message.id)
    calls = re.findall(r"(?:tell|_|say\([a-z.]+\))\(\s*((?:\"[^\"]*\"\s*)+)\)", sources)
    called = {"".join(re.findall(r"\"([^\"]*)\"", it)) for it in calls}
    assert called == set(ids)
    assert {text for text, _ in words._STATES.values()} <= set(ids)


def test_boards_of_a_language_link_to_each_other(centres: Facility) -> None:
    for language in LANGUAGES:
        for board in map(classic, boards(centres, language)):
            link = board["links"][0]
            assert link["type"] == "dashboards"
            assert set(link["tags"]) <= set(board["tags"])


def test_panels_lead_to_the_page_on_which_something_can_be_done(centres: Facility) -> None:
    leads = {
        board["uid"]: {
            panel["title"]: panel["links"][0]["url"].removeprefix(centres.web.url) for panel in board["panels"]
        }
        for board in map(classic, boards(centres, "en"))
    }
    wall = leads["sukusuku-wall-centre-1-en"]
    assert wall["Fill level"] == "/collection?lang=en"
    assert wall["Children"] == wall["Children in percent of the limit now"] == "/rooms?lang=en"
    assert wall["State"] == "/wall/centre-1?lang=en"
    assert {*leads["sukusuku-rooms-en"].values()} == {"/rooms?lang=en"}
    assert {*leads["sukusuku-collection-en"].values()} == {"/collection?lang=en"}
    assert {*leads["sukusuku-operations-en"].values()} == {"/wall?lang=en"}


def test_a_forecast_is_a_band_between_its_early_and_its_late_end(centres: Facility) -> None:
    board = next(classic(it) for it in boards(centres, "en") if it.uid == "sukusuku-collection-en")
    names = {
        it["matcher"]["options"]: {entry["id"]: entry["value"] for entry in it["properties"]}
        for it in board["panels"][-1]["fieldConfig"]["overrides"]
    }
    assert names["Forecast/Hours90"]["custom.fillBelowTo"] == names["Forecast/Hours10"]["displayName"]


def test_days_are_bars_that_stand_on_each_other_and_emptyings_are_points(centres: Facility) -> None:
    board = next(classic(it) for it in boards(centres, "en") if it.uid == "sukusuku-collection-en")
    drawn = {panel["title"]: panel["fieldConfig"]["defaults"].get("custom", {}) for panel in board["panels"]}
    bags = drawn["Bags emptied per day"]
    assert (bags["drawStyle"], bags["stacking"]["mode"], bags["barAlignment"]) == ("bars", "normal", 1)
    assert drawn["Fill level at emptying"]["drawStyle"] == "points"
    assert "drawStyle" not in drawn["Estimated fill level"]


def test_lines_have_dashes_at_the_levels_of_the_settings(centres: Facility) -> None:
    board = next(classic(it) for it in boards(centres, "en") if it.uid == "sukusuku-collection-en")
    defaults = {panel["title"]: panel["fieldConfig"]["defaults"] for panel in board["panels"]}
    (round_,) = centres.round
    for title, levels in (
        ("Estimated fill level", [None, centres.alerts.fill_clear, centres.alerts.fill_rise]),
        ("Fill level at emptying", [None, round_.needless_percent, 100]),
    ):
        assert defaults[title]["custom"]["thresholdsStyle"] == {"mode": "dashed"}
        assert [step.get("value") for step in defaults[title]["thresholds"]["steps"]] == levels


def test_every_figure_of_the_collector_is_on_a_board(centres: Facility) -> None:
    queries = [panel.query for board in boards(centres, "en") for panel in board.panels]
    left_out = {figure.name for figure in FIGURES if not any(f"'{figure.name}'" in query for query in queries)}
    assert left_out == {series.level_at_emptying("*"), series.KILOGRAMS, series.visits_of(VisitKind.DUE)}


def test_the_heat_map_splits_time_into_weekdays_and_hours(centres: Facility) -> None:
    board = next(classic(it) for it in boards(centres, "ja") if it.uid == "sukusuku-rooms-ja")
    panel = next(panel for panel in board["panels"] if panel["type"] == "table")
    steps = {step["id"]: step["options"] for step in panel["transformations"]}
    tokens = re.sub(r"\[([^\[]*)\]", r"\1", steps["formatTime"]["outputFormat"])
    assert json.loads(tokens) == {"d": "E", "h": "HH"}
    assert steps["groupingToMatrix"]["valueField"] == f"{panel['targets'][0]['alias']} (mean)"
    assert list(steps["organize"]["renameByName"].values()) == ["時", *"月火水木金土日"]
    assert steps["organize"]["indexByName"] == {r"h\d": 0} | {str(day): day for day in range(1, 8)}


def test_the_files_hold_no_secret_and_name_their_folder(centres: Facility, tmp_path: Path) -> None:
    influx = msgspec.structs.replace(centres.store.influx, token="very-secret")
    found = msgspec.structs.replace(centres, store=msgspec.structs.replace(centres.store, influx=influx))
    written = {str(path): text for path, text in files(found, tmp_path)}
    assert len(written) == 2 + 12
    assert "very-secret" not in "".join(written.values())
    source = json.loads(written["provisioning/datasources/sukusuku.yaml"])["datasources"][0]
    assert source["secureJsonData"] == {"httpHeaderValue1": "Token ${SUKUSUKU_GRAFANA_INFLUX_TOKEN}"}
    providers = json.loads(written["provisioning/dashboards/sukusuku.yaml"])["providers"]
    assert [provider["options"]["path"] for provider in providers] == [
        str(tmp_path / "dashboards" / language) for language in LANGUAGES
    ]


def test_export_writes_what_grafana_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "facility.toml"
    settings.write_text(
        'operator = {id = "x", name = {ja = "区", en = "City"}}\n'
        '[[site]]\nid = "tobu"\nname = {ja = "東部", en = "Tobu"}\n'
        '[[site.unit]]\nid = "u1"\nname = {ja = "一号", en = "One"}\nedge = "pi"\n',
        encoding="utf-8",
    )
    assert main(["export", str(settings), str(tmp_path / "grafana")]) == 0
    assert "12 files" in capsys.readouterr().out
    board = json.loads((tmp_path / "grafana/dashboards/ja/sukusuku-wall-tobu-ja.json").read_text(encoding="utf-8"))
    assert board["title"] == "東部"


def test_a_prefix_without_a_database_is_refused(centres: Facility) -> None:
    influx = msgspec.structs.replace(centres.store.influx, prefix="sukusuku_")
    found = msgspec.structs.replace(centres, store=msgspec.structs.replace(centres.store, influx=influx))
    with pytest.raises(ConfigError, match="one that ends with `/`"):
        list(walls(found, "ja"))
