"""The page of one room: its past, and the way back to it."""

import re
from dataclasses import replace

import httpx
import msgspec
import pytest

from sukusuku_api.timestamps import parse
from sukusuku_api.web.rooms.past import three, usual_month
from sukusuku_core.time import local_day
from tests.api.two_centres import World
from tests.api.web.rooms.clients import asking
from tests.api.web.rooms.used_room import ROOM


def _text(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def _beyond(html: str) -> list[str]:
    """Lines that end beyond the right edge of their picture."""
    pictures = re.findall(r'<svg class="plot [^"]*" viewBox="0 0 (\d+) \d+"(.*?)</svg>', html, re.DOTALL)
    assert pictures
    return [end for width, drawn in pictures for end in re.findall(r"H([\d.]+)", drawn) if float(end) > float(width)]


def test_the_page_of_a_room_tells_its_past(look: httpx.Client) -> None:
    page = look.get(f"/rooms/{ROOM}?lang=en&days=7&month=2026-11")
    text = _text(page.text)
    assert page.status_code == 200
    assert "Course On average" in text
    assert "11/2026 2026/11/1–11/17 Month before 2026/10/1–10/17 Year before 2025/11/1–11/17" in text
    assert "Completeness" in text
    (table,) = re.findall(r'<div class="card scroll hours".*?</table>', page.text, re.DOTALL)
    assert "11/17 (Tue)" in table
    assert "9:00" in table
    for days in (7, 30, 90, 365):
        answer = look.get(f"/rooms/{ROOM}", params={"days": days})
        assert answer.status_code == 200
        assert _beyond(answer.text) == []
    assert look.get(f"/rooms/{ROOM}?month=2026-13").status_code == 422
    assert look.get(f"/rooms/{ROOM}?days=8").status_code == 422, "what is kept of a room is bounded"
    assert look.get("/rooms/nowhere").status_code == 404


def test_a_count_on_the_page_of_a_room_leads_back_to_it(api: httpx.Client) -> None:
    assert f'action="/rooms/{ROOM}/counts?lang=en&amp;own=true"' in api.get(f"/rooms/{ROOM}?lang=en").text
    url = f"/rooms/{ROOM}/counts?lang=en&own=true"
    kept = api.post(url, data={"by": "佐藤", "children": "4"})
    assert (kept.status_code, kept.headers["location"]) == (303, f"/rooms/{ROOM}?lang=en#count-{ROOM}")
    wrong = api.post(url, data={"by": "佐藤", "children": "-1"})
    assert wrong.status_code == 422
    assert "Comparison of months" in wrong.text


@pytest.mark.parametrize(
    ("now", "spans"),
    [
        ("2026-11-18T14:30", ["11/1-11/18", "10/1-10/18", "11/1-11/18"]),
        ("2026-12-01T09:00", ["11/1-12/1", "10/1-11/1", "11/1-12/1"]),
        ("2027-03-31T09:00", ["3/1-3/31", "2/1-3/1", "3/1-3/31"]),
    ],
)
def test_months_are_compared_with_as_many_days(now: str, spans: list[str]) -> None:
    at = parse(now)
    found = three(usual_month(at), at)
    days = [(local_day(it.start), local_day(it.end)) for it in found]
    assert [f"{a.month}/{a.day}-{b.month}/{b.day}" for a, b in days] == spans
    assert days[2][0].year == days[0][0].year - 1


def test_of_many_rooms_there_is_the_present_and_the_way_to_each(same_rooms: World) -> None:
    site, *others = same_rooms.facility.site
    rooms = [msgspec.structs.replace(site.room[0], id=f"room-{n}") for n in range(3)]
    sites = (msgspec.structs.replace(site, room=(*site.room, *rooms)), *others)
    with asking(replace(same_rooms, facility=msgspec.structs.replace(same_rooms.facility, site=sites))) as api:
        html = api.get("/rooms?lang=en").text
        assert "room-2" in html
        assert "Coming week" not in html
        assert f'href="/rooms/{ROOM}?lang=en"' in html
        assert "Coming week" in api.get(f"/rooms/{ROOM}?lang=en").text
