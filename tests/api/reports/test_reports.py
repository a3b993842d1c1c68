from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from sukusuku_api.reports import period
from sukusuku_api.reports.generate import asked
from sukusuku_api.reports.model import WITHHELD
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS
from sukusuku_server.db.findings import Findings
from sukusuku_server.model.collection import Finding, FindingName
from sukusuku_server.model.issued import ReportKind
from sukusuku_server.rooms.usage_hours import SERIES
from sukusuku_server.settings import Change, Language, Text
from tests.api.reports import report_cases
from tests.api.reports.report_cases import World, made_report, report_of, rows_of, table_of


def _changed(november: World, *days: date) -> World:
    """The same november with other changes of its room."""
    facility, store, operations = november
    (site,) = facility.site
    (room,) = site.room
    room = replace(room, change=tuple(Change(date=day, note=Text(ja="棚", en="Shelves")) for day in days))
    return replace(facility, site=(replace(site, room=(room,)),)), store, operations


def test_a_month_by_day_withholds_small_counts_and_their_neighbour_and_keeps_gaps(november: World) -> None:
    days = rows_of(report_of(november, "en"), "tobu-room-days")

    few = ("withheld",) * 6
    assert days["11/4 (Wed)"] == ("9.0", "9.0", *few, "100.0")  # two children
    withheld = [day for day, cells in days.items() if cells[2:8] == few]
    assert len(withheld) == 2, "or the two could be computed from the total"
    assert days["11/6 (Fri)"] == ("9.0", "9.0", "8", "40.0", "4.4", "8", "44.4", "55.6", "100.0")
    assert days["11/5 (Thu)"] == ("9.0", "0.0", *("–",) * 6, "0.0")  # a gap, not 0
    assert days["11/3 (Tue)"] == ("0.0", "0.0", *("–",) * 7)  # a holiday
    assert days["Total"][2:4] == ("74", "370.0")
    assert days["11/23 (Mon)"][2:4] == ("–", "–")


def test_for_staff_nothing_is_withheld(november: World) -> None:
    report = report_of(november, "en", outward=False)

    assert rows_of(report, "tobu-room-days")["11/4 (Wed)"][2:4] == ("2", "10.0")
    assert all(cell is not WITHHELD for _, table in report.tables for row in table.rows for cell in row)
    assert any("For staff only" in note for note in report.notes)


def test_a_fiscal_year_by_month_against_the_plan_of_the_ward(november: World) -> None:
    report = report_of(november, year=True)

    assert report.period == "令和8年度（2026年度）"
    assert list(rows_of(report, "tobu-room-months")) == [f"令和8年{month}月" for month in range(4, 12)] + ["合計"]
    assert rows_of(report, "plan")["確保量"][:3] == ("4,800", "188", "3.9")


def test_zones_hours_and_corrections(november: World) -> None:
    report = report_of(november, "en")

    assert rows_of(report, "tobu-room-zones")["Eating"][3] == "33.3"
    ten = rows_of(report, "tobu-room-hours")["10:00"]
    assert ten[2] == "50.0", "the two days that are withheld are both Wednesdays"
    assert rows_of(report, "tobu-room-hours")["9:00"][4] == "0.0"
    assert rows_of(report, "tobu-room-corrections") == {"Daily reset": ("1",)}
    assert any(note.startswith("Busiest: ") for note in table_of(report, "tobu-room-hours").notes)


def test_hours_that_were_open_on_one_odd_day_are_no_rows_of_their_own(november: World) -> None:
    facility, store, operations = november
    (site,) = facility.site
    opening = replace(site.opening, special={"2026-11-06": ("05:00-18:00",)})
    report = report_of((replace(facility, site=(replace(site, opening=opening),)), store, operations), "en")
    table = table_of(report, "tobu-room-hours")
    assert table.rows[0][0] == "9:00"
    assert "open then on hardly any day: 5:00, 6:00, 7:00, 8:00" in " ".join(table.notes)


