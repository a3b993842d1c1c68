"""The rounds of today without the mail, for whoever has signed in, and the vehicles."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import Request

from sukusuku_api.access.principal import Principal
from sukusuku_api.access.view import Views
from sukusuku_api.dependencies import answering_context
from sukusuku_api.problems import ProblemError
from sukusuku_api.web.rounds.accounts import by_account
from sukusuku_api.web.rounds.links import by_link
from sukusuku_api.web.rounds.view import digest, render
from sukusuku_server.access.records import Actor
from sukusuku_server.access.rights import ROLES, Rights, Role, granting
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.modes import ModeKind, Modes
from sukusuku_server.model.rounds import Answer
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.answers import Answers
from sukusuku_server.rounds.signed_links import Action
from tests.api.applications import create_app
from tests.api.in_process import client
from tests.api.web.rounds.sent_round import NOW, Trip
from tests.server.rounds.mail_cases import FACILITY, PLAN, facility
from tests.server.rounds.plan_cases import HOUR

OWN = {"sec-fetch-site": "same-origin", "accept": "text/html"}


@pytest.fixture
def trip(tmp_path: Path) -> Iterator[Trip]:
    made = Trip(tmp_path)
    yield made
    made.close()


def person(trip: Trip, rights: Rights, name: str = "鈴木 一郎", login: str = "suzuki@example.jp") -> Principal:
    account = Accounts(trip.operations).add(login, name, NOW, "管理者")
    return Principal(name, Actor(account.reference), rights, shared=False, account=account)


@contextmanager
def signed_in(trip: Trip, who: Principal) -> Iterator[httpx.Client]:
    app = create_app(trip.facility, trip.store, trip.operations, lambda: trip.now, lambda _: who)
    with client(app) as found:
        found.headers.update(OWN)
        found.follow_redirects = True
        yield found


def text(page: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.text))


def test_a_lost_mail_is_no_lost_round(trip: Trip) -> None:
    trip.now = PLAN.departs - HOUR
    with signed_in(trip, person(trip, granting(Role.CREW, None))) as phone:
        listed = phone.get("/rounds")
        assert "東部・西部ルート 13:20 – 17:20 送信済み・未回答" in text(listed)
        assert "回収先 3か所、回答済み 0か所" in text(listed)
        (path,) = re.findall(r'href="(/rounds/\d+)', listed.text)

        assert phone.get(path).headers["referrer-policy"] == "same-origin", "else forms come from nowhere"
        page = phone.post(f"{path}?action=accept")
        assert "この回収は、あなたが担当です" in text(page)
        phone.post(f"{path}?action=done&stop={trip.stops[0].id}")
        assert "回答済み 1か所" in text(phone.get("/rounds"))
    record, run = trip.stops[0], trip.rounds.run(trip.run.id)
    assert run is not None
    assert (record.answer, record.answered_by) == (Answer.DONE, "鈴木 一郎")
    assert run.accepted_person == run.people[0].id, "the one with this mail address was asked"
    assert {entry.actor for entry in trip.operations.audit(2)} == {"account 1"}
    with client(trip.app()) as phone:
        assert "この回収は、あなたが担当です" in text(phone.get(trip.path(Action.ROUND)))


def test_somebody_who_was_not_asked_answers_under_their_own_name(trip: Trip) -> None:
    with signed_in(trip, person(trip, granting(Role.MANAGER, None), "係長", "chief@example.jp")) as phone:
        page = phone.post(f"/rounds/{trip.run.id}?action=cannot&stop={trip.stops[1].id}", data={"note": "通行止め"})
        assert "13:33 係長: 通行止め" in text(page)
        assert phone.get("/rounds/99").status_code == 404
        assert phone.get(f"/rounds/{trip.run.id}?action=done&stop=99").status_code == 404


def test_crew_of_one_centre_sees_its_stops_and_leaves_the_round_to_others(trip: Trip) -> None:
    trip.now = PLAN.departs - HOUR
    with signed_in(trip, person(trip, Rights(at=(("seibu", ROLES[Role.CREW]),)))) as phone:
        page = phone.get(f"/rounds/{trip.run.id}")
        assert "西部" in text(page).partition("今回の回収の対象外")[0]
        assert "東部子ども" not in page.text
        assert " km" not in text(page)
        assert "行きます" not in text(page)
        assert phone.post(f"/rounds/{trip.run.id}?action=accept").status_code == 404
        assert phone.post(f"/rounds/{trip.run.id}?action=done&stop={trip.stops[0].id}").status_code == 404
    assert trip.stops[0].answer is Answer.NONE


def test_what_is_opened_again_follows_rights_and_settings(trip: Trip) -> None:
    who = person(trip, granting(Role.CREW, None))
    app = create_app(trip.facility, trip.store, trip.operations, lambda: trip.now, lambda _: who)
    request = Request({"type": "http", "app": app, "headers": []})
    opened = by_account(request, answering_context.context(request, who), trip.run.id)
    mailed = by_link(request, app.state.context, trip.path(Action.ROUND).removeprefix("/r/"))
    before = [digest(it.again()) for it in (opened, mailed)]
    assert [digest(it.again()) for it in (opened, mailed)] == before

    index = FacilitySchedules(facility(FACILITY.replace("東部・西部ルート", "新ルート")))
    app.state.context = replace(app.state.context, index=index, whole=index, scoped=Views(index))
    app.state.answers = Answers(index, app.state.context.timetables, trip.operations)
    assert all("新ルート" in render(it.again(), "answer_round_part.html") for it in (opened, mailed))

    who = replace(who, rights=granting(Role.VIEWER, None))
    with pytest.raises(ProblemError, match="answer_stops"):
        opened.again()


def test_who_only_looks_is_offered_nothing(trip: Trip) -> None:
    with signed_in(trip, person(trip, granting(Role.VIEWER, None))) as desk:
        listed = desk.get("/rounds")
        assert "東部・西部ルート" in text(listed)
        assert "<button" not in listed.text.partition("<main")[2]
        assert f"/rounds/{trip.run.id}" not in listed.text
        assert desk.get(f"/rounds/{trip.run.id}").status_code == 403
        assert desk.post("/rounds/vehicles/truck/out").status_code == 403


def test_a_round_without_a_plan_says_when_it_is_made_and_one_of_yesterday_is_over(trip: Trip) -> None:
    with signed_in(trip, person(trip, granting(Role.CREW, None))) as phone:
        trip.now = PLAN.returns + 11 * HOUR
        assert "11/25 13:20 – 17:20" in text(phone.get("/rounds"))
        assert "回収計画の作成: 11/27 08:20" in text(phone.get("/rounds"))
        trip.now = PLAN.returns + 13 * HOUR
        assert "11/25" not in text(phone.get("/rounds"))


def test_a_vehicle_is_taken_out_of_service_and_put_back(trip: Trip) -> None:
    modes = Modes(trip.operations)
    with signed_in(trip, person(trip, granting(Role.MANAGER, None))) as desk:
        page = desk.post("/rounds/vehicles/truck/out", data={"reason": " パンク\n", "lasts": "today"})
        assert "13:33から使用停止中（鈴木 一郎、11/26 00:00まで）: パンク" in text(page)
        desk.post("/rounds/vehicles/truck/out", data={"lasts": "open"})
        (mode,) = modes.active(NOW)
        assert (mode.kind, mode.subject, mode.reason) == (ModeKind.VEHICLE_OUT, "truck", "パンク")

        page = desk.post(f"/rounds/vehicles/{mode.id}/back")
        assert "使用中" in text(page)
        assert modes.active(NOW) == []
        silence = modes.start(ModeKind.SILENCE, "tobu", now=NOW, until=NOW + HOUR, who="係長", reason="")
        assert desk.post(f"/rounds/vehicles/{silence.id}/back").status_code == 404
        assert desk.post("/rounds/vehicles/99/back").status_code == 404
        assert desk.post("/rounds/vehicles/ship/out").status_code == 404
        desk.post("/rounds/vehicles/truck/out", data={"lasts": "open"})
        assert "13:33から使用停止中（鈴木 一郎）" in text(desk.get("/rounds"))
    assert [entry.action for entry in trip.operations.audit()][:3] == [
        "mode.vehicle_out.start",
        "mode.silence.start",
        "mode.vehicle_out.end",
    ]
