import re
from itertools import pairwise

import httpx
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_api.access.principal import Principal
from sukusuku_api.lazy_store import LazyStore
from sukusuku_api.web.unit import chart
from sukusuku_core.model import Quality, Reading
from sukusuku_server.access.records import Actor
from sukusuku_server.access.rights import ROLES, Rights, Role
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.findings import Findings
from sukusuku_server.db.forecasts import Forecasts
from sukusuku_server.db.visit_requests import Requests
from sukusuku_server.model.collection import EmptyingState, Finding, FindingName, Forecast, Method, Outcome
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import client
from tests.api.two_centres import World
from tests.api.web.unit.page_text import OWN, text

HOUR = 3_600_000
UNIT = "tobu-unit-1"


def _level(world: World) -> None:
    """A day of levels that rise by two percent an hour, and the estimate beside them."""
    for n in range(24, 0, -1):
        world.commit(*worlds.unit("tobu-unit-1", NOW - n * HOUR, level=50.0 - 2 * n))
    points = [Reading("tobu-unit-1", "Fill/Estimate", NOW - n * HOUR, 51.0 - 2 * n) for n in range(24, 0, -1)]
    world.store.put_derived("tobu-unit-1", NOW - 25 * HOUR, NOW, points)


def test_the_course_is_drawn_and_the_sensors_are_listed(api: httpx.Client, world: World) -> None:
    _level(world)

    for days in (1, 7, 30, 365):
        html = api.get(f"/units/tobu-unit-1?days={days}").text
        measured = re.findall(r'class="measured" d="([^"]*)"', html)
        assert len(measured) == 1
        assert measured[0].startswith("M")
    told = text(api.get("/units/tobu-unit-1"))
    assert "Fill/Percent 48 %" in told
    assert "tobu-pi" in told
    assert api.get("/units/tobu-unit-9").status_code == 404
    assert api.get("/units/tobu-room").status_code == 404


def _ahead(world: World) -> None:
    """The bag is expected to be full in 10 hours, in 5 to 20 of them in 80 % of cases."""
    at = NOW - 60_000
    values = {
        "Fill/Estimate": 60.0,
        "Fill/Nappies": 18.0,
        "Fill/Confidence": 90.0,
        "Forecast/Hours10": 5.0,
        "Forecast/Hours50": 10.0,
        "Forecast/Hours90": 20.0,
        "Bag/Age": 26.5,
    }
    world.store.put_derived(UNIT, NOW - HOUR, NOW, [Reading(UNIT, name, at, value) for name, value in values.items()])


def test_what_is_ahead_is_drawn_behind_the_past(api: httpx.Client, world: World) -> None:
    _level(world)
    assert 'class="between" d=' not in api.get(f"/units/{UNIT}?days=1").text
    _ahead(world)

    answer = api.get(f"/units/{UNIT}?days=1")
    (band,) = re.findall(r'class="between" d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)H([\d.]+)Z"', answer.text)
    (now,) = re.findall(r'class="now-line" d="M([\d.]+) 0', answer.text)
    assert now == band[0] == "800.0", "six of thirty hours are ahead"
    early, late = (float(band[place]) - float(now) for place in (2, 4))
    assert (round(early), round(late)) == (166, 666)
    assert float(band[1]) > float(band[3]), "it rises"
    assert "予測（80%の範囲）" in text(answer)
    assert "袋の使用時間 26時間31分" in text(answer)


def test_findings_say_since_when_and_what_to_do(api: httpx.Client, world: World) -> None:
    found = Finding(UNIT, FindingName.NOT_COMPRESSING, NOW - HOUR, None, "")
    Findings(world.operations).replace(UNIT, NOW - 2 * HOUR, NOW, [found])

    told = text(api.get(f"/units/{UNIT}?lang=en"))
    assert told.count("Cycles are counted but nothing is compressed") == 1
    assert "Switch the unit off, open it and take out what is stuck, or put in film. since today 19:06" in told