def test_a_change_of_the_room_is_shown_before_and_after_by_zone(november: World) -> None:
    report = report_of(november, "en")

    table = table_of(report, "tobu-room-change-2026-10-19")
    assert table.title == "Before and after 2026-10-19: Shelves moved"
    rows = rows_of(report, "tobu-room-change-2026-10-19")
    assert rows["Whole room"][:2] == ("3.3", "3.7")
    assert rows["Play"][5:] == ("50.0", "65.8", "more than before")
    assert table.notes[0].startswith("Compared: 2026-08-24 to 2026-10-18 with 2026-10-19 to 2026-11-30")
    october = made_report(november, asked(ReportKind.ROOMS, period.month("2026-10"), None, "ja", outward=True))
    assert table_of(october, "tobu-room-change-2026-10-19").title == "変更の前後（令和8年10月19日 から）: 棚を移動"
    assert rows_of(october, "tobu-room-change-2026-10-19")["遊び"][7] == "増えた"
    june = made_report(november, asked(ReportKind.ROOMS, period.month("2026-06"), None, "ja", outward=True))
    assert not [table for _, table in june.tables if "change" in table.key]


def test_a_change_is_withheld_where_a_side_gives_a_few_away(november: World) -> None:
    for day, told in ((date(2026, 11, 3), True), (date(2026, 11, 5), False)):
        key = f"tobu-room-change-{day}"
        report = report_of(_changed(november, day), "en")
        assert (rows_of(report, key)["Whole room"][2] != "withheld") == told, "the 4th and a later day are withheld"
        assert WITHHELD not in table_of(report_of(_changed(november, day), "en", outward=False), key).rows[0]
    few = report_of(_changed(november, date(2026, 11, 4), date(2026, 11, 6)), "en")
    assert rows_of(few, "tobu-room-change-2026-11-04")["Whole room"][1] == "withheld", "two children on two days"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_report_prints_its_definitions(november: World, language: Language) -> None:
    report = report_of(november, language)
    headings = {column.heading for _, table in report.tables for column in table.columns if column.unit == "%"}
    defined = {definition.name for definition in report.definitions}

    left = {name for name in headings if not any(known in name for known in defined)}
    assert {name for name in left if len(name) > 3} <= {"Reached"}
    assert all(definition.formula.isascii() == (language == "en") for definition in report.definitions)


def test_wrong_periods_and_centres_are_refused(november: World) -> None:
    for text in ("2026-13", "2026", "26-1"):
        with pytest.raises(period.PeriodError, match="YYYY-MM"):
            period.month(text)
    with pytest.raises(period.PeriodError, match="such as 2026"):
        period.fiscal_year("R8")
    with pytest.raises(period.PeriodError, match="not begun"):
        made_report(november, asked(ReportKind.ROOMS, period.month("2027-01"), None, "ja", outward=True))
    with pytest.raises(period.PeriodError, match="covers whole months"):
        made_report(november, asked(ReportKind.ROOMS, period.month("2026-12"), None, "ja", outward=True))
    assert made_report(november, asked(ReportKind.ROOMS, period.month("2026-12"), None, "ja", outward=False)).tables
    with pytest.raises(period.PeriodError, match="tobu"):
        made_report(november, asked(ReportKind.ROOMS, period.month("2026-11"), "nowhere", "ja", outward=True))


def test_people_are_never_told_as_children(november: World) -> None:
    """A room that counts people has figures of its own, and no part in child-visits and plan."""
    facility, store, operations = november
    (site,) = facility.site
    (room,) = site.room
    counts_people = replace(room, counting=replace(room.counting, counted="people"))
    store.put_derived(
        room.id,
        report_cases.OCTOBER - 1,
        report_cases.NOW,
        [
            told
            for n in range(20)
            for reading in report_cases.day(report_cases.MONDAY + n * DAY_MS, 9)
            for told in (reading, *_as_people(reading))
        ],
    )
    changed = (replace(facility, site=(replace(site, room=(counts_people,)),)), store, operations)
    try:
        report = report_of(changed, "en", year=True, outward=False)
    finally:
        report_cases.fill(store, operations)
    assert rows_of(report, "plan")["Planned supply"][1] == "–"
    assert rows_of(report, "use")["All rooms"][2:4] == ("–", "–")
    headings = [column.heading for column in table_of(report, "use-people").columns]
    assert "Person-hours (with adults)" in headings
    assert not [heading for heading in headings if heading.startswith(("Child", "Average children"))]


