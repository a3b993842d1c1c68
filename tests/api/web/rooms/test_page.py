"""The page of rooms: what it says of rooms that are known, full, silent or closed; entering a count; charts."""

import re

import httpx
import pytest

from sukusuku_api.web.rooms import texts as said
from sukusuku_core.model import Reading
from sukusuku_server.calendar.opening_hours import OpeningHours
from sukusuku_server.db.findings import Findings
from sukusuku_server.db.rooms import RoomRecords
from sukusuku_server.model.collection import OF_ROOMS, Calibration, Correction, CorrectionKind, Finding, FindingName
from sukusuku_server.rooms.schedule import FacilitySchedules, Timetable
from tests.api import two_centres as worlds
from tests.api.two_centres import World
from tests.api.web.rooms.clients import asking
from tests.api.web.rooms.used_room import DAY, HOUR, NOW, ROOM


def _text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def _room(html: str, ident: str) -> str:
    found = re.search(rf'<section class="room" id="{ident}".*?</section>', html, re.DOTALL)
    assert found is not None
    return found[0]


def test_a_request_makes_no_hours_and_no_schedules(
    api: httpx.Client, rooms: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[object] = []

    def counted(kind: type[OpeningHours | Timetable]) -> None:
        initialise = kind.__init__

        def count(self: object, *arguments: object) -> None:
            made.append(self)
            initialise(self, *arguments)  # type: ignore[arg-type]  # whatever it was given

        monkeypatch.setattr(kind, "__init__", count)

    counted(OpeningHours)
    counted(Timetable)
    assert api.get("/rooms").status_code == 200
    assert made == []
    FacilitySchedules(rooms.facility)
    assert len(made) == 4, "two centres with a room each"


def test_who_is_in_stands_against_the_limit_and_its_parts(look: httpx.Client) -> None:
    html = _room(look.get("/rooms?lang=en").text, ROOM)
    text = _text(html)

    assert 'data-tone="ok"' in html
    assert "3 more can be admitted Children 6 / 9 limit" in text
    assert "8 people, adults included" in text
    assert "Staff 2 (from the shift plan)" in text
    assert "completeness of the last hour 100 %" in text
    assert "measured 5 s ago" in text
    assert "Limit 9 set by: Staff on duty" in text
    assert "Floor area 12 36 m² at 2.90 m² per child" in text
    assert "Staff on duty sets the limit 9 with 2 on duty" in text
    assert "House rule, not a legal limit" in text
    assert '<li class="over">' in html  # five where four may eat
    assert "Eating Children 5 / 4" in text


def test_the_api_has_the_same_limit_and_asks_no_staff_where_no_shift_is_planned(look: httpx.Client) -> None:
    def limit(at: str) -> tuple[int, list[str]]:
        found = look.get(f"/api/v1/rooms/{ROOM}/limit", params={"at": at}).json()
        return found["children"], found["limited_by"]

    assert limit("2026-11-18T14:30") == (9, ["staff"])
    assert limit("2026-11-18T18:30") == (10, ["places"])


def test_both_languages_say_all_of_it(look: httpx.Client) -> None:
    ja, en = _text(look.get("/rooms").text), _text(look.get("/rooms?lang=en").text)
    for text in (
        "あと 3 人 受け入れ可",
        "上限の根拠",
        "未設定",
        "センターの取り決め",
        "人数の補正",
        "現在の人数を入力",
    ):
        assert text in ja
    for text in ("not set", "Corrections of the last seven days", "Enter the current count", "Before and after"):
        assert text in en
    assert "%(" not in ja + en


def test_corrections_say_when_what_and_why(look: httpx.Client) -> None:
    text = _text(_room(look.get("/rooms?lang=en").text, ROOM))

    assert "today 12:00 Source changed or lost entries minus exits → none Children 6 → –" in text
    assert "different for 10 min Children 5 → 6 People 7 → 8" in text
    assert "today 04:00 Daily reset every day at 04:00 People 1 → 0" in text
    assert set(said.WHY) == set(CorrectionKind)
    assert set(said.FINDINGS) == OF_ROOMS


def test_a_finding_about_a_room_is_told_on_its_page_and_by_the_api(api: httpx.Client, rooms: World) -> None:
    found = Finding(ROOM, FindingName.MORE_LEAVE, NOW - 24 * HOUR, None, "5 days: 2 in, 6 out")
    Findings(rooms.operations).replace(ROOM, NOW - 48 * HOUR, NOW, [found])

    shown = [_text(_room(api.get(f"/rooms?lang={language}").text, ROOM)) for language in ("ja", "en")]
    assert "入室より退室の多い日が続いています" in shown[0]
    assert "more people leave by the counted door than come in by it" in shown[1]
    (told,) = api.get("/api/v1/findings", params={"room": ROOM, "open": True}).json()["findings"]
    assert (told["unit"], told["room"], told["name"]) == (None, ROOM, "more_leave")
    both = api.get("/api/v1/findings", params={"room": ROOM, "unit": rooms.facility.site[0].unit[0].id})
    assert (both.status_code, "leave one of them out" in both.text) == (422, True)


def test_gaps_are_gaps_in_figures_tables_and_in_words(look: httpx.Client) -> None:
    text = _text(_room(look.get("/rooms?lang=en").text, ROOM))

    assert "11:00 6.0 6 12:00 – – 13:00 6.0 6" in text
    assert "Most children at once 6 children" in text
    assert "Completeness 88.9 %" in text  # an hour of nine
    html = look.get("/rooms?lang=en").text
    assert "Children today: from 0 to 6 so far. Current limit: 9. Gaps: 1. Corrections: 1." in html


def test_what_is_silent_is_not_green_and_what_is_not_known_is_not_zero(look: httpx.Client, same_rooms: World) -> None:
    unknown = _room(look.get("/rooms?lang=en").text, "seibu-room")
    assert 'data-tone="unknown" data-stale' in unknown
    assert "No readings yet" in unknown
    assert "Children – / 12 limit" in _text(unknown)
    assert "Staff: not set" in unknown

    with asking(same_rooms, NOW + HOUR) as later:
        silent = _room(later.get("/rooms?lang=en").text, ROOM)
    assert 'data-tone="unknown" data-stale' in silent
    assert "No data (last measured 1 h ago)" in silent
    assert "Children – / 9 limit" in _text(silent)
    assert "Eating No data – / 4" in _text(silent)


def test_children_of_long_ago_are_not_those_of_now(rooms: World) -> None:
    fresh = [Reading(ROOM, metric, NOW + HOUR, 8.0) for metric in ("Occupancy/Corrected", "Occupancy/Completeness")]
    rooms.store.put_derived(ROOM, NOW, NOW + HOUR, fresh)
    rooms.commit(*worlds.room(ROOM, NOW + HOUR - 5_000, 8, 6, eating=5, play=1))
    with asking(rooms, NOW + HOUR) as later:
        html = _room(later.get("/rooms?lang=en").text, ROOM)
    assert 'data-tone="unknown"' in html
    assert "The number of children is not known Children – / 9 limit 8 people, adults included" in _text(html)


def test_a_closed_room_says_until_when(same_rooms: World) -> None:
    with asking(same_rooms, DAY + 3 * HOUR) as night:
        html = _room(night.get("/rooms?lang=en").text, ROOM)
    assert 'data-tone="closed"' in html
    assert "Closed until today 09:00" in html
    assert "from today 09:00 · set by: Staff on duty" in _text(html)
    assert "of the last hour" not in html  # nothing is expected of it


def test_a_count_is_entered_and_shown(api: httpx.Client, rooms: World) -> None:
    url = f"/rooms/{ROOM}/counts?lang=en"
    fields = {"children": " ５ ", "staff": "2", "by": " 佐藤  花子 ", "note": "散歩の\u200d後"}
    assert api.post(url, files={"children": ("a.txt", b"5")}).status_code == 422
    answer = api.post(url, data=fields, headers={"origin": f"http://{api.base_url.netloc.decode()}"})

    assert (answer.status_code, answer.headers["location"]) == (303, f"/rooms?lang=en#count-{ROOM}")
    page = api.get("/rooms?lang=en")
    assert "today 14:30 5 children, 2 staff 佐藤 花子: 散歩の後 · being applied" in _text(page.text)
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "same-origin", "or browsers would send the form with the origin `null`"

    entered = Correction(ROOM, NOW, CorrectionKind.ENTERED, "children", 6, 5)
    RoomRecords(rooms.operations).replace(ROOM, NOW - 1, NOW, [entered])
    text = _text(api.get("/rooms?lang=en").text)
    assert "散歩の後 · applied" in text
    assert "today 14:30 Counted by staff 佐藤 花子: 散歩の後 Children 6 → 5" in text


def test_a_count_far_beyond_the_places_is_asked_back_on_the_page(api: httpx.Client, rooms: World) -> None:
    url = f"/rooms/{ROOM}/counts?lang=en"
    fields = {"children": "47", "by": "佐藤"}
    asked_back = api.post(url, data=fields)
    assert asked_back.status_code == 422
    shown = _room(asked_back.text, ROOM)
    assert "47 children, and the room has" in shown
    assert "Save the count once more" in shown
    assert 'name="sure"' in shown
    assert 'value="47"' in shown
    assert RoomRecords(rooms.operations).said(ROOM, 0, NOW) == []
    assert api.post(url, data={**fields, "sure": "yes"}).status_code == 303
    assert [item.children for item in RoomRecords(rooms.operations).said(ROOM, 0, NOW)] == [47]


def test_a_count_is_withdrawn_on_the_page_by_somebody_with_a_name(api: httpx.Client, rooms: World) -> None:
    records = RoomRecords(rooms.operations)
    kept = records.enter(Calibration(ROOM, NOW, 7, None, "佐藤"), NOW)
    url = f"/rooms/{ROOM}/counts/{kept.id}/withdraw?lang=en"
    assert url.replace("&", "&amp;") in api.get("/rooms?lang=en").text
    nameless = api.post(url, data={"by": " "})
    assert nameless.status_code == 422
    assert "Please enter who counted" in _room(nameless.text, ROOM)
    assert api.post(url, data={"by": "鈴木"}).status_code == 303
    assert records.said(ROOM, 0, NOW) == []
    assert url not in api.get("/rooms?lang=en").text
    elsewhere = api.post(f"/rooms/{ROOM}/counts/99/withdraw?lang=en", data={"by": "鈴木"})
    assert "There is no such count." in elsewhere.text


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"by": "佐藤"}, "Please enter the number of children"),
        ({"by": "佐藤", "children": "-1"}, "Please enter the number of children"),
        ({"by": "佐藤", "children": "1001"}, "Please enter the number of children"),
        ({"by": "佐藤", "children": "²"}, "Please enter the number of children"),
        ({"by": "佐藤", "children": "4", "staff": "two"}, "Please enter the number of staff"),
        ({"by": " ", "children": "4"}, "Please enter who counted"),
        ({"by": "\x07", "children": "4"}, "Please enter who counted"),
        ({"by": "佐藤", "children": "4", "note": "x" * 201}, "Please shorten the note"),
    ],
)
def test_a_wrong_count_is_said_on_the_page_and_not_kept(
    look: httpx.Client, same_rooms: World, fields: dict[str, str], wrong: str
) -> None:
    answer = look.post(f"/rooms/{ROOM}/counts?lang=en", data=fields)

    assert answer.status_code == 422
    assert wrong in _room(answer.text, ROOM)
    assert wrong not in _room(answer.text, "seibu-room")
    assert f'value="{fields["children"]}"' in answer.text if "children" in fields else True
    assert RoomRecords(same_rooms.operations).said(ROOM, 0, NOW) == []


