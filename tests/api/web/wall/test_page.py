import re

import httpx
import pytest

from sukusuku_core.model import Quality, Reading
from sukusuku_server.live import clock, watching
from sukusuku_server.live.clock import Cause, ClockDoubt
from tests.api import two_centres as worlds
from tests.api.conftest import NOW
from tests.api.two_centres import HOUR, World


def _text(html: str) -> str:
    """What a reader sees, roughly: the texts between the tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def _tile(html: str, ident: str) -> str:
    found = re.search(rf'<article [^>]*id="{ident}".*?</article>', html, re.DOTALL)
    assert found is not None
    return found[0]


def test_the_wall_speaks_japanese_unless_asked_otherwise(api: httpx.Client, world: World) -> None:
    world.commit(*worlds.troubled(NOW))

    ja, en = _text(api.get("/wall").text), _text(api.get("/wall?lang=en").text)

    for text in ("東部こども家庭センター", "圧縮中", "84 %", "満杯間近", "異常", "詰まり・点検してください", "12 秒前"):
        assert text in ja
    for text in (
        "Tobu Child and Family Centre",
        "Compressing",
        "Nearly full",
        "Jammed: please check",
        "12 s ago",
    ):
        assert text in en


def test_a_tile_whose_data_is_old_says_so_and_since_when(api: httpx.Client, world: World) -> None:
    world.commit(*worlds.unit("tobu-unit-1", NOW - 2 * HOUR), *worlds.unit("tobu-unit-2", NOW - 30 * HOUR))

    html = api.get("/wall").text

    assert "data-stale" in _tile(html, "tobu-unit-1")
    assert "18:06 からデータなし" in _text(_tile(html, "tobu-unit-1"))
    assert "11/17 14:06 からデータなし" in _text(_tile(html, "tobu-unit-2"))
    assert "データ未受信" in _text(_tile(html, "tobu-room"))


def test_a_room_shows_children_places_adults_and_zones(api: httpx.Client, world: World) -> None:
    world.commit(*worlds.room("tobu-room", NOW, 13, 11, eating=5, play=6))

    tile = _text(_tile(api.get("/wall?lang=en").text, "tobu-room"))

    for text in ("Children 11 / 10", "Adults 2", "Over the limit", "1 over the limit", "Eating 5 / 4"):
        assert text in tile


def test_a_room_at_its_limit_is_all_right_and_takes_nobody_more(api: httpx.Client, world: World) -> None:
    world.commit(*worlds.room("tobu-room", NOW, 12, 10, eating=4, play=6))

    tile = _text(_tile(api.get("/wall?lang=en").text, "tobu-room"))

    assert "All right" in tile
    assert "Full: no more admissions now" in tile


def test_a_sensor_that_has_gone_beside_others_is_told(api: httpx.Client, world: World) -> None:
    here = True
    lost = Reading("seibu-room", "Presence", NOW, None, Quality.STALE)
    world.commit(*worlds.room("tobu-room", NOW - HOUR, 5, 3), Reading("tobu-room", "Presence", NOW, here))
    world.commit(*worlds.room("seibu-room", NOW, 5, 3), Reading("seibu-room", "Presence", NOW - 9, here), lost)

    html = api.get("/wall?lang=en").text

    assert "The number of children is not known" in _text(_tile(html, "tobu-room"))
    assert "A sensor is not responding" in _text(_tile(html, "seibu-room"))
    for room in ("tobu-room", "seibu-room"):
        assert "Not known" in _text(_tile(html, room))


def test_a_full_bag_is_an_alert_without_a_level(api: httpx.Client, world: World) -> None:
    worlds.fire(world.operations, "collection", "tobu-unit-1", NOW, None)

    assert "Bag full" in _text(api.get("/wall?lang=en").text.split('class="alerts"')[1])


def test_simulated_data_is_announced_and_real_data_is_not(api: httpx.Client, world: World) -> None:
    world.commit(*worlds.unit("seibu-unit-1", NOW))
    assert "模擬データ" not in api.get("/wall").text

    world.commit(*worlds.troubled(NOW))
    assert "模擬データ" in api.get("/wall").text


def test_alerts_are_told_in_words_with_who_looks_after_them(api: httpx.Client, world: World) -> None:
    worlds.fire(world.operations, "unit_fault", "seibu-unit-1", NOW - HOUR, 1.0)
    over = worlds.fire(world.operations, "room_over_capacity", "seibu-room", NOW - 60_000, 14.0, stage=2)
    world.operations.acknowledge(over.id, "佐藤", NOW)
    with world.operations.change() as change:
        change.raise_alert(worlds.alert("asset_silent", "tobu-room", NOW, None))

    alerts = _text(api.get("/wall?lang=en").text.split('class="alerts"')[1])

    assert "Alerts 2" in alerts
    assert "Jammed: please check" in alerts.split("Over the limit 14 children")[0]
    assert "In hand: 佐藤 since 20:05" in alerts
    assert "No data" not in alerts


def test_an_open_alert_tells_the_value_of_now_on_every_page(api: httpx.Client, world: World) -> None:
    worlds.fire(world.operations, "room_over_capacity", "tobu-room", NOW - HOUR, 16.0, stage=2)
    worlds.fire(world.operations, "collection", "tobu-unit-1", NOW - HOUR, 84.0)
    world.commit(*worlds.unit("tobu-unit-1", NOW, level=91.0), *worlds.room("tobu-room", NOW, 14, 12))

    shown = {page: _text(api.get(f"{page}?lang=en").text) for page in ("/wall", "/sites/tobu", "/alerts")}
    assert all("Over the limit 12 / 10 children" in text and "Fill level 91 %" in text for text in shown.values())
    assert "Fill level 91 %" in _text(api.get("/units/tobu-unit-1?lang=en").text)


def test_many_alerts_are_counted(api: httpx.Client, world: World) -> None:
    for n in range(8):
        worlds.fire(world.operations, "collection", f"tobu-unit-{n}", NOW - n, 90.0)

    assert "and 5 more" in api.get("/wall?lang=en").text


def test_names_lead_to_their_pages(api: httpx.Client) -> None:
    html = api.get("/wall?lang=en").text

    for path in ("/sites/tobu", "/units/tobu-unit-1", "/rooms/tobu-room"):
        assert f'<a href="{path}?lang=en">' in html
        assert api.get(path).status_code == 200


def test_one_centre_has_a_page_of_its_own(api: httpx.Client, world: World) -> None:
    worlds.fire(world.operations, "collection", "tobu-unit-1", NOW, 90.0)
    world.commit(*worlds.unit("seibu-unit-1", NOW))

    html = api.get("/wall/seibu?lang=en").text

    assert 'id="seibu-unit-1"' in html
    assert "tobu" not in html.lower()
    assert "No open alerts" in html


def test_an_unknown_centre_leads_on_to_those_that_exist(api: httpx.Client) -> None:
    answer = api.get("/wall/<nowhere>?lang=en")

    assert answer.status_code == 404
    assert "There is no centre &lt;nowhere&gt;" in answer.text
    assert "/wall/seibu?lang=en" in answer.text


@pytest.mark.parametrize("path", ["/wall", "/wall/tobu", "/wall/nowhere"])
def test_pages_allow_no_script_of_others_and_none_of_their_own_in_the_page(api: httpx.Client, path: str) -> None:
    answer = api.get(path)

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert " style=" not in answer.text
    assert re.findall(r"<script(?![^>]* src=)", answer.text) == []


@pytest.mark.parametrize(
    ("doubt", "ja", "en"),
    [
        (
            ClockDoubt(Cause.OUTVOTED, NOW, -600_000, (("seibu-pi", 600_000), ("tobu-pi", 600_000))),
            "seibu-pi、tobu-pi より10 分遅れています",
            "10 min behind seibu-pi, tobu-pi",
        ),
        (
            ClockDoubt(Cause.OUTVOTED, NOW, 86_400_000_000, (("tobu-pi", -86_400_000_000),)),
            "tobu-pi より1000 日進んでいます",
            "1000 days ahead of tobu-pi",
        ),
        (ClockDoubt(Cause.STEPPED, NOW, 7_200_000), "時刻が急に変わりました", "it has jumped"),
    ],
)
def test_a_clock_in_doubt_is_told_on_the_wall(
    api: httpx.Client, world: World, doubt: ClockDoubt, ja: str, en: str
) -> None:
    assert "clock-warning" not in api.get("/wall").text
    clock.keep(world.store, doubt, ["seibu-pi", "tobu-pi"])
    assert ja in _text(api.get("/wall").text)
    assert en in _text(api.get("/wall?lang=en").text)


def test_nothing_is_green_where_nothing_was_ever_received(api: httpx.Client, world: World) -> None:
    html = api.get("/wall?lang=en").text

    assert 'data-condition="ok"' not in html
    assert "#i-ok" not in html
    assert "Nothing received yet" in _text(_tile(html, "tobu-unit-1"))
    assert "whether all is well is not known" in _text(html)
    assert "No open alerts" not in html


def test_nothing_is_green_while_the_collector_is_away(api: httpx.Client, world: World) -> None:
    world.commit(*worlds.troubled(NOW))
    assert "is not running" not in api.get("/wall?lang=en").text

    watching.keep(world.store, NOW - watching.AWAY_MS - 1)

    html = api.get("/wall?lang=en").text
    assert "The collector is not running" in _text(html)
    assert "#i-ok" not in html
    assert html.count("data-stale") == 6
    assert {unit["condition"] for unit in api.get("/api/v1/units").json()["units"]} == {"silent"}


def test_a_counter_that_has_just_begun_at_0_is_no_empty_room(api: httpx.Client, world: World) -> None:
    world.commit(*worlds.room("tobu-room", NOW, 0, 0), *worlds.room("seibu-room", NOW, 2, 1, eating=5))

    for room in ("tobu-room", "seibu-room"):
        tile = _tile(api.get("/wall?lang=en").text, room)
        assert "The number of children is not known" in _text(tile)
        assert 'data-condition="unknown"' in tile

    world.store.put_derived("tobu-room", NOW - 1, NOW, [Reading("tobu-room", "Occupancy/ChildrenCorrected", NOW, 0.0)])
    assert "Children 0 / 10" in _text(_tile(api.get("/wall?lang=en").text, "tobu-room"))


def test_a_count_is_not_known_while_the_derivation_catches_up(api: httpx.Client, world: World) -> None:
    old = Reading("tobu-room", "Occupancy/ChildrenCorrected", NOW - HOUR, 6.0)
    world.store.put_derived("tobu-room", NOW - HOUR - 1, NOW - HOUR, [old])
    world.commit(*worlds.room("tobu-room", NOW, 3, 2))

    assert "The number of children is not known" in _text(_tile(api.get("/wall?lang=en").text, "tobu-room"))


def test_alerts_that_have_no_place_are_counted_and_names_are_whole(api: httpx.Client, world: World) -> None:
    for n, asset in enumerate(["tobu-unit-1", "tobu-unit-2", "seibu-unit-1", "seibu-unit-2", "tobu-room"]):
        worlds.fire(world.operations, "collection", asset, NOW - n, 90.0)

    strip = _text(api.get("/wall").text.split('class="alerts"')[1])
    assert "お知らせ 5 ほか 2 件" in strip
    assert "西部こども家庭センター" in strip
