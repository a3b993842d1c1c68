"""Every board of facilities of all sizes keeps the rules; each rule finds a board that breaks it."""

import copy
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from sukusuku_dashboards.boards import boards
from sukusuku_dashboards.export import LANGUAGES
from sukusuku_dashboards.grafana import classic
from sukusuku_server.settings import Facility
from tests.dashboards.rules import BOARD_RULES, RULES, lint
from tests.dashboards.test_boards import facility

Board = dict[str, Any]
Panel = dict[str, Any]
Change = Callable[[Panel], object]


def made(settings: Facility) -> list[Board]:
    return [classic(board) for language in LANGUAGES for board in boards(settings, language)]


def own_limits(settings: Facility) -> Facility:
    """The same facility; the first unit and the first room of each centre have limits of their own."""
    levels = {"fill_rise": 60.0, "fill_clear": 50.0, "silent_after": 7200.0, "room_warn": 90.0}
    sites = []
    for site in settings.site:
        own = msgspec.convert(levels, type(site.unit[0].alerts))
        unit, room = (msgspec.structs.replace(it, alerts=own) for it in (site.unit[0], site.room[0]))
        sites.append(msgspec.structs.replace(site, unit=(unit, *site.unit[1:]), room=(room, *site.room[1:])))
    return msgspec.structs.replace(settings, site=tuple(sites))


@pytest.mark.parametrize(("sites", "units"), [(1, 0), (1, 1), (1, 4), (1, 10), (2, 2), (7, 3), (40, 2)])
def test_every_board_keeps_the_rules(sites: int, units: int) -> None:
    assert lint(made(facility(sites, units))) == []


def test_boards_with_limits_of_single_units_and_rooms_keep_the_rules() -> None:
    assert lint(made(own_limits(facility(2, 3)))) == []


def defaults(panel: Panel) -> dict[str, Any]:
    found: dict[str, Any] = panel["fieldConfig"]["defaults"]
    return found


def special(panel: Panel) -> dict[str, Any]:
    found: dict[str, Any] = defaults(panel)["mappings"][-1]["options"]["result"]
    return found


def silent(panel: Panel) -> dict[str, Any]:
    found: dict[str, Any] = defaults(panel)["mappings"][0]["options"]["-1"]
    return found


def ask(old: str, new: str) -> Change:
    def change(panel: Panel) -> None:
        query = panel["targets"][0]["query"]
        assert old in query
        panel["targets"][0]["query"] = query.replace(old, new)

    return change


def without(name: str) -> Change:
    """Remove a property of the first series that has one."""

    def change(panel: Panel) -> None:
        override = next(
            it for it in panel["fieldConfig"]["overrides"] if any(entry["id"] == name for entry in it["properties"])
        )
        override["properties"] = [entry for entry in override["properties"] if entry["id"] != name]

    return change


def transformation(name: str, **options: object) -> Change:
    def change(panel: Panel) -> None:
        (found,) = (it for it in panel["transformations"] if it["id"] == name)
        found["options"].update(options)

    return change


def set_override(name: str, value: object) -> Change:
    def change(panel: Panel) -> None:
        for override in panel["fieldConfig"]["overrides"]:
            for entry in override["properties"]:
                if entry["id"] == name:
                    entry["value"] = value

    return change