def _as_people(reading: Reading) -> list[Reading]:
    if reading.metric != SERIES["children"]:
        return []
    return [Reading(reading.asset, SERIES["people"], reading.time, float(reading.value or 0) + 2)]


def test_another_door_is_said_beside_the_figures_of_its_months(november: World) -> None:
    *_, operations = november
    found = Finding("tobu-room", FindingName.MORE_LEAVE, report_cases.MONDAY, None, "40 came, 52 left on 7 days")
    findings = Findings(operations)
    findings.replace("tobu-room", report_cases.OCTOBER - 1, report_cases.NOW, [found])
    try:
        notes = table_of(report_of(november, "en"), "tobu-room-days").notes
        october = made_report(november, asked(ReportKind.ROOMS, period.month("2026-10"), None, "en", outward=True))
    finally:
        findings.replace("tobu-room", report_cases.OCTOBER - 1, report_cases.NOW, [])
    assert any("more people left by the counted door" in note for note in notes)
    assert not any("door" in note for note in table_of(october, "tobu-room-days").notes)


def test_a_month_without_counts_of_children_is_a_gap_in_month_and_year(november: World) -> None:
    """Whatever else is counted: the month report and its row in the year say the same."""
    _, store, operations = november
    people = [
        Reading("tobu-room", SERIES["people"], report_cases.MONDAY + n * DAY_MS + hour * report_cases.HOUR, 5.0)
        for n in range(12)
        for hour in range(9, 18)
    ]
    children = [item for n in range(5) for item in report_cases.day(report_cases.OCTOBER + n * DAY_MS, 6)]
    store.put_derived("tobu-room", report_cases.OCTOBER - 1, report_cases.NOW, [*children, *people])
    try:
        month = report_of(november, "en", outward=False)
        year = report_of(november, "en", year=True, outward=False)
    finally:
        report_cases.fill(store, operations)
    assert rows_of(month, "tobu-room-days")["Total"][2:4] == ("–", "–")
    assert rows_of(year, "tobu-room-months")["2026-11"][2:4] == ("–", "–")


def test_of_several_rooms_together_no_average_and_no_highest_number_is_told(tmp_path: Path) -> None:
    """Sixteen are in at once, eight in each of two rooms: neither 8 nor 4.4 would say so."""
    facility, store, operations = report_cases.write(tmp_path)
    (site,) = facility.site
    (room,) = site.room
    other = replace(room, id="other-room", zone=(), change=())
    days = [_told_of(told, other.id) for told in report_cases.day(report_cases.MONDAY, 8) if "Zones" not in told.metric]
    store.put_derived(other.id, report_cases.MONDAY, report_cases.NOW, days)
    both = replace(facility, site=(replace(site, room=(room, other)),))
    report = report_of((both, store, operations), "en", outward=False)
    store.close()
    operations.close()
    headings = [column.heading for column in table_of(report, "use").columns][1:]
    told = dict(zip(headings, rows_of(report, "use")["All rooms"], strict=True))
    assert (told["Child-visits"], told["Child-hours"]) == ("82", "410.0")
    single = ("Average children", "Average when used", "Most children at once")
    assert [told[heading] for heading in single] == ["–"] * 3


def _told_of(reading: Reading, asset: str) -> Reading:
    """The same, told of another room."""
    return Reading(asset, reading.metric, reading.time, reading.value, reading.quality)


def test_a_room_counts_from_its_first_count_on(november: World) -> None:
    """Its months before that are empty, and no gap in its completeness."""
    months = rows_of(report_of(november, "en", year=True, outward=False), "tobu-room-months")
    assert months["2026-09"][0] == "0.0"
    assert months["2026-10"][0] != "0.0"
