"""Every query of every panel, asked as Grafana asks it, on six simulated weeks in a real InfluxDB.

The answers are held against the collector's own file, and against the pure functions behind the reports.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from statistics import fmean
from typing import Any

import pytest

from sukusuku_core.time import day_start, japan_time, local_day
from sukusuku_dashboards.board import SILENT, Colour
from sukusuku_dashboards.boards import boards
from sukusuku_dashboards.collection import FORECASTS
from sukusuku_dashboards.export import LANGUAGES
from sukusuku_dashboards.facts import OVER
from sukusuku_dashboards.grafana import classic
from sukusuku_dashboards.queries import CHILDREN, LIMIT, USE, Queries
from sukusuku_server import i18n
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.kpi import series as figures
from sukusuku_server.kpi.daily_series import on_time
from sukusuku_server.kpi.queries import KpiQueries
from sukusuku_server.live.views import RoomView, views
from sukusuku_server.model.rounds import VisitKind
from sukusuku_server.model.series import SeriesOwner
from sukusuku_server.rooms import usage
from sukusuku_server.rooms.capacity_limit import Rule
from sukusuku_server.rooms.intervals import stretches
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rooms.texts import limited_by
from sukusuku_server.timeseries.influx.query import Table
from tests.dashboards import grafana_query
from tests.dashboards.answers import Asked, of_kind, silent_ms
from tests.dashboards.grafana_query import DAY, HOUR, MINUTE
from tests.dashboards.history import (
    COUNTED_AT_DOOR,
    CUT,
    NOW,
    OUTAGE,
    OVER_LIMIT,
    WEEKS,
    Loaded,
    loaded,
)
from tests.support.influxd import Influxd

HIGHEST = {"percent": 160, "short": 1_000, "none": 100, "lengthkm": 1_000, "decmbytes": 1e6}
LONGEST = 3_600
"""What no panel should exceed, by its unit; and what no time should, in whatever it is told."""
NEAR, NEAR_OF_HOUR = 4.0, 8.0
"""Percentage points by which a day's and an hour's mean of points may differ from the mean over time."""
WELL = "tobu-pi"
"""The edge node that has nothing to tell."""
WEEKDAYS = range(6)
OPEN = range(9, 18)


@pytest.fixture(scope="module")
def weeks(influx: Influxd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """The history; loaded once."""
    influx.create("history")
    with loaded(tmp_path_factory.mktemp("history"), influx, "history") as found:
        yield found


@pytest.fixture(scope="module")
def answers(weeks: Loaded) -> list[Asked]:
    """Every panel of every board in both languages, which ask the same."""

    @cache
    def ask(text: str) -> list[Table]:
        return weeks.query.ask(text, "raw")

    return [
        Asked(board["uid"], board, panel, ask(grafana_query.asked(board, panel, NOW)))
        for language in LANGUAGES
        for board in map(classic, boards(weeks.facility, language))
        for panel in board["panels"]
    ]


def test_every_panel_shows_exactly_the_series_that_it_names(answers: list[Asked]) -> None:
    for it in answers:
        expected = {"value"} if it.panel["type"] == "table" else set(grafana_query.shown_names(it.panel))
        assert set(it.series) == expected - it.without_state, (it.uid, it.panel["title"])
        assert len(it.series) == len(it.tables), "two series of one name"


def test_every_value_is_one_that_its_unit_and_its_time_range_allow(answers: list[Asked]) -> None:
    for it in answers:
        begin, end = grafana_query.time_range(it.board, it.panel, NOW)
        slack = grafana_query.interval_ms(end - begin, grafana_query.points(it.panel))
        defaults = it.panel["fieldConfig"]["defaults"]
        highest = LONGEST if defaults["unit"].startswith("suffix:") else HIGHEST[defaults["unit"]]
        rows = grafana_query.is_of_rows(it.panel)
        for name, table in it.series.items():
            about = (it.uid, it.panel["title"], name)
            assert len(table.columns) == 2, about
            assert table.columns[0] == "time", about
            times = [row[0] for row in table.values]
            assert times == sorted(set(times)), about
            # a stretch of time has the time of its beginning, which may lie before that of the panel
            assert begin - max(slack, DAY if "1d" in it.query else HOUR) <= times[0] or rows, about
            assert times[-1] <= end, about
            assert all(defaults.get("min", -1_000) <= row[1] <= highest for row in table.values), about


def test_what_is_now_is_the_newest_value_of_the_store(answers: list[Asked], weeks: Loaded) -> None:
    readings, derived = weeks.store.latest(), weeks.store.derived_latest()
    rooms = [room for site in weeks.facility.site for room in site.room]
    places = {(room.id, zone.id): zone.capacity for room in rooms for zone in room.zone}
    for it in of_kind(answers, "bargauge", "stat"):
        if "sum(" in it.query:
            continue
        for name, table in it.series.items():
            if "Zones" in it.query:
                (asset,) = re.findall(r"\"asset\" = '([^']+)'", it.query)[:1]
                expected: Any = derived[asset][f"Zones/{name}/Corrected"]
                shown = expected.value * 100 / places[asset, name]
            else:
                expected = (derived if '"derived"' in it.query else readings)[name][it.metric]
                shown = expected.value
            (row,) = table.values
            assert tuple(row) == (expected.time, pytest.approx(shown)), (it.uid, it.panel["title"], name)
            assert NOW - silent_ms(it.panel) <= expected.time <= NOW


def test_what_is_silent_is_told_with_the_time_of_its_newest_reading(weeks: Loaded) -> None:
    """A centre without network, a day later: every unit and every room is there, and nothing of it has a colour."""
    later = NOW + DAY
    readings, derived = weeks.store.latest(), weeks.store.derived_latest()
    for board in (classic(it) for it in boards(weeks.facility, "ja") if "wall" in it.tags):
        for panel in (it for it in board["panels"] if grafana_query.is_of_rows(it)):
            it = Asked(board["uid"], board, panel, weeks.query.ask(grafana_query.asked(board, panel, later), "raw"))
            assert set(it.series) == set(grafana_query.shown_names(panel)) - it.without_state
            for name, table in it.series.items():
                if "Zones" in it.query:
                    expected = [
                        points[f"Zones/{name}/Corrected"].time
                        for points in derived.values()
                        if f"Zones/{name}/Corrected" in points
                    ]
                else:
                    expected = [(derived if '"derived"' in it.query else readings)[name][it.metric].time]
                assert [row[1] for row in table.values] == [SILENT]
                assert table.values[0][0] in expected


def test_the_rule_that_limits_a_room_is_the_one_on_our_wall(answers: list[Asked], weeks: Loaded) -> None:
    index, latest = FacilitySchedules(weeks.facility), weeks.store.latest()
    said = {
        SeriesOwner.ROOM.named(it.id): it
        for it in views(index, latest, NOW - MINUTE, weeks.store.derived_latest())
        if isinstance(it, RoomView)
    }
    panels = [it for it in of_kind(answers, "stat") if figures.LIMIT_RULE in it.query]
    assert panels
    for it in panels:
        words = it.panel["fieldConfig"]["defaults"]["mappings"][0]["options"]
        texts = i18n.texts("sukusuku_server", "ja" if it.uid.endswith("-ja") else "en")
        for name, table in it.series.items():
            shown = words[str(int(table.values[0][1]))]["text"]
            assert shown == limited_by(map(Rule, said[name].limited_by), texts)
    assert any("staff" in room.limited_by for room in said.values()), "a limit that is not that of the places"


def test_one_silent_centre_beside_one_that_is_heard(weeks: Loaded) -> None:
    """A moment at which the newest readings of one centre only are young enough."""
    (wall,) = (classic(it) for it in boards(weeks.facility, "ja") if it.uid == "sukusuku-wall-all-ja")
    (panel,) = (it for it in wall["panels"] if USE in it["targets"][0]["query"])
    newest = {name: points[USE].time for name, points in weeks.store.derived_latest().items() if USE in points}
    first, last = min(newest, key=newest.__getitem__), max(newest, key=newest.__getitem__)
    assert newest[first] < newest[last]
    moment = newest[last] + silent_ms(panel)
    rows = Asked("", wall, panel, weeks.query.ask(grafana_query.asked(wall, panel, moment), "raw")).series
    assert rows[first].values[0][1] == SILENT
    assert rows[last].values[0][1] >= 0
    assert rows.keys() == newest.keys()


def test_who_has_sent_anything_is_heard(weeks: Loaded) -> None:
    """Rooms and units that are silent are found by whatever they send, a room with door counters too."""
    assets = [asset.id for asset in weeks.facility.assets()]
    text = Queries(weeks.facility.store.influx).heard(assets, LONGEST).replace("${__to}", str(NOW))
    found = {table.tags["asset"]: table.values[0] for table in weeks.query.ask(text, "raw")}
    latest = weeks.store.latest()
    assert {name: row[0] for name, row in found.items()} == {
        name: max(item.time for item in latest[name].values() if isinstance(item.value, int | float)) for name in assets
    }
    assert all(row[1] >= 0 for row in found.values())


def test_a_room_over_its_limit_is_beyond_the_red_step(answers: list[Asked], weeks: Loaded) -> None:
    assert float(weeks.store.derived_latest()[OVER_LIMIT][USE].value or 0) > OVER
    shown = [it for it in of_kind(answers, "bargauge", "stat") if f"'{USE}'" in it.query and OVER_LIMIT in it.series]
    assert len(shown) == 2 * 3, "on the walls of all and of its centre, and on the board of rooms"
    for it in shown:
        red = it.panel["fieldConfig"]["defaults"]["thresholds"]["steps"][-1]
        assert red["color"] == Colour.BAD
        assert it.series[OVER_LIMIT].values[0][1] >= red["value"]


def test_a_room_with_door_counters_only_is_counted(answers: list[Asked], weeks: Loaded) -> None:
    assert not {"Occupancy/Children", "Occupancy/Count"} & weeks.store.latest()[COUNTED_AT_DOOR].keys()
    shown = [it for it in of_kind(answers, "bargauge", "stat") if COUNTED_AT_DOOR in it.series]
    assert {metric for it in shown for metric in re.findall(r"\"metric\" = '([^']+)'", it.query)} == {
        CHILDREN,
        LIMIT,
        USE,
    }
    assert all(it.series[COUNTED_AT_DOOR].values[0][1] >= 0 for it in shown)


def test_lines_are_long_and_move(answers: list[Asked]) -> None:
    for it in of_kind(answers, "timeseries"):
        for name, table in it.series.items():
            values = [row[1] for row in table.values]
            assert len(values) >= 30, (it.uid, it.panel["title"], name)
        drawn = it.panel["fieldConfig"]["defaults"].get("custom", {}).get("drawStyle", "line")
        least = {"line": 5, "points": 5, "bars": 1}[drawn]
        moving = {name for name, table in it.series.items() if len({row[1] for row in table.values}) > least}
        still = set(it.series) - moving
        assert still <= {LIMIT, WELL, figures.REFUSED}, (it.uid, it.panel["title"])


def test_courses_of_levels_rise_to_full_and_fall_when_emptied(answers: list[Asked]) -> None:
    for it in of_kind(answers, "timeseries"):
        if "Fill/" not in it.query:
            continue
        for table in it.tables:
            values = [row[1] for row in table.values]
            assert max(values) > 80
            assert min(values) < 20
            assert min(after - before for before, after in pairwise(values)) < -30


def test_states_are_the_readings_themselves(answers: list[Asked], weeks: Loaded) -> None:
    for it in of_kind(answers, "state-timeline"):
        words = it.panel["fieldConfig"]["defaults"]["mappings"][0]["options"]
        for name, table in it.series.items():
            stored = weeks.store.raw(name, "State", NOW - DAY, NOW + 1, 10_000)
            assert [tuple(row) for row in table.values] == [(point.time, point.value) for point in stored]
            shown = {words[str(int(row[1]))]["text"] for row in table.values}
            assert shown in ({"待機中", "袋が満杯"}, {"ready", "bag full"}), shown


def test_a_forecast_has_its_median_inside_its_band(answers: list[Asked]) -> None:
    banded = [it for it in of_kind(answers, "timeseries") if FORECASTS[0] in it.query]
    assert len(banded) == 2 * 4
    for it in banded:
        early, median, late = ({row[0]: row[1] for row in it.series[name].values} for name in FORECASTS)
        assert early.keys() == median.keys() == late.keys()
        assert all(early[time] <= median[time] <= late[time] for time in median)
        assert any(late[time] - early[time] > 1 for time in median)


def test_an_outage_of_the_network_is_seen_in_the_course_of_the_buffer(answers: list[Asked]) -> None:
    (it,) = (it for it in of_kind(answers, "timeseries") if it.uid.endswith("operations-ja") and "Buffer/" in it.query)
    high = [row[0] for row in it.series[CUT].values if row[1] > 100]
    assert OUTAGE[0] < high[0] < high[-1] < OUTAGE[1]


def test_the_heat_map_is_near_the_figures_of_the_reports(answers: list[Asked], weeks: Loaded) -> None:
    for it in of_kind(answers, "table"):
        (asset,) = re.findall(r"\"asset\" = '([^']+)'", it.query)
        exact = {cell: tally.average_utilisation for cell, tally in usage.heat_map(hours_of(weeks, asset)).items()}
        cells: dict[tuple[int, int], list[float]] = {}
        for time, value in it.series["value"].values:
            local = japan_time(time)
            cells.setdefault((local.weekday(), local.hour), []).append(value)
        assert {cell for cell in cells if cell[1] in OPEN} == {(day, hour) for day in WEEKDAYS for hour in OPEN}
        assert {hour for _, hour in cells} <= {*OPEN, OPEN.stop}, "closed hours have no limit and no use"
        assert all(len(cells[cell]) in {WEEKS, WEEKS + 1} for cell in exact)
        shown = {cell: fmean(cells[cell]) for cell in exact}
        assert shown == pytest.approx(exact, abs=NEAR_OF_HOUR)
        assert fmean(abs(shown[cell] - value) for cell, value in exact.items() if value is not None) < NEAR


def test_the_days_of_the_year_are_near_the_figures_of_the_reports(answers: list[Asked], weeks: Loaded) -> None:
    yearly = [it for it in of_kind(answers, "timeseries") if "mean(" in it.query and "time(1d)" in it.query]
    assert len(yearly) == 2 * 2
    for it in yearly:
        ((asset, table),) = it.series.items()
        exact = {
            day: tally.average_utilisation for day, tally in usage.joined(hours_of(weeks, asset), usage.by_day).items()
        }
        shown = {day_of(time): value for time, value in table.values}
        assert shown.keys() == exact.keys()
        if asset == OVER_LIMIT:  # its crowd of the last minutes has more points than minutes
            del shown[local_day(NOW)], exact[local_day(NOW)]
        assert all(japan_time(time).hour == 0 for time, _ in table.values)
        assert shown == pytest.approx(exact, abs=NEAR)


def test_the_figures_of_a_month_are_those_of_the_accounts(answers: list[Asked], weeks: Loaded) -> None:
    begin = day_start(local_day(NOW - 30 * DAY) + timedelta(days=1))
    books = KpiQueries(FacilitySchedules(weeks.facility), weeks.store, weeks.operations, NOW)
    total, units = books.kpis(begin, NOW)
    bars = {it.query: it.series for it in of_kind(answers, "bargauge") if it.uid == "sukusuku-collection-ja"}
    (by_kind,) = (series for query, series in bars.items() if "Visits/Late" in query)
    assert {name: table.values[0][1] for name, table in by_kind.items()} == {
        figures.visits_of(kind): total.visits[kind] for kind in VisitKind if kind is not VisitKind.DUE
    }
    happened = (VisitKind.EMPTIED, VisitKind.LATE, VisitKind.MISSED, VisitKind.UNPLANNED)
    assert all(total.visits[kind] for kind in happened)
    (over,) = (series for query, series in bars.items() if figures.OVER_FULL in query)
    (share,) = (series for query, series in bars.items() if figures.ON_TIME in query)
    for site in weeks.facility.site:
        own = [unit for unit in units if unit.asset in {it.id for it in site.unit}]
        name = f"site/{site.id}"
        assert over[name].values[0][1] == pytest.approx(sum(unit.overflow_hours for unit in own))
        kinds = Counter[VisitKind]()
        for unit in own:
            kinds.update(unit.visits)
        assert share[name].values[0][1] == pytest.approx(on_time(kinds))


def test_each_emptying_is_a_point_and_each_bag_is_in_its_day(answers: list[Asked], weeks: Loaded) -> None:
    lines = {it.query: it for it in of_kind(answers, "timeseries") if it.uid == "sukusuku-collection-ja"}
    (levels,) = (it for query, it in lines.items() if "Emptyings" in query)
    begin, _ = grafana_query.time_range(levels.board, levels.panel, NOW)
    emptyings = Emptyings(weeks.operations).of(None, begin, NOW)
    assert len(emptyings) > 100
    for name, table in levels.series.items():
        own = [it for it in emptyings if figures.level_at_emptying(it.asset) == name]
        assert [tuple(row) for row in table.values] == [(it.time, pytest.approx(it.percent)) for it in own]
    (bags,) = (it for query, it in lines.items() if figures.BAGS in query)
    for site in weeks.facility.site:
        units = {unit.id for unit in site.unit}
        days = Counter(local_day(it.time) for it in emptyings if it.asset in units)
        expected = {day: count for day, count in days.items() if day_start(day) >= begin}
        shown = {day_of(time): value for time, value in bags.series[f"site/{site.id}"].values}
        assert {day: value for day, value in shown.items() if value} == expected


def test_rounds_stand_on_their_days(answers: list[Asked], weeks: Loaded) -> None:
    plans = {run.plan.date: run.plan for run in Rounds(weeks.operations).runs(0, NOW)}
    for metric, wanted in (
        (figures.STOPS, {day: len(plan.stops) for day, plan in plans.items()}),
        (figures.KILOMETRES, {day: plan.km for day, plan in plans.items()}),
        (figures.MINUTES, {day: plan.minutes for day, plan in plans.items()}),
    ):
        (it,) = (it for it in of_kind(answers, "timeseries") if metric in it.query and it.uid.endswith("-ja"))
        ((_, table),) = it.series.items()
        assert {day_of(time): value for time, value in table.values} == wanted


def hours_of(weeks: Loaded, asset: str) -> list[usage.Hour]:
    """What the reports count of a room's children."""
    begin = NOW - WEEKS * 7 * DAY
    children, complete, limit = (
        weeks.store.derived(asset, metric, begin, NOW) for metric in (CHILDREN, "Occupancy/Completeness", LIMIT)
    )
    opening = FacilitySchedules(weeks.facility).hours[asset]
    return usage.hours(stretches(children, complete, limit, opening.spans(begin, NOW)))


def day_of(time: int) -> date:
    """The day in Japan."""
    return japan_time(time).date()