MUTATIONS: dict[str, list[tuple[str, Change]]] = {
    "silence is grey": [
        ("stat", lambda it: special(it).update(color="semi-dark-green")),
        ("bargauge", lambda it: defaults(it)["mappings"].pop()),
        ("state-timeline", lambda it: special(it).update(text="0")),
    ],
    "a silent row is grey": [
        ("stat", lambda it: silent(it).update(color="semi-dark-green")),
        ("bargauge", lambda it: silent(it).update(text="")),
    ],
    "silence is never missing": [
        ("bargauge", ask("* 0 + -1 ", "")),
        ("stat", ask("${__to}ms -", "now() -")),
        ("bargauge", lambda it: it["targets"][0].update(resultFormat="time_series")),
    ],
    "silence has its age": [
        ("stat", lambda it: it["transformations"].pop(0)),
        ("bargauge", transformation("formatTime", timezone="UTC")),
    ],
    "every row has its name": [
        ("bargauge", lambda it: it["fieldConfig"]["overrides"].pop()),
        ("stat", ask("\"asset\" = 'c0-unit-0'", "\"asset\" = 'another'")),
    ],
    "the name comes before the time": [
        ("bargauge", transformation("organize", indexByName={"Time": 0, "asset": 1, "now": 2})),
    ],
    "a single row keeps its name": [("bargauge", lambda it: defaults(it).pop("displayName"))],
    "names are found by type": [
        ("stat", lambda it: it["fieldConfig"]["overrides"][0].update(matcher={"id": "byName", "options": "asset"})),
    ],
    "each row is shown": [("stat", lambda it: it["options"]["reduceOptions"].update(values=False))],
    "names are large on a wall": [
        ("bargauge", lambda it: it["options"].pop("text")),
        ("stat", lambda it: it["options"]["text"].update(titleSize=14)),
    ],
    "a bar has one colour": [
        ("bargauge", lambda it: it["options"].update(displayMode="gradient")),
        ("bargauge", lambda it: it["options"].update(valueMode="text")),
    ],
    "bars are high on a wall": [
        ("bargauge", lambda it: it["gridPos"].update(h=3)),
        ("bargauge", lambda it: it["options"]["text"].update(valueSize=400)),
    ],
    "the name is above the value": [
        ("stat", lambda it: it["options"].update(wideLayout=True)),
        ("stat", lambda it: it["options"].update(textMode="value")),
    ],
    "a word fits into its tile": [
        ("stat", lambda it: it["options"]["text"].update(valueSize=90)),
    ],
    "nobody turns pages": [("state-timeline", lambda it: it["options"].update(perPage=20))],
    "a state ends with silence": [
        ("state-timeline", without("custom.insertNulls")),
        ("state-timeline", lambda it: defaults(it).update(custom={"insertNulls": 60_000})),
    ],
    "a line ends with silence": [("timeseries", without("custom.insertNulls"))],
    "hours are hours": [
        ("table", set_override("unit", "percent")),
        ("table", set_override("decimals", 1)),
        ("table", without("unit")),
    ],
    "closed hours are empty": [
        ("table", lambda it: special(it).update(color="semi-dark-blue")),
        ("table", lambda it: defaults(it).update(noValue="no data")),
    ],
    "every hour is seen": [("table", lambda it: it["gridPos"].update(h=12))],
    "the whole week is seen": [("table", lambda it: defaults(it)["custom"].pop("minWidth"))],
    "what is told once is no all-clear": [("bargauge", ask("- 2700s", "- 604800s"))],
    "colours are said": [
        ("stat", lambda it: defaults(it).pop("thresholds")),
        ("state-timeline", lambda it: defaults(it)["thresholds"]["steps"].clear()),
    ],
    "colours are told apart": [
        ("bargauge", lambda it: defaults(it)["thresholds"]["steps"][0].update(color="green")),
        ("stat", lambda it: silent(it).update(color="#6e6e6f")),
    ],
    "steps rise": [
        ("bargauge", lambda it: defaults(it)["thresholds"]["steps"].reverse()),
        ("timeseries", lambda it: defaults(it)["thresholds"]["steps"][0].update(value=1)),
    ],
    "a panel explains itself": [("table", lambda it: it.pop("description"))],
    "a value has a unit": [("timeseries", lambda it: defaults(it).pop("unit"))],
    "a value has its decimals": [("bargauge", lambda it: defaults(it).pop("decimals"))],
    "a panel leads to a page of ours": [
        ("stat", lambda it: it["links"].clear()),
        ("bargauge", lambda it: it["links"][0].update(url="/wall")),
        ("timeseries", lambda it: it["links"].append(it["links"][0])),
    ],
    "no variables": [("timeseries", ask("$timeFilter", "$site")), ("stat", ask("${__to}ms", "${to}ms"))],
}
TITLES = {("every row has its name", "stat"): "State", ("a word fits into its tile", "stat"): "Children"}
"""Which panel is changed, where it is not the first of its kind."""
SINGLE = "a single series keeps its name"


@pytest.fixture(scope="module")
def good() -> Board:
    """A wall with a panel of every kind; the heat map is from the board of rooms."""
    found = {board["uid"]: board for board in made(facility(1, 2))}
    wall, rooms = found["sukusuku-wall-all-en"], found["sukusuku-rooms-en"]
    (heat,) = (panel for panel in rooms["panels"] if panel["type"] == "table")
    wall["panels"].append({**heat, "gridPos": {"x": 0, "y": 0, "w": 24, "h": 26}})
    assert lint([wall]) == []
    return wall


def test_every_rule_has_a_board_that_breaks_it() -> None:
    assert {*MUTATIONS, SINGLE} == {rule.name for rule in RULES}


@pytest.mark.parametrize(
    ("name", "kind", "change"), [(name, *change) for name, changes in MUTATIONS.items() for change in changes]
)
def test_a_rule_finds_what_breaks_it(good: Board, name: str, kind: str, change: Change) -> None:
    board = copy.deepcopy(good)
    title = TITLES.get((name, kind))
    panel = next(it for it in board["panels"] if it["type"] == kind and title in {None, it["title"]})
    change(panel)
    assert any(f": {panel.get('title')}: {name}: " in it for it in lint([board])), lint([board])


def test_a_single_series_loses_a_name_that_only_an_override_has() -> None:
    (board,) = (it for it in made(facility(1, 2)) if it["uid"] == "sukusuku-collection-en")
    (panel,) = (it for it in board["panels"] if it["title"].startswith("Open hours"))
    del panel["fieldConfig"]["defaults"]["displayName"]
    (found,) = lint([board])
    assert SINGLE in found


def test_rules_about_a_whole_board_find_what_breaks_them(good: Board) -> None:
    def below(board: Board) -> None:
        board["panels"][0]["gridPos"]["y"] = 20

    changes: dict[str, list[Callable[[Board], object]]] = {
        "a wall fits on a screen": [below],
        "boards lead to our pages": [
            lambda board: board["links"].pop(),
            lambda board: board["links"][1].update(url="/wall"),
        ],
        "no templates": [lambda board: board.update(templating={"list": [{"name": "site"}]})],
    }
    assert changes.keys() == {rule.name for rule in BOARD_RULES}
    for name, mutations in changes.items():
        for change in mutations:
            board = copy.deepcopy(good)
            change(board)
            assert any(f"{board['uid']}: {name}: " in it for it in lint([board]))
