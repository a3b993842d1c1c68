from dataclasses import replace
from urllib.parse import unquote

from sukusuku_server.model.rounds import Answer
from sukusuku_server.rounds.route_sheet import Present, Sheet, as_now
from sukusuku_server.rounds.texts import Speech
from sukusuku_server.rounds.way import MOST_WAYPOINTS, directions, spots
from sukusuku_server.settings import Place
from tests.server.rounds.mail_cases import drawn, facility, texts
from tests.server.rounds.plan_cases import HOUR, MORNING

LINK = "https://maps.example.jp/?via={waypoints}&to={destination}"
DEPOT = "35.736100,139.715500"


def url(sheet: Sheet) -> str:
    found = directions(LINK, sheet)
    return "" if found is None else unquote(found.url.removeprefix("https://maps.example.jp/"))


def test_units_of_one_centre_share_a_place_and_places_follow_the_way() -> None:
    assert [(spot.label, spot.lines[0].site_id) for spot in spots(drawn("ja").stops)] == [
        ("1·2", "tobu"),
        ("3", "seibu"),
    ]


def test_one_link_leads_along_what_is_left_and_home() -> None:
    sheet = drawn("ja")
    assert url(sheet) == f"?via=35.729500,139.732000|35.726200,139.689000&to={DEPOT}"

    first, second, third = sheet.stops
    half = replace(sheet, stops=(replace(first, answer=Answer.DONE), second, third))
    assert url(half) == url(sheet), "the second unit of the centre is left"
    rest = replace(sheet, stops=(replace(first, answer=Answer.DONE), replace(second, emptied=MORNING), third))
    assert url(rest) == f"?via=35.726200,139.689000&to={DEPOT}"
    done = replace(sheet, stops=tuple(replace(line, answer=Answer.NEEDLESS) for line in sheet.stops))
    assert directions(LINK, done) is None
    assert url(replace(rest, depot=None)) == "?via=&to=35.726200,139.689000"


def test_a_long_way_is_led_piece_by_piece() -> None:
    line = drawn("ja").stops[0]
    many = tuple(replace(line, place=Place(lat=35 + n / 100, lon=139.0)) for n in range(MOST_WAYPOINTS + 3))
    found = directions(facility().web.way_link, replace(drawn("ja"), stops=many))

    assert found is not None
    assert (found.stops, found.home) == (MOST_WAYPOINTS + 1, False)
    assert unquote(found.url).count("|") == MOST_WAYPOINTS - 1
    exact = directions(LINK, replace(drawn("ja"), stops=many[:MOST_WAYPOINTS]))
    assert exact is not None
    assert (exact.stops, exact.home) == (MOST_WAYPOINTS, True)


def test_what_was_planned_is_brought_up_to_date() -> None:
    before = drawn("en")
    sheet = as_now(
        before,
        {
            "tobu-unit-1": Present(4.0, 90.0, MORNING + 3 * HOUR),
            "tobu-unit-2": Present(83.0, 90.0, MORNING - HOUR),
            "seibu-unit-2": Present(None, 0.0, None),
        },
        MORNING + 3 * HOUR,
    )
    speech = Speech(sheet, texts("en"), facility().web.map_link)
    first, second, third = map(speech.stop, sheet.stops)

    assert (first.reason, first.level, first.deadline, first.tone) == (
        "The bag was changed at 11:20",
        "fill level 4 %",
        "",
        "good",
    )
    assert second.level == "fill level 83 %", "it is no emptier on arrival"
    units = {"tobu-unit-2": Present(75.0, 90.0, None)}
    levels = [speech.stop(as_now(before, units, MORNING + hours * HOUR).stops[1]).level for hours in (5, 6)]
    assert levels == ["fill level 75 % (78 % on arrival)", "fill level 75 %"]
    assert second.reason == Speech(before, texts("en"), "").stop(before.stops[1]).reason
    assert third.line == before.stops[2]
    assert speech.stop(sheet.others[1]).level == "fill level 34 % at 08:20, nothing newer"
