"""The pages of the settings: what they show, what a form makes of what was typed, and what it refuses."""

import tomllib
from typing import Any

import pytest

from sukusuku_api.access.principal import Principal
from sukusuku_api.lazy_store import LazyStore
from sukusuku_server.access.records import Actor
from sukusuku_server.access.rights import Role, granting
from sukusuku_server.facility_document.editing import Put, edited
from sukusuku_server.facility_document.facility_file import FacilityFile
from sukusuku_server.facility_document.source import Change
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import client
from tests.api.two_centres import World
from tests.api.web.settings.conftest import Desk
from tests.api.web.settings.editor import Editor, fields_of, mistakes

TODAY = "2026-11-18"


def told(desk: Desk) -> Any:
    return tomllib.loads(desk.text)


def test_the_overview_says_everything_in_both_languages(desk: Desk) -> None:
    english = desk.api.get("/settings?lang=en").text
    for text in (
        "Tobu Child and Family Centre",
        "Monday – Saturday",
        "09:00-18:00",
        "Eating",
        "office@example.jp",
        "Van",
    ):
        assert text in english
    assert "月曜日〜土曜日" in desk.api.get("/settings").text
    assert 'href="/settings?lang=ja"' in desk.api.get("/people").text


def test_a_file_that_is_broken_is_shown_with_its_mistakes(desk: Desk) -> None:
    desk.path.write_text(desk.text.replace("capacity = 10", 'capacity = "ten"'), encoding="utf-8")
    page = desk.api.get("/settings?lang=en").text
    assert "site[0].room[0].capacity" in page
    Editor(desk.api, "room", "tobu", "tobu-room").save(capacity="9", **{"from": ""})  # mends it
    assert told(desk)["site"][0]["room"][0]["capacity"] == 9
    desk.path.write_text("[[[", encoding="utf-8")
    assert "not valid TOML" in desk.api.get("/settings?lang=en").text
    assert desk.api.get("/settings/edit/alerts").status_code == 409


def test_opening_hours_hold_from_a_day_on_and_are_saved_after_their_difference_was_shown(desk: Desk) -> None:
    form = Editor(desk.api, "opening", "tobu")
    assert form.fields["from"] == [TODAY]
    before = desk.text

    shown = form.send("check", mon="９：００ー12:00、13:00～17:30", sun="10:00-12:00", closed=["2026年12月24日", ""])

    assert "New values from “2026-11-18”: added (Monday 09:00-12:00, 13:00-17:30, Sunday 10:00-12:00)" in shown.text
    assert desk.text == before
    assert form.send("save").status_code == 422  # several people share this account
    saved = form.send("save", by="Anna")
    assert (saved.status_code, saved.headers["location"]) == (303, "/settings?lang=en&saved=2")
    opening = told(desk)["site"][0]["opening"]
    assert [str(day) for day in opening["closed"]] == ["2026-12-24"]
    assert opening["later"][0]["mon"] == ["09:00-12:00", "13:00-17:30"]
    assert "Saved as version 2" in desk.api.get(saved.headers["location"]).text

    Editor(desk.api, "opening", "tobu").save(**{"from": "2027-04-01"}, tue="")
    Editor(desk.api, "opening", "tobu").save(**{"from": "2027-01-01"}, wed="", holidays=["own", "10:00-12:00"])
    later = told(desk)["site"][0]["opening"]["later"]
    assert [str(item["from"]) for item in later] == [TODAY, "2027-01-01", "2027-04-01"]
    assert later[1]["holidays"] == ["10:00-12:00"]
    Editor(desk.api, "opening", "tobu").save(**{"from": ""}, mon="", special=["2026-12-31", "09:00-12:00"])
    opening = told(desk)["site"][0]["opening"]
    assert (opening["later"][0]["mon"], opening["special"]) == ([], {"2026-12-31": ["09:00-12:00"]})