def test_forecasts_stand_beside_their_outcomes(api: httpx.Client, world: World) -> None:
    day = 24 * HOUR
    forecasts = [
        Forecast(UNIT, NOW - 3 * day, Method.MODEL, 40.0, 20.0, 24.0, 30.0),
        Forecast(UNIT, NOW - 3 * day, Method.LINEAR_24H, 40.0, None, 99.0, None),
        Forecast(UNIT, NOW - 2 * day, Method.MODEL, 50.0, 20.0, 24.0, None),
        Forecast(UNIT, NOW - HOUR, Method.MODEL, 50.0, 20.0, 24.0, 30.0),
    ]
    outcomes = [Outcome(UNIT, NOW - 3 * day, 22.5), Outcome(UNIT, NOW - 2 * day, 25.0)]
    Forecasts(world.operations).replace(UNIT, NOW - 4 * day, NOW, forecasts, outcomes)

    html = api.get(f"/units/{UNIT}?lang=en").text
    rows = [re.sub(r"<[^>]+>", "|", row) for row in re.findall(r"<tr>(<th scope=\"row\">(?!.*<code>).*?)</tr>", html)]
    assert len(rows) == 2, "one has no outcome, one is not ours"
    assert "1.0 h later" in rows[0]
    assert "1.5 h earlier" in rows[1]


def test_alerts_of_the_past_and_doubtful_values_are_told(api: httpx.Client, world: World) -> None:
    over = worlds.fire(world.operations, "film_low", UNIT, NOW - 5 * HOUR, 9.0)
    with world.operations.change() as change:
        change.resolve(over, NOW - 4 * HOUR, None)
    worlds.fire(world.operations, "collection", UNIT, NOW - HOUR, 84.0)
    world.commit(*worlds.unit(UNIT, NOW - 60_000), Reading("tobu-pi", "Devices/Down", NOW - 60_000, 2))
    world.commit(Reading(UNIT, "Temperature", NOW, None, Quality.BAD))

    told = text(api.get(f"/units/{UNIT}?lang=en"))
    assert "still open" in told
    assert told.index("Fill level 42 % today 19:06") < told.index("Film low 9 %")
    assert re.search(r"devices that do not answer Devices/Down 2 1 min ago", told)
    assert re.search(r"temperature inside Temperature – 0 s ago Last valid value today", told)


def test_cycles_are_bars_of_hours_or_days(api: httpx.Client, world: World) -> None:
    for n in range(72, -1, -1):
        world.commit(*worlds.unit(UNIT, NOW - n * HOUR, cycles=1000 - n))

    counts = {
        days: re.findall(r'class="cycles" d="([^"]*)"', api.get(f"/units/{UNIT}?days={days}").text) for days in (1, 7)
    }
    assert counts[1][0].count("M") in {23, 24, 25}
    assert counts[7][0].count("M") in {3, 4}
    assert ">24</text>" in api.get(f"/units/{UNIT}?days=7").text, "so many a day"


def test_a_changed_bag_is_kept_with_the_estimate_and_can_be_withdrawn(api: httpx.Client, world: World) -> None:
    _level(world)

    assert api.post("/units/tobu-unit-1/emptied", data={"by": "佐藤"}, headers=OWN).status_code == 303
    (found,) = Emptyings(world.operations).of("tobu-unit-1", NOW - HOUR, NOW + 1)
    assert (found.state, round(found.percent), found.by) == (EmptyingState.ENTERED, 49, "佐藤")
    again = api.post("/units/tobu-unit-1/emptied", data={"by": "佐藤"}, headers=OWN)
    assert again.status_code == 422
    assert "すでに記録されています" in text(again)
    assert 'class="emptied"' in api.get("/units/tobu-unit-1?days=1").text
    (form,) = re.findall(r'action="([^"]*/emptyings[^"]*)"', api.get("/units/tobu-unit-1").text)
    said = {"by": "佐藤", "withdraw": found.id}
    assert api.post(form.replace("unit-1", "unit-2"), data=said, headers=OWN).status_code == 404
    assert api.post(form, data=said, headers=OWN).headers["location"] == "/units/tobu-unit-1?lang=ja#emptyings"
    assert Emptyings(world.operations).of("tobu-unit-1", NOW - HOUR, NOW + 1) == []