def test_a_form_from_elsewhere_of_no_room_or_without_end_is_not_taken(look: httpx.Client, same_rooms: World) -> None:
    url, fields = f"/rooms/{ROOM}/counts?lang=en", {"by": "佐藤", "children": "4"}

    for header in ({"sec-fetch-site": "cross-site"}, {"origin": "http://elsewhere.example"}, {"origin": "null"}):
        elsewhere = look.post(url, data=fields, headers=header)
        assert elsewhere.status_code == 403
        assert "page of another site" in elsewhere.text
    nowhere = look.post("/rooms/nowhere/counts?lang=en", data=fields)
    assert nowhere.status_code == 404
    assert "There is no such room." in nowhere.text
    assert look.post(url, data={**fields, "note": "長" * 3000}).status_code == 413
    assert RoomRecords(same_rooms.operations).said(ROOM, 0, NOW) == []


def test_the_effect_of_a_date_is_told_with_its_bounds(look: httpx.Client) -> None:
    text = _text(_room(look.get(f"/rooms?lang=en&room={ROOM}&since=2026-11-01").text, ROOM))
    assert "2026/11/1 No clear difference: it may be chance." in text
    assert "Difference, matching weekdays: +0.1 (95 %: −0.1 to +0.2)" in text

    early = _text(_room(look.get(f"/rooms?lang=en&room={ROOM}&since=2026-11-18").text, ROOM))
    assert "Too few days were measured" in early
    for wrong in ("yesterday", "0001-01-01", "2026-13-01"):
        page = look.get("/rooms", params={"lang": "en", "room": ROOM, "since": wrong})
        assert page.status_code == 200
        assert "Please choose a date, such as 2026-10-01." in page.text


def test_charts_are_in_the_page_at_once_for_desk_and_phone(look: httpx.Client) -> None:
    """Pictures that a process draws while one looks at an empty frame are none of these: nothing is fetched later."""
    html = look.get("/rooms?lang=en").text
    room = _room(html, ROOM)
    kinds = re.findall(r'<figure class="chart (\w+)">', room)
    assert kinds == ["course", "heat", "ahead"]
    for size in ("wide", "narrow"):
        assert room.count(f'<svg class="plot {size}"') == len(kinds)
    assert "<img" not in html
    assert "水" in _room(look.get("/rooms").text, ROOM)
    assert look.get(f"/rooms/{ROOM}/heat.svg").status_code == 404


def test_the_course_of_a_day_is_as_wide_at_night(same_rooms: World) -> None:
    with asking(same_rooms, DAY + 3 * HOUR) as night:
        assert 'viewBox="0 0 760 240"' in _room(night.get("/rooms").text, ROOM)