def test_what_parents_are_told_is_typed_shown_and_taken_back(desk: Desk) -> None:
    form = Editor(desk.api, "parents", "tobu")
    typed: dict[str, str] = {
        "address.ja": "豊島区1-2-3", "address.en": "1-2-3 Toshima", "phone": "03-1234-5678", "from_months": "6",
        "to_years": "5",
    }  # fmt: skip
    form.save(**typed)
    assert told(desk)["site"][0]["parents"] == {
        "address": {"ja": "豊島区1-2-3", "en": "1-2-3 Toshima"}, "phone": "03-1234-5678", "from_months": 6,
        "to_years": 5,
    }  # fmt: skip
    for language, said in (("ja", "6か月から5歳まで"), ("en", "from 6 months to age 5")):
        assert said in desk.api.get(f"/settings?lang={language}").text
    Editor(desk.api, "parents", "tobu").save(phone="")
    assert "phone" not in told(desk)["site"][0]["parents"]


@pytest.mark.parametrize(
    ("word", "names", "typed", "expected"),
    [
        ("opening", ["tobu"], {"mon": "9 to 5", "tue": "12:00-09:00", "wed": "9:00-12:00, 11:00-13:00"}, 3),
        ("opening", ["tobu"], {"from": "soon"}, 1),
        ("opening", ["tobu"], {"closed_monthly": ["3rd", "", "", ""]}, 1),
        ("unit", ["tobu"], {"id": "new unit", "name.ja": "", "name.en": "New", "edge": ""}, 3),
        ("unit", ["tobu"], {"id": "seibu-unit-1", "name.ja": "新", "name.en": "New", "edge": "tobu-pi"}, 1),
        ("room", ["tobu", "tobu-room"], {"capacity": "many"}, 1),
        ("room", ["tobu", "tobu-room"], {"capacity": "2.5"}, 1),
        ("contact", ["Office"], {"mail": "nobody", "after_minutes": "-1"}, 2),
        ("contact", ["Office"], {"mail": ""}, 1),
        ("contact", ["Office"], {"sites": ["nowhere"]}, 1),
        ("round", ["nappies"], {"days": [], "departs": "25:00"}, 2),
        ("round", ["nappies"], {"departs": "18:00"}, 3),
        ("alerts", [], {"fill_rise": "50"}, 1),
        ("vehicle", ["van"], {"depot": ["nowhere"]}, 1),
        ("parents", ["tobu"], {"phone": "call us", "website": "city.example"}, 2),
        ("parents", ["tobu"], {"from_months": "60", "to_years": "4"}, 1),
        ("parents", ["tobu"], {"address.ja": "豊島区1-2-3"}, 1),
    ],
)
def test_a_mistake_is_told_and_what_was_typed_stays(
    desk: Desk, word: str, names: list[str], typed: dict[str, Any], expected: int
) -> None:
    before, form = desk.text, Editor(desk.api, word, *names)
    answer = form.send("check", **typed)
    assert answer.status_code == 422
    assert len(mistakes(answer.text)) == expected, mistakes(answer.text)
    for key, text in typed.items():
        if isinstance(text, str):
            assert form.fields[key] == [text]
    assert desk.text == before


def test_what_a_change_would_break_elsewhere_is_told_by_its_name(desk: Desk) -> None:
    answer = Editor(desk.api, "opening", "tobu").send("check", mon="", wed="", fri="", **{"from": ""})
    assert answer.status_code == 422
    (told,) = mistakes(answer.text)
    assert told.startswith("Nappy round: “tobu” is never open when a round comes there.")


