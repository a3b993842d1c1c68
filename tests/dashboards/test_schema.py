"""Every board of many facilities is what Grafana expects; the check itself finds what is wrong."""

import copy
from typing import Any

import msgspec
import pytest

from sukusuku_dashboards.boards import boards
from sukusuku_dashboards.export import LANGUAGES
from sukusuku_dashboards.grafana import classic
from sukusuku_server.settings import Facility
from tests.dashboards.published import KINDS, breaches
from tests.dashboards.schema import faults

NAME = {"ja": "名", "en": "Name"}


def all_boards(sites: list[str], units: int, rooms: int) -> list[dict[str, Any]]:
    zones = [{"id": zone, "name": NAME} for zone in ("a", "b")]
    built = [
        {
            "id": site,
            "name": NAME,
            "unit": [{"id": f"u{number}-{n}", "name": NAME, "edge": f"pi{number}"} for n in range(units)],
            "room": [
                {"id": f"r{number}-{n}", "name": NAME, "edge": f"pi{number}", "capacity": 9, "zone": zones[: n % 3]}
                for n in range(rooms)
            ],
        }
        for number, site in enumerate(sites)
    ]
    facility = msgspec.convert({"operator": {"id": "x", "name": NAME}, "site": built}, Facility)
    return [classic(board) for language in LANGUAGES for board in boards(facility, language)]


@pytest.mark.parametrize("sites", [["tobu"], ["tobu", "seibu", "all"], ["a" * 38 + "b", "a" * 38 + "c", "a.b"]])
@pytest.mark.parametrize(("units", "rooms"), [(0, 0), (1, 0), (0, 1), (3, 2), (5, 5)])
def test_every_board_is_what_grafana_expects(sites: list[str], units: int, rooms: int) -> None:
    assert faults(all_boards(sites, units, rooms)) == []


def test_the_check_finds_what_is_wrong() -> None:
    good = all_boards(["tobu"], 2, 1)[0]

    def wrong(change: Any) -> str:
        board = copy.deepcopy(good)
        change(board)
        return " ".join(faults([board]))

    assert faults([good]) == []
    assert "two boards" in " ".join(faults([good, good]))
    assert "`title`" in wrong(lambda board: board.pop("title"))
    assert "$.uid" in wrong(lambda board: board.update(uid="not/allowed"))
    assert "$.schemaVersion" in wrong(lambda board: board.update(schemaVersion=30))
    assert "`datasource`" in wrong(lambda board: board["panels"][0].pop("datasource"))
    assert "lies on" in wrong(lambda board: board["panels"][1]["gridPos"].update(board["panels"][0]["gridPos"]))
    assert "ends at column" in wrong(lambda board: board["panels"][0]["gridPos"].update(x=20, y=90))
    assert "do not all have" in wrong(lambda board: board["panels"][0].update(type="graph"))
    assert "do not rise" in wrong(
        lambda board: board["panels"][0]["fieldConfig"]["defaults"]["thresholds"]["steps"].reverse()
    )


def test_the_published_schema_is_held_everywhere() -> None:
    boards = all_boards(["tobu"], 2, 1)
    panels = {panel["type"]: panel for board in boards for panel in board["panels"]}
    assert panels.keys() == KINDS.keys()

    def wrong(kind: str, change: Any) -> list[str]:
        board = copy.deepcopy(boards[0])
        board["panels"] = [copy.deepcopy(panels[kind])]
        assert breaches(board) == []
        change(board, board["panels"][0])
        return breaches(board)

    def where(kind: str, change: Any) -> str:
        (found,) = wrong(kind, change)
        return found.removeprefix("board.").removeprefix("panels[0].")

    for kind in KINDS:
        assert where(kind, lambda _, it: it["options"].update(x=1)) == "options.x: the schema has no such key"
        assert where(kind, lambda _, it: it.update(tittle="x")).endswith("tittle: the schema has no such key")
        assert where(kind, lambda _, it: it["gridPos"].update(w="12")) == "gridPos.w: expected int, found '12'"
    assert where("stat", lambda board, _: board.update(colour=1)) == "colour: the schema has no such key"
    assert where("stat", lambda board, _: board.pop("schemaVersion")) == "schemaVersion: missing"
    assert where("stat", lambda board, _: board.update(editable="no")) == "editable: expected bool, found 'no'"
    assert where("stat", lambda board, _: board["time"].update(until="now")).startswith("time.until: ")
    assert where("stat", lambda board, _: board["links"][0].update(type="board")).startswith("links[0].type: expected")
    assert where("stat", lambda board, _: board["links"][0].update(tags="x")).startswith(
        "links[0].tags: expected a list"
    )
    assert where("stat", lambda _, it: it["options"].update(colorMode="loud")).startswith("options.colorMode: expected")
    assert where("bargauge", lambda _, it: it["options"].pop("orientation")) == "options.orientation: missing"
    assert where("bargauge", lambda _, it: defaults(it)["thresholds"]["steps"][1].update(value="80")).endswith("'80'")
    assert "custom.y" in where("bargauge", lambda _, it: defaults(it).update(custom={"y": 1}))
    assert "showValue" in where("state-timeline", lambda _, it: it["options"].update(showValue=True))
    assert "mappings" in where("state-timeline", lambda _, it: defaults(it)["mappings"][0].update(options=[]))
    assert "lineWidth" in where("timeseries", lambda _, it: defaults(it).update(custom={"lineWidth": "thick"}))
    assert "color.mode" in where("table", lambda _, it: defaults(it)["color"].update(mode="rainbow"))
    assert "override" in where("timeseries", lambda _, it: set_override(it, "custom.fillAbove", 1))
    assert "override" in where("timeseries", lambda _, it: set_override(it, "decimals", "two"))
    assert "expected one of" in wrong("stat", lambda _, it: it.update(type="singlestat"))[0]
    assert "query" in wrong("stat", lambda _, it: it["targets"][0].pop("query"))[0]


def defaults(panel: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = panel["fieldConfig"]["defaults"]
    return found


def set_override(panel: dict[str, Any], name: str, value: object) -> None:
    panel["fieldConfig"]["overrides"][0]["properties"] = [{"id": name, "value": value}]
