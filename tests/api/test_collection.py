from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, local_day
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.findings import Findings
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.kpi.fixed_rounds import METHOD
from sukusuku_server.model.collection import Emptying, Finding, FindingName
from sukusuku_server.model.rounds import Answer
from tests.api import eight_weeks
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.eight_weeks import HOUR, MIDNIGHT, UNITS
from tests.api.in_process import client
from tests.api.two_centres import World
from tests.support.databases import Fill

API = "/api/v1"
with_eight_weeks = pytest.mark.parametrize("contents", [eight_weeks.live], ids=["eight-weeks"])


@pytest.fixture
def world(tmp_path: Path, contents: Fill) -> Iterator[World]:
    """With the hours that a centre has unless told otherwise."""
    made = worlds.make(tmp_path, fill=contents)
    yield made
    made.close()


def get(api: httpx.Client, path: str, **params: Any) -> Any:
    answer = api.get(f"{API}{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(api: httpx.Client, path: str, body: dict[str, Any], status: int = 200) -> Any:
    answer = api.post(f"{API}{path}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


@with_eight_weeks
def test_emptyings_are_listed_newest_first_and_one_by_one(api: httpx.Client) -> None:
    found = get(api, "/emptyings", unit=UNITS[0])["emptyings"]
    assert len(found) == 8
    assert [item["time"] for item in found] == sorted((item["time"] for item in found), reverse=True)
    assert found[0]["state"] == "detected"
    assert found[0]["evidence"] == ["level", "lid"]
    assert found[0]["time"] == "2026-11-17T15:00:00+09:00"
    assert get(api, f"/emptyings/{found[0]['id']}") == found[0]
    assert len(get(api, "/emptyings", limit=3)["emptyings"]) == 3
    only = get(api, "/emptyings", unit=UNITS[0], **{"from": "2026-11-17", "to": "2026-11-18"})["emptyings"]
    assert only == found[:1]
    assert get(api, "/emptyings", unit="seibu-unit-1")["emptyings"] == []


@with_eight_weeks
def test_people_confirm_correct_and_reject(world: World, api: httpx.Client) -> None:
    ident = get(api, "/emptyings")["emptyings"][-1]["id"]
    confirmed = post(api, f"/emptyings/{ident}/confirm", {"by": "佐藤", "note": "時間どおり"})
    assert (confirmed["state"], confirmed["by"], confirmed["note"]) == ("confirmed", "佐藤", "時間どおり")
    moved = (datetime.fromisoformat(confirmed["time"])).replace(hour=14).isoformat()
    corrected = post(api, f"/emptyings/{ident}/correct", {"by": "鈴木", "time": moved, "percent": 70})
    assert (corrected["state"], corrected["time"], corrected["percent"]) == ("corrected", moved, 70.0)
    rejected = post(api, f"/emptyings/{ident}/reject", {"by": "田中"})
    assert (rejected["state"], rejected["by"], rejected["note"]) == ("rejected", "田中", "時間どおり")
    assert [entry.action for entry in world.operations.audit(3)] == [
        "emptying.reject",
        "emptying.correct",
        "emptying.confirm",
    ]


@with_eight_weeks
def test_an_emptying_that_nothing_saw_is_entered_with_the_estimate_of_its_time(api: httpx.Client) -> None:
    made = post(api, "/emptyings", {"by": "佐藤", "unit": UNITS[0], "time": "2026-11-18T12:30"}, 201)
    assert (made["state"], made["time"], made["evidence"]) == ("entered", "2026-11-18T12:30:00+09:00", ["person"])
    assert made["nappies"] == pytest.approx(9.0)
    assert made["percent"] == pytest.approx(15.0)
    by_count = post(api, "/emptyings", {"by": "佐藤", "unit": UNITS[1], "time": "2026-11-18T12:30", "nappies": 30}, 201)
    assert by_count["percent"] == 50.0


@with_eight_weeks
@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("/emptyings/99/confirm", {"by": "佐藤"}, 404, "There is no emptying 99."),
        ("/emptyings/1/confirm", {"by": ""}, 422, "body.by"),
        ("/emptyings/1/confirm", {"by": "佐藤", "when": 1}, 422, "body.when"),
        ("/emptyings/1/correct", {"by": "佐藤", "time": "2036-01-01"}, 422, "must not be in the future"),
        ("/emptyings/1/correct", {"by": "佐藤", "time": "noon"}, 422, "not a time"),
        ("/emptyings", {"by": "佐藤", "unit": "nobody", "time": "2026-11-01"}, 404, "tobu-unit-1"),
        ("/emptyings", {"by": "佐藤", "unit": UNITS[0], "time": "2026-11-17T15:10"}, 409, "confirm, correct or reject"),
        ("/requests", {"by": "佐藤", "unit": "nobody"}, 404, "tobu-unit-1"),
        ("/requests/7/withdraw", {"by": "佐藤"}, 404, "There is no open request 7."),
        ("/stock/count", {"by": "佐藤", "site": "nowhere", "kind": "film", "count": 1}, 404, "seibu"),
        ("/stock/count", {"by": "佐藤", "site": "tobu", "kind": "glue", "count": 1}, 422, "body.kind"),
        ("/stock/deliver", {"by": "佐藤", "site": "tobu", "kind": "bag", "count": -1}, 422, "body.count"),
        ("/stops/9/answer", {"by": "佐藤", "answer": "done"}, 404, "There is no stop 9."),
        ("/stops/9/answer", {"by": "佐藤", "answer": "perhaps"}, 422, "body.answer"),
    ],
)
def test_what_cannot_be_is_a_problem_that_says_why(
    world: World, api: httpx.Client, path: str, body: dict[str, Any], status: int, says: str
) -> None:
    before = world.operations.audit()
    answer = api.post(f"{API}{path}", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.text
    assert world.operations.audit() == before


def test_findings(world: World, api: httpx.Client) -> None:
    found = eight_weeks.stuffed(world.operations)
    expected = {
        "unit": UNITS[0],
        "room": None,
        "name": "hand_stuffed",
        "since": "2026-11-18T09:00:00+09:00",
        "until": None,
        "detail": found.detail,
    }
    assert get(api, "/findings", open=True)["findings"] == [expected] == get(api, "/findings")["findings"]
    assert get(api, "/findings", unit=UNITS[1])["findings"] == []
    assert get(api, "/findings", **{"from": "2026-10-01", "to": "2026-11-01"})["findings"] == []


def test_a_round_its_stops_and_answers(world: World, api: httpx.Client) -> None:
    run = eight_weeks.planned(world.operations)
    (shown,) = get(api, "/rounds")["runs"]
    first, second = shown["stops"]
    assert (shown["round"], shown["date"], shown["state"], shown["km"]) == ("main", "2026-11-19", "planned", 11.4)
    assert (first["joined"], first["reason"], first["position"]) == (True, "before_next", 1)
    assert (second["joined"], second["reason"], second["arrives"]) == (False, "enough_room", None)

    done = post(api, f"/stops/{first['id']}/answer", {"by": "鈴木", "answer": "done"})
    assert (done["answer"], done["answered_by"]) == ("done", "鈴木")
    post(api, f"/stops/{first['id']}/answer", {"by": "鈴木", "answer": "done"})
    post(api, f"/stops/{first['id']}/answer", {"by": "鈴木", "answer": "none"})
    told = get(api, f"/stops/{first['id']}")
    assert (told["run"], told["stop"]["answer"]) == (run.id, "none")
    assert [item["answer"] for item in told["history"]] == ["done", "none"]


def test_a_round_that_is_not_there(api: httpx.Client) -> None:
    assert api.get(f"{API}/rounds/main/2026-11-19").status_code == 404
    assert api.get(f"{API}/rounds/main/tomorrow").status_code == 422
    assert api.get(f"{API}/stops/3").status_code == 404


def test_a_visit_is_asked_for_and_taken_back(api: httpx.Client) -> None:
    asked = post(api, "/requests", {"by": "佐藤", "unit": UNITS[0]})
    assert post(api, "/requests", {"by": "鈴木", "unit": UNITS[0]}) == asked
    assert get(api, "/requests")["requests"] == [asked]
    assert post(api, f"/requests/{asked['id']}/withdraw", {"by": "佐藤"})["requests"] == []


def bags(api: httpx.Client) -> Any:
    shelves = get(api, "/stock")["shelves"]
    return next(item for item in shelves if (item["site"], item["kind"]) == ("tobu", "bag"))


def test_of_shelves_that_nobody_counted_nothing_is_known(api: httpx.Client) -> None:
    assert bags(api) == {"site": "tobu", "kind": "bag", "left": None, "counted": None, "used": None, "days": None}


@with_eight_weeks
def test_shelves_lose_a_bag_with_each_emptying(api: httpx.Client) -> None:
    post(api, "/stock/count", {"by": "佐藤", "site": "tobu", "kind": "bag", "count": 40})
    post(api, "/stock/deliver", {"by": "佐藤", "site": "tobu", "kind": "bag", "count": 10})
    found = bags(api)
    assert (found["left"], found["used"]) == (50, 0)
    assert found["days"] == pytest.approx(50 / (14 / 28), rel=0.1), "two units, a bag every fourth day each"
    post(api, "/emptyings", {"by": "佐藤", "unit": UNITS[0], "time": "2026-11-18T20:06:40"}, 201)
    assert bags(api)["left"] in {49, 50}, "the counting and the emptying bear the same second"


@with_eight_weeks
def test_what_was_said_of_an_emptying_is_withdrawn(world: World, api: httpx.Client) -> None:
    seen = get(api, "/emptyings", unit=UNITS[0])["emptyings"][0]
    path = f"/emptyings/{seen['id']}"
    assert post(api, f"{path}/reject", {"by": "佐藤"})["state"] == "rejected"
    assert post(api, f"{path}/withdraw", {"by": "佐藤"}) == seen
    entered = post(api, "/emptyings", {"by": "佐藤", "unit": UNITS[0], "time": "2026-11-18T09:10"}, 201)
    assert post(api, f"/emptyings/{entered['id']}/withdraw", {"by": "佐藤"}) is None
    post(api, f"/emptyings/{entered['id']}/withdraw", {"by": "佐藤"}, 404)
    (newest, *_) = world.operations.audit()
    assert newest.action == "emptying.withdraw"
    assert newest.target.startswith(f"{UNITS[0]}/{entered['id']}: entered ")
    assert newest.target.endswith(" by 佐藤")


@pytest.mark.parametrize(("state", "action"), [("entered", "enter"), ("rejected", "reject")])
def test_whether_the_bag_was_changed_is_answered_and_the_answer_withdrawn(
    world: World, api: httpx.Client, state: str, action: str
) -> None:
    answer = {"by": "佐藤", "unit": UNITS[0], "changed": state == "entered"}
    assert "nobody asks" in post(api, "/emptyings/answer", answer, 409)["detail"]
    doubt = Finding(UNITS[0], FindingName.EMPTYING_UNSURE, NOW - 2 * HOUR, None, "84 % → 20 %")
    Findings(world.operations).replace(UNITS[0], NOW - 3 * HOUR, NOW, [doubt])

    said = post(api, "/emptyings/answer", answer, 201)

    assert (said["unit"], said["state"], said["by"]) == (UNITS[0], state, "佐藤")
    assert get(api, "/emptyings", unit=UNITS[0])["emptyings"] == [said]
    assert post(api, f"/emptyings/{said['id']}/withdraw", {"by": "鈴木"}) is None
    told = [(entry.who, entry.action) for entry in world.operations.audit()]
    assert told == [("鈴木", "emptying.withdraw"), ("佐藤", f"emptying.{action}")]


def test_a_count_or_delivery_that_was_wrong_is_taken_back(world: World, api: httpx.Client) -> None:
    post(api, "/stock/count", {"by": "佐藤", "site": "tobu", "kind": "bag", "count": 40})
    post(api, "/stock/deliver", {"by": "佐藤", "site": "tobu", "kind": "bag", "count": 1000})
    (wrong, right) = get(api, "/stock/entries")["entries"]
    assert (wrong["count"], wrong["counted"], right["count"], right["counted"]) == (1000, False, 40, True)
    post(api, f"/stock/entries/{wrong['id']}/withdraw", {"by": "鈴木"})
    assert bags(api)["left"] == 40
    post(api, f"/stock/entries/{wrong['id']}/withdraw", {"by": "鈴木"}, 404)
    post(api, f"/stock/entries/{right['id']}/withdraw", {"by": "鈴木"})
    assert bags(api)["left"] is None, "nobody has counted"
    told = [(entry.who, entry.action) for entry in world.operations.audit() if entry.action == "stock.withdraw"]
    assert told == [("鈴木", "stock.withdraw")] * 2


def _november(world: World) -> list[Emptying]:
    """Nothing was ever heard of these units: the days of their centre count from the first emptying."""
    return Emptyings(world.operations).of(None, MIDNIGHT - 17 * DAY_MS, MIDNIGHT + DAY_MS)


@with_eight_weeks
def test_the_figures_of_a_month(world: World, api: httpx.Client) -> None:
    eight_weeks.planned(world.operations, -3)
    found = get(api, "/kpi", month="2026-11")
    begins = min(local_day(item.time).day for item in _november(world))
    first = next(unit for unit in found["units"] if unit["unit"] == UNITS[0])
    assert (found["start"], found["end"]) == ("2026-11-01T00:00:00+09:00", "2026-11-18T20:06:40+09:00")
    assert first["emptyings"] == 5
    assert first["visits"]["unplanned"] == 4, "the round of the 15th is served two days late"
    assert first["visits"]["late"] == 1
    assert first["level_at_emptying"]["count"] == 5
    assert first["availability"] is None, "it was never heard: only what is derived is stored"
    assert found["total"]["emptyings"] == 10
    tobu, seibu = found["sites"]
    assert (tobu["kg_per_day"], tobu["days_at_limit"]) == (
        pytest.approx(found["total"]["kg"] / (19 - begins), abs=0.06),
        5,
    )
    assert (seibu["site"], seibu["kg_per_day"], seibu["most_kg"], seibu["days_at_limit"]) == ("seibu", 0, 0, 0)
    assert found["total"]["level_at_emptying"]["high"] == first["level_at_emptying"]["high"]
    assert get(api, "/kpi", month="2030-01")["total"]["open_hours"] == 0
    visits = get(api, "/visits", unit=UNITS[0], **{"from": "2026-11-01"})["visits"]
    assert [item["kind"] for item in visits].count("late") == 1
    assert len(visits) == 5


def test_availability_is_what_was_heard_without_fault(world: World, api: httpx.Client) -> None:
    opens = MIDNIGHT + 9 * HOUR
    for hour in range(-48, 11):
        world.commit(
            Reading(UNITS[0], "Cycles/Total", opens + hour * HOUR, 100 + hour),
            Reading(UNITS[0], "Fault/Code", opens + hour * HOUR, 1 if 0 <= hour < 3 else 0),
        )
    unit = get(api, "/kpi", month="2026-11")["units"][0]
    assert unit["open_hours"] == 3 * 9, "it was first heard on the 16th at 9 o'clock"
    assert unit["availability"] == pytest.approx(24 / 27, abs=1e-3)


@with_eight_weeks
def test_fixed_rounds_beside_what_happened_with_the_method(api: httpx.Client) -> None:
    found = get(api, "/counterfactual")
    assert found["actual"]["visits"] == 28
    assert found["fixed"]["visits"] > 40
    assert found["actual"]["level_at_emptying"]["mean"] > found["fixed"]["level_at_emptying"]["mean"]
    assert found["actual"]["kg"] == pytest.approx(found["fixed"]["kg"], rel=0.1)
    assert (found["actual"]["km"], found["ways"]) == (None, None), "there is no depot in these settings"
    assert [text["en"] for text in found["method"]] == list(METHOD)
    assert all(text["ja"] != text["en"] for text in found["method"])
    assert found["fees"]["yen_per_kg"] == 46
    more = get(api, "/counterfactual", per_week=6)
    assert more["fixed"]["visits"] > found["fixed"]["visits"]
    assert more["actual"] == found["actual"]


def test_nothing_known_is_said_so(api: httpx.Client) -> None:
    assert get(api, "/counterfactual") is None
    assert get(api, "/kpi")["total"]["level_at_emptying"] is None
    assert get(api, "/visits")["visits"] == []
    assert api.get(f"{API}/kpi", params={"month": "2026-13"}).status_code == 422
    assert api.get(f"{API}/counterfactual", params={"per_week": 8}).status_code == 422
    assert api.get(f"{API}/visits", params={"from": "2020-01-01"}).status_code == 422


def test_an_answer_of_the_crew_reaches_the_accounts(world: World, api: httpx.Client) -> None:
    run = eight_weeks.planned(world.operations, -1)
    book = Rounds(world.operations)
    book.answer(book.stops(run.id)[0].id, Answer.DONE, "鈴木", MIDNIGHT - DAY_MS)
    (visit,) = get(api, "/visits", unit=UNITS[0])["visits"]
    assert (visit["kind"], visit["answer"], visit["emptied"]) == ("unseen", "done", None)


@with_eight_weeks
def test_what_is_ahead_of_a_unit(api: httpx.Client) -> None:
    found = get(api, f"/forecasts/{UNITS[0]}")
    assert found["outlook"]["estimate"] == pytest.approx(27.5)
    assert found["outlook"]["full_from"] < found["outlook"]["full_at"] < found["full_until"]
    assert found["emptied"] == "2026-11-17T15:00:00+09:00"
    assert (found["bag_hours"], found["film_cycles"], found["film_days"]) == (29.0, 320.0, 41.0)
    assert (found["stale"], found["last"]) == (True, None), "nothing was measured: only the past is derived"
    other = next(unit for unit in get(api, "/forecasts")["units"] if unit["unit"] == "seibu-unit-1")
    assert (other["outlook"], other["bag_hours"]) == (None, None)
    assert api.get(f"{API}/forecasts/nobody").status_code == 404


def test_the_score_card_shows_the_model_beside_the_simple_rules(world: World, api: httpx.Client) -> None:
    assert get(api, "/score")["methods"] == []
    eight_weeks.forecast(world.operations)
    model, linear, week = get(api, "/score")["methods"]
    assert (model["method"], linear["method"], week["method"]) == ("model", "linear_24h", "last_week")
    assert model["mean_absolute_error_hours"] == pytest.approx((13 + 10) / 14, abs=0.01)
    assert linear["mean_absolute_error_hours"] == pytest.approx((13 * 5 + 16) / 14, abs=0.01)
    assert (model["judged"], model["inside"], model["late"]) == (14, pytest.approx(13 / 14, abs=1e-3), 0.0714)
    assert (week["inside"], week["early"]) == (None, None)
    assert get(api, "/score", unit=UNITS[1])["methods"] == []


@with_eight_weeks
def test_the_score_card_judges_the_range_by_what_was_seen_too(world: World, api: httpx.Client) -> None:
    assert get(api, "/score")["watched"] == {"judged": 0, "full": 0, "inside": None, "early": None, "late": None}
    eight_weeks.forecast(world.operations)
    seen = get(api, "/score")["watched"]
    assert (seen["judged"], seen["full"]) == (14, 0), "each bag was changed at 90 percent or less"
    assert (seen["inside"], seen["early"], seen["late"]) == (None, None, None)
    assert get(api, "/score", unit=UNITS[1])["watched"]["judged"] == 0


def test_a_plan_that_would_be_made_now_is_shown_and_not_stored(tmp_path: Path) -> None:
    world = worlds.make(tmp_path, eight_weeks.ROUNDS, eight_weeks.live)
    store = LazyStore(world.path)
    with client(create_app(world.facility, store, world.operations, lambda: NOW)) as api:
        found = get(api, "/rounds/main/2026-11-20/preview")
        assert {stop["unit"] for stop in found["stops"]} == {
            unit.id for site in world.facility.site for unit in site.unit
        }
        assert (found["date"], found["vehicle"]) == ("2026-11-20", "van")
        assert get(api, "/rounds")["runs"] == []
        assert api.get(f"{API}/rounds/other/2026-11-20/preview").status_code == 404
        early = api.get(f"{API}/rounds/main/2027-01-14/preview")
        assert (early.status_code, early.json()["errors"]) == (
            422,
            [
                {
                    "field": "path.day",
                    "message": "a plan can be made for days up to 2027-01-13, eight weeks ahead; found 2027-01-14",
                }
            ],
        )
        assert get(api, "/counterfactual")["ways"] is None, "the centres are not on the map"

        out = {"kind": "vehicle_out", "by": "係長"}
        assert post(api, "/modes", out | {"subject": "tobu"}, 404)["available"] == ["van"]
        assert post(api, "/modes", out | {"subject": "van"})["active"] is True
    store.close()
    world.close()
