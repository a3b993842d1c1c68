"""What staff do on the page of a unit besides entering an emptying and requesting a visit."""

import httpx
import pytest

from sukusuku_api.access.principal import Principal
from sukusuku_api.lazy_store import LazyStore
from sukusuku_server.access.records import Actor
from sukusuku_server.access.rights import ROLES, Rights, Role
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.findings import Findings
from sukusuku_server.db.modes import ModeKind, Modes
from sukusuku_server.db.stock import Stock, StockKind
from sukusuku_server.model.collection import EmptyingState, Finding, FindingName
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import client
from tests.api.two_centres import World
from tests.api.web.unit.page_text import OWN, text

HOUR = 3_600_000
PAGE = "/units/tobu-unit-1"


def test_stock_is_counted_and_delivered_here(api: httpx.Client, world: World) -> None:
    counted = {"by": "佐藤", "kind": "bag", "number": "12", "act": "count"}
    assert api.post(f"{PAGE}/stock", data=counted, headers=OWN).headers["location"] == f"{PAGE}?lang=ja#h-stock"
    api.post(f"{PAGE}/stock", data={**counted, "number": "５ ", "act": "deliver"}, headers=OWN)

    said = [(it.site, it.kind, it.count, it.counted, it.who) for it in Stock(world.operations).said()]
    assert said == [("tobu", StockKind.BAG, 5, False, "佐藤"), ("tobu", StockKind.BAG, 12, True, "佐藤")]
    assert "17 袋" in text(api.get(PAGE))
    for wrong in ("", "-3", "many", "1.5", "99999999"):
        answer = api.post(f"{PAGE}/stock", data={**counted, "number": wrong}, headers=OWN)
        assert answer.status_code == 422
        assert "整数を入力してください" in text(answer)
    assert len(Stock(world.operations).said()) == 2


def _asked(world: World) -> None:
    asked = Finding("tobu-unit-1", FindingName.EMPTYING_UNSURE, NOW - 2 * HOUR, None, "84 % → 20 %")
    Findings(world.operations).replace("tobu-unit-1", NOW - 3 * HOUR, NOW, [asked])


@pytest.mark.parametrize(
    ("changed", "state", "time"),
    [("yes", EmptyingState.ENTERED, NOW - 3 * HOUR), ("no", EmptyingState.REJECTED, NOW)],
)
def test_whether_the_bag_was_changed_is_answered_and_the_answer_withdrawn(
    api: httpx.Client, world: World, changed: str, state: EmptyingState, time: int
) -> None:
    answer = {"by": "佐藤", "changed": changed}
    assert "すでに終わっています" in text(api.post(f"{PAGE}/doubt", data=answer, headers=OWN)), "nobody has asked"
    _asked(world)
    question = f'<a href="{PAGE}?lang=ja#h-now">'
    assert "袋を交換しましたか" in text(api.get(PAGE))
    assert f"{question}袋を交換しましたか</a>" in api.get("/wall").text
    for page in ("/sites/tobu", "/collection"):
        assert f"{question}充填率が下がりました。袋を交換しましたか。</a>" in api.get(page).text

    assert api.post(f"{PAGE}/doubt", data=answer, headers=OWN).status_code == 303

    book = Emptyings(world.operations)
    (said,) = book.of("tobu-unit-1", 0, NOW + 1)
    assert (said.state, said.time, said.by) == (state, time, "佐藤")
    assert [late.asset for late in book.spoken()] == ["tobu-unit-1"], "it is derived again at once"
    api.post(f"{PAGE}/emptyings", data={"by": "佐藤", "withdraw": said.id}, headers=OWN)
    assert book.of("tobu-unit-1", 0, NOW + 1) == []


def test_mails_about_the_unit_are_silenced_and_sent_again(api: httpx.Client, world: World) -> None:
    api.post(f"{PAGE}/silence", data={"by": "佐藤", "lasts": "hour"}, headers=OWN)

    (found,) = Modes(world.operations).active(NOW)
    assert (found.kind, found.subject, found.until, found.who) == (
        ModeKind.SILENCE,
        "tobu-unit-1",
        NOW + HOUR,
        "佐藤",
    )
    assert "まで送りません" in text(api.get(PAGE))
    assert api.post(f"{PAGE}/silence", data={"by": "佐藤", "lasts": "year"}, headers=OWN).status_code == 422
    api.post("/units/seibu-unit-1/silence", data={"by": "佐藤", "mode": found.id}, headers=OWN)
    assert Modes(world.operations).active(NOW) == [found], "it is about another unit"
    api.post(f"{PAGE}/silence", data={"by": "佐藤", "mode": found.id}, headers=OWN)
    assert Modes(world.operations).active(NOW) == []


def test_an_outbreak_of_the_centre_is_declared_and_ended(api: httpx.Client, world: World) -> None:
    api.post(f"{PAGE}/outbreak", data={"by": "佐藤"}, headers=OWN)

    (found,) = Modes(world.operations).active(NOW)
    assert (found.kind, found.subject) == (ModeKind.OUTBREAK, "tobu")
    assert "感染症の流行（" in text(api.get("/units/tobu-unit-2"))
    assert "感染症の流行（" not in text(api.get("/units/seibu-unit-1"))
    api.post(f"{PAGE}/outbreak", data={"by": "佐藤", "mode": found.id}, headers=OWN)
    assert Modes(world.operations).active(NOW) == []


def test_who_does_something_is_asked_where_an_account_is_shared(api: httpx.Client, world: World) -> None:
    for act, fields in (("stock", {"kind": "bag", "number": "1"}), ("silence", {"lasts": "hour"}), ("outbreak", {})):
        answer = api.post(f"{PAGE}/{act}", data={"by": " ", **fields}, headers=OWN)
        assert answer.status_code == 422
        assert "お名前を入力してください" in text(answer)
    assert Modes(world.operations).active(NOW) == []


def test_who_may_do_it_elsewhere_only_cannot_do_it_here(world: World) -> None:
    rights = Rights(at=(("seibu", ROLES[Role.STAFF]), ("tobu", ROLES[Role.VIEWER])))
    visitor = Principal("佐藤", Actor("account 1"), rights, shared=False)
    store = LazyStore(world.path)
    forms: tuple[tuple[str, dict[str, str]], ...] = (
        ("stock", {"kind": "bag", "number": "1"}),
        ("silence", {"lasts": "hour"}),
        ("outbreak", {}),
    )
    with client(create_app(world.facility, store, world.operations, lambda: NOW, lambda _: visitor)) as api:
        here = [api.post(f"{PAGE}/{act}", data=fields, headers=OWN).status_code for act, fields in forms]
        there = [api.post(f"/units/seibu-unit-1/{act}", data=fields, headers=OWN).status_code for act, fields in forms]
    store.close()

    assert here == [404, 404, 404]
    assert there == [303, 303, 303]
