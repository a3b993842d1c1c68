"""Every board of many facilities is what Grafana expects; the check itself finds what is wrong."""

import copy
from typing import Any

import msgspec
import pytest

from sukusuku_collector.settings import Facility
from sukusuku_dashboards.boards import boards
from sukusuku_dashboards.export import LANGUAGES
from sukusuku_dashboards.grafana import classic
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