def test_things_are_added_changed_and_taken_out(desk: Desk) -> None:
    name = {"name__ja": "新", "name__en": "New"}
    Editor(desk.api, "site").save(id="nanbu", place__lat="35.7", place__lon="139.7", **name)
    Editor(desk.api, "unit", "nanbu").save(id="nanbu-unit-1", edge="nanbu-pi", **name)
    Editor(desk.api, "room", "nanbu").save(id="nanbu-room", edge="nanbu-pi", capacity="8", **name)
    Editor(desk.api, "zone", "nanbu", "nanbu-room").save(id="reading", capacity="3", **name)
    Editor(desk.api, "contact").save(name="Nanbu", mail="n@example.jp", sites=["nanbu"], rules=["unit_fault"])
    Editor(desk.api, "crew", "nappies").save(name="Crew", mail="crew@example.jp")
    Editor(desk.api, "round", "nappies").save(days=["tue", "sat"], sites=[], holidays=["yes"])
    Editor(desk.api, "alerts").save(silent_after="60", fill_rise="85")
    Editor(desk.api, "unit", "tobu", "tobu-unit-2").save(until="2026-12-31", collection__room="tobu-room")
    found = told(desk)
    site = found["site"][2]
    assert (site["place"], site["unit"][0]["edge"], site["room"][0]["zone"][0]["id"]) == (
        {"lat": 35.7, "lon": 139.7},
        "nanbu-pi",
        "reading",
    )
    assert found["contact"][1] == {"name": "Nanbu", "mail": "n@example.jp", "sites": ["nanbu"], "rules": ["unit_fault"]}
    assert (found["round"][0]["days"], found["round"][0]["sites"]) == (["tue", "sat"], [])
    assert found["alerts"] == {"silent_after": 3600, "fill_rise": 85}
    assert str(found["site"][0]["unit"][1]["until"]) == "2026-12-31"

    Editor(desk.api, "contact", "Nanbu").save(remove="1")
    assert len(told(desk)["contact"]) == 1
    refused = Editor(desk.api, "vehicle", "van").send("check", remove="1")  # the round needs it
    assert (refused.status_code, len(mistakes(refused.text))) == (422, 1)
    assert Editor(desk.api, "unit", "tobu", "tobu-unit-1").send("check", remove="1").status_code == 404


def test_who_saves_second_sees_what_the_first_has_changed_and_loses_nothing(desk: Desk) -> None:
    form = Editor(desk.api, "alerts")
    source = FacilityFile(desk.path)
    now = source.read()
    edits = [Put("alerts.fill_rise", 90), Put("alerts.stock_days", 7)]
    source.write(edited(now.text, edits), now.version, Change("Ben"))

    answer = form.send("check", fill_rise="85", fill_clear="50")

    assert answer.status_code == 409
    assert "(Ben)" in answer.text
    assert "Now it says: 90" in answer.text
    fields = fields_of(answer.text)
    assert (fields["fill_rise"], fields["fill_clear"], fields["stock_days"]) == (["85"], ["50"], ["7"])
    form.save()
    assert told(desk)["alerts"] == {"silent_after": 1800, "fill_rise": 85, "stock_days": 7, "fill_clear": 50}


def test_the_history_takes_one_change_back_and_is_audited(desk: Desk, world: World) -> None:
    before = desk.text
    Editor(desk.api, "alerts").save(fill_rise="85")
    page = desk.api.get("/settings/history?lang=en").text
    assert "Anna" in page
    assert "spring" in page
    fields = fields_of(page)
    shown = desk.api.post("/settings/history/2?lang=en", data={**fields, "step": "check"})
    assert "85" in shown.text
    saved = desk.api.post("/settings/history/2?lang=en", data={**fields, "step": "save", "by": "Ben"})
    assert saved.status_code == 303
    assert desk.text == before
    assert [entry.action for entry in world.operations.audit()][:2] == ["settings.undone", "settings.saved"]
    assert desk.api.post("/settings/history/99", data={**fields, "step": "save"}).status_code == 404
    stale = desk.api.post("/settings/history/2?lang=en", data={**fields, "step": "save", "by": "Ben"})
    assert stale.status_code == 409


PATHS = ["/settings", "/settings/history", "/settings/devices", "/settings/devices/adopt", "/settings/edit/alerts"]


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.MANAGER, Role.INTEGRATOR, Role.ADMIN}])
def test_other_roles_see_and_change_nothing(world: World, role: Role) -> None:
    _refused_everywhere(world, role, None)


def test_an_administrator_of_one_centre_sees_and_changes_nothing(world: World) -> None:
    _refused_everywhere(world, Role.ADMIN, "tobu")


def _refused_everywhere(world: World, role: Role, site: str | None) -> None:
    store = LazyStore(world.path)
    visitor = Principal("somebody", Actor("account 1"), granting(role, site), shared=False)
    with client(create_app(world.facility, store, world.operations, lambda: NOW, lambda _: visitor)) as api:
        assert [api.get(path).status_code for path in PATHS] == [403] * 5
        posts = ["/settings/history/2", "/settings/devices/adopt", "/settings/edit/alerts"]
        assert [api.post(path, data={"step": "save"}).status_code for path in posts] == [403] * 3
        assert 'href="/settings' not in api.get("/wall").text
    store.close()
