"""The drawing shows what it is given: at its place, in its words, and no more than there is."""

from typing import Any

import pytest

from sukusuku_dashboards.boards import boards
from sukusuku_dashboards.grafana import classic
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries.influx.query import Table
from tests.dashboards.drawing import page
from tests.dashboards.grafana_query import DAY, HOUR
from tests.dashboards.test_boards import facility

NOW = 1_776_217_200_000


@pytest.fixture(scope="module")
def centres() -> Facility:
    """One centre."""
    return facility(sites=1)


def drawn(centres: Facility, uid: str, title: str, *tables: Table) -> str:
    board = next(classic(it) for it in boards(centres, "en") if it.uid == uid)
    panel: dict[str, Any] = next(it for it in board["panels"] if it["title"].startswith(title))
    return page(board, [(panel, tables)], NOW, "a note")[0]


def unit(number: int, *points: tuple[int, float]) -> Table:
    return Table(("time", "last"), points, {"asset": f"c0-unit-{number}"})


def test_bars_have_names_values_and_lengths() -> None:
    html = drawn(
        facility(sites=1, units=9), "sukusuku-wall-all-en", "Fill level", unit(0, (NOW, 50.2)), unit(1, (NOW, 100))
    )
    assert "Unit 0" in html
    assert "50%" in html
    assert "#37872d 0%" in html, "from the lowest colour"
    lengths = [float(part.split("width:")[1].split("px")[0]) for part in html.split("<div") if "gradient" in part]
    assert lengths[0] == pytest.approx(lengths[1] / 2, rel=0.01)


def test_states_are_told_in_words(centres: Facility) -> None:
    board = next(classic(it) for it in boards(centres, "en") if it.uid == "sukusuku-wall-all-en")
    tiles = [panel for panel in board["panels"] if panel["type"] == "stat" and panel["title"].startswith("Unit")]
    html, _ = page(board, [(tiles[0], [unit(0, (NOW, 0))]), (tiles[1], [unit(1, (NOW, 6))])], NOW, "")
    assert "ready" in html
    assert "jammed" in html
    line = drawn(centres, "sukusuku-wall-all-en", "States of the units", unit(0, (NOW - DAY, 0), (NOW - 12 * HOUR, 6)))
    assert [line.count(word) for word in ("ready", "jammed", "<rect")] == [1, 1, 2]


def test_lines_have_a_legend_and_the_levels_of_the_settings(centres: Facility) -> None:
    html = drawn(centres, "sukusuku-wall-all-en", "Fill level today", unit(0, (NOW - HOUR, 10), (NOW, 20)))
    assert html.count("stroke-dasharray") == 2
    assert "Unit 0" in html
    assert "Unit 1" not in html


def test_the_heat_map_has_a_cell_for_each_weekday_and_hour(centres: Facility) -> None:
    hours = Table(("time", "mean"), [(NOW, 40.0), (NOW - 7 * DAY, 60.0)], {"asset": "c0-room"})
    html = drawn(centres, "sukusuku-rooms-en", "Centre 0 Room: average utilisation by weekday", hours)
    assert "<td>10</td>" in html, "Wednesday at ten in Japan"
    assert "50.0%" in html
    assert html.count("<th>") == 2


def test_where_nothing_was_answered_it_says_so(centres: Facility) -> None:
    html = drawn(centres, "sukusuku-wall-all-en", "Unit 0: fill level")
    assert "no data" in html
    assert "a note" in html