def test_a_visit_is_requested_and_the_request_withdrawn(api: httpx.Client, world: World) -> None:
    api.post("/units/tobu-unit-1/visit", data={"by": "佐藤"}, headers=OWN)
    (asked,) = Requests(world.operations).standing()
    assert (asked.asset, asked.who) == ("tobu-unit-1", "佐藤")
    assert "回収の依頼を取り消す" in text(api.get("/units/tobu-unit-1"))

    other = api.post("/units/tobu-unit-2/visit", data={"by": "佐藤", "request": asked.id}, headers=OWN)
    assert other.status_code == 303
    assert Requests(world.operations).standing() == [asked], "it is about another unit"
    api.post("/units/tobu-unit-1/visit", data={"by": "佐藤", "request": asked.id}, headers=OWN)
    assert Requests(world.operations).standing() == []
    assert [(it.who, it.action, it.target) for it in world.operations.audit(2)] == [
        ("佐藤", "visit.withdraw", "tobu-unit-1"),
        ("佐藤", "visit.request", "tobu-unit-1"),
    ]


def test_a_silent_unit_says_so_and_wall_and_collection_lead_here(api: httpx.Client, world: World) -> None:
    assert "この期間の記録はありません" in text(api.get("/units/seibu-unit-1"))
    assert 'href="/units/seibu-unit-1?lang=ja"' in api.get("/wall").text
    assert 'href="/units/seibu-unit-1?lang=ja"' in api.get("/collection").text


@given(st.lists(st.tuples(st.integers(0, 1000), st.floats(-50, 250)), max_size=2000), st.integers(1, 100))
def test_a_line_stays_in_the_picture_and_breaks_where_nothing_was_known(
    points: list[tuple[int, float]], gap: int
) -> None:
    course = sorted(points)
    path = chart.Axis(0, 1000).line(course, gap)
    found = [(kind, float(x), float(y)) for kind, x, y in re.findall(r"([ML])(-?[\d.]+) (-?[\d.]+)", path)]

    assert all(0 <= x <= chart.WIDTH and 0 <= y <= chart.HEIGHT for _, x, y in found)
    assert len(found) <= max(1, 700)
    assert not found or found[0][0] == "M"
    if 0 < len(course) <= 700:
        breaks = sum(b[0] - a[0] > gap for a, b in pairwise(course))
        assert sum(kind == "M" for kind, _, _ in found) == breaks + 1


def test_a_line_of_a_year_breaks_where_nothing_was_known_for_half_a_day() -> None:
    hours = [(n * HOUR, 50.0) for n in range(8760) if not 4000 <= n < 4012]

    assert chart.Axis(0, 8760 * HOUR).line(hours, 3 * HOUR).count("M") == 2


def test_who_may_enter_something_elsewhere_only_is_offered_nothing_here(world: World) -> None:
    rights = Rights(at=(("seibu", ROLES[Role.STAFF]), ("tobu", ROLES[Role.VIEWER])))
    visitor = Principal("佐藤", Actor("account 1"), rights, shared=False)
    Emptyings(world.operations).enter("tobu-unit-1", NOW - HOUR, "鈴木", NOW, percent=90.0, nappies=30.0)
    store = LazyStore(world.path)
    with client(create_app(world.facility, store, world.operations, lambda: NOW, lambda _: visitor)) as api:
        here, there = (api.get(f"/units/{unit}").text for unit in ("tobu-unit-1", "seibu-unit-1"))
    store.close()

    assert "/emptied" in there
    assert "/visit" in there
    assert "<button" not in here.partition("<main")[2]
