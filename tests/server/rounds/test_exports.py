import csv
import json
from dataclasses import replace
from datetime import timedelta
from email.message import Message
from functools import cache
from io import StringIO
from xml.etree.ElementTree import fromstring

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.time import japan_time
from sukusuku_server.rounds.exports.csv_table import csv_table, safe
from sukusuku_server.rounds.exports.gpx import gpx
from sukusuku_server.rounds.route_sheet import Sheet
from sukusuku_server.rounds.texts import RoundWords, Speech
from tests.server.rounds.golden_rounds import mails, parse
from tests.server.rounds.mail_cases import FACILITY, drawn, texts
from tests.server.rounds.plan_cases import MINUTE, MORNING

GPX = "{http://www.topografix.com/GPX/1/1}"


@cache
def attached() -> dict[str | None, Message]:
    return {part.get_filename(): part for part in parse(mails(1, simulated=True)[0].content).iter_attachments()}


def content(name: str) -> bytes:
    found = attached()[name].get_payload(decode=True)
    assert isinstance(found, bytes)
    return found


def words(of: Sheet) -> RoundWords:
    return Speech(of, texts(of.language), "https://example.jp/{lat}/{lon}").round()


def test_the_files_are_those_that_the_round_wants() -> None:
    kinds = {name: part.get_content_type() for name, part in attached().items()}

    assert kinds == {
        "north-2026-11-25.ics": "text/calendar",
        "north-2026-11-25.gpx": "application/gpx+xml",
        "north-2026-11-25.geojson": "application/geo+json",
        "north-2026-11-25.csv": "text/csv",
    }
    plain = FACILITY.replace('attach = ["png", "ics", "gpx", "geojson", "csv"]', "attach = []")
    assert list(parse(mails(1, text=plain)[0].content).iter_attachments()) == []


def test_the_calendar_has_the_trip_with_its_stops() -> None:
    calendar = icalendar.Calendar.from_ical(content("north-2026-11-25.ics"))
    [event] = calendar.events
    [alarm] = [found for found in event.subcomponents if isinstance(found, icalendar.Alarm)]

    assert calendar["METHOD"] == "PUBLISH"
    assert event["UID"] == f"round-7-{MORNING}@example.jp"
    assert (event.start, event.end) == (japan_time(MORNING + 300 * MINUTE), japan_time(MORNING + 540 * MINUTE))
    assert event["SUMMARY"] == "11月25日（水）東部・西部ルート: 3か所"
    lines = str(event["DESCRIPTION"]).splitlines()
    assert lines[0].startswith("1. 13:32 東部子ども家庭支援センター おむつ圧縮機1 袋が満杯")
    assert lines[3].startswith("模擬データ")
    assert event["LOCATION"] == "豊島清掃事務所"
    assert timedelta(minutes=-15) == alarm.TRIGGER


def test_the_gpx_has_waypoints_and_the_way_from_depot_to_depot() -> None:
    root = fromstring(content("north-2026-11-25.gpx"))  # noqa: S314 - our own file
    names = [point.findtext(f"{GPX}name") for point in root.findall(f"{GPX}wpt")]
    way = [(point.get("lat"), point.get("lon")) for point in root.findall(f"{GPX}rte/{GPX}rtept")]

    assert names == [
        "1 東部子ども家庭支援センター おむつ圧縮機1",
        "2 東部子ども家庭支援センター おむつ圧縮機2",
        "3 西部子ども家庭支援センター おむつ圧縮機1",
    ]
    assert way[0] == way[-1] == ("35.736100", "139.715500")
    assert way[1:-1] == [("35.729500", "139.732000"), ("35.729500", "139.732000"), ("35.726200", "139.689000")]


def test_the_geojson_has_points_in_order_and_the_way() -> None:
    found = json.loads(content("north-2026-11-25.geojson"))
    features = found["features"]

    assert found["type"] == "FeatureCollection"
    assert [feature["properties"]["kind"] for feature in features] == ["depot", "stop", "stop", "stop", "way"]
    assert [feature["properties"].get("order") for feature in features[1:4]] == [1, 2, 3]
    assert features[1]["geometry"] == {"type": "Point", "coordinates": [139.732, 35.7295]}
    assert features[1]["properties"]["arrives"] == "2026-11-25T13:32:00+09:00"
    assert (
        features[4]["geometry"]["coordinates"][0] == features[4]["geometry"]["coordinates"][-1] == [139.7155, 35.7361]
    )


def test_the_table_has_every_unit_and_a_byte_order_mark() -> None:
    raw = content("north-2026-11-25.csv")
    rows = list(csv.reader(StringIO(raw.decode("utf-8-sig"), newline="")))

    assert raw.startswith(b"\xef\xbb\xbf")
    assert rows[0][:5] == ["日付", "順", "センター", "圧縮機", "理由"]
    assert [row[1] for row in rows[1:]] == ["1", "2", "3", "", ""]
    assert rows[1][2:10] == [
        "東部子ども家庭支援センター",
        "おむつ圧縮機1",
        "袋が満杯",
        "2026-11-25 13:32",
        "2026-11-25 06:20",
        "96.4",
        "101.0",
        "2",
    ]
    assert {len(row) for row in rows} == {14}


@given(st.text(st.one_of(st.sampled_from("=+-@|%\t\r\n \"',;東"), st.characters(codec="utf-8")), max_size=12))
def test_no_cell_is_a_formula_and_nothing_is_lost(name: str) -> None:
    sheet = drawn("ja")
    named = replace(sheet, stops=tuple(replace(line, unit=name) for line in sheet.stops))
    told = words(named)
    rows = list(csv.reader(StringIO(csv_table(named, told.stops, texts("ja")).decode("utf-8-sig"), newline="")))

    for row in rows[1:]:
        assert len(row) == 14
        assert row[3].removeprefix("'") in {name, name.removeprefix("'")}
        for cell in row:
            assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@given(st.text(max_size=20))
def test_any_name_makes_readable_gpx(name: str) -> None:
    sheet = drawn("ja")
    named = replace(sheet, stops=tuple(replace(line, unit=name) for line in sheet.stops))

    assert len(fromstring(gpx(named, words(named).stops)).findall(f"{GPX}wpt")) == 3  # noqa: S314 - our own file


def test_ordinary_cells_stay_as_they_are() -> None:
    assert [safe(text) for text in ("", "1号機", "a=b", "https://example.jp/?a=-1")] == [
        "",
        "1号機",
        "a=b",
        "https://example.jp/?a=-1",
    ]


def test_without_places_and_depot_the_files_are_still_files() -> None:
    sheet = replace(drawn("en"), depot=None)
    bare = replace(sheet, stops=tuple(replace(line, place=None, arrives=None) for line in sheet.stops))
    told = words(bare)

    assert fromstring(gpx(bare, told.stops)).findall(f"{GPX}wpt") == []  # noqa: S314 - our own file
    assert len(csv_table(bare, told.stops, texts("en")).splitlines()) == 4
