import re

import httpx

from sukusuku_server.db.modes import ModeKind, Modes
from sukusuku_server.model.alerts import OutgoingMail, Word
from tests.api import two_centres as worlds
from tests.api.conftest import NOW
from tests.api.two_centres import World

OWN = {"sec-fetch-site": "same-origin", "accept": "text/html"}


def _told(world: World, alert: int, recipient: str, kind: str = "firing") -> None:
    mail = OutgoingMail(kind, "s@example.jp", recipient, "ja", "件名", f"<{alert}-{kind}@example.jp>", b"x")
    with world.operations.change() as change:
        word = change.put_word(Word(0, alert, kind, "mail", recipient, NOW, NOW, NOW, urgent=True, held=""))
        change.say([word], mail, NOW - 60_000)


def _text(answer: httpx.Response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_an_alert_is_taken_on_with_a_note_and_given_back(api: httpx.Client, world: World) -> None:
    ident = worlds.fire(world.operations, "collection", "tobu-unit-2", NOW - 720_000, 84.0).id
    _told(world, ident, "sato@example.jp")

    before = _text(api.get("/alerts"))
    assert "未対応" in before
    assert "12 分" in before
    answer = api.post(f"/alerts/{ident}/acknowledge", data={"by": "佐藤", "note": "15時に交換します"}, headers=OWN)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/alerts?lang=ja#alert-{ident}")

    after = _text(api.get("/alerts"))
    assert "対応中：佐藤" in after
    assert "15時に交換します" in after
    assert "20:05" in after, "when somebody was told"
    assert api.post(f"/alerts/{ident}/release", data={"by": "佐藤"}, headers=OWN).status_code == 303
    given_back = _text(api.get("/alerts"))
    assert "佐藤が対応を取り消し" in given_back
    assert "未対応 –" not in given_back, "the note was of whoever gave it back"
    assert [event.kind for event in world.operations.events(ident)] == ["raised", "fired", "acknowledged", "released"]


def test_what_is_known_is_silenced_for_a_while_and_told_again(api: httpx.Client, world: World) -> None:
    ident = worlds.fire(world.operations, "unit_fault", "seibu-unit-1", NOW - 60_000, 1.0).id

    api.post(f"/alerts/{ident}/silence/", data={"by": "佐藤", "lasts": "day"}, headers=OWN)
    (mode,) = Modes(world.operations).active(NOW)
    assert (mode.kind, mode.subject, mode.who) == (ModeKind.SILENCE, "seibu-unit-1", "佐藤")
    assert mode.until is not None
    assert 0 < mode.until - NOW <= 86_400_000
    assert "11/19 00:00まで通知停止" in _text(api.get("/alerts"))
    api.post(f"/alerts/{ident}/silence/{mode.id}/end", data={"by": "佐藤"}, headers=OWN)
    assert Modes(world.operations).active(NOW) == []
    assert api.post(f"/alerts/{ident}/silence/", data={"by": "佐藤", "lasts": "ever"}, headers=OWN).status_code == 422


def test_a_silence_about_which_there_is_no_alert_is_ended_too(api: httpx.Client, world: World) -> None:
    modes = Modes(world.operations)
    begun = modes.start(ModeKind.SILENCE, "tobu", now=NOW, until=NOW + 3_600_000, who="佐藤", reason="")
    other = modes.start(ModeKind.OUTBREAK, "tobu", now=NOW, until=None, who="佐藤", reason="")

    assert "東部こども家庭センターの通知を再開" in _text(api.get("/alerts"))
    assert api.post(f"/alerts/silences/{other.id}/end", data={"by": "鈴木"}, headers=OWN).status_code == 404
    api.post(f"/alerts/silences/{begun.id}/end", data={"by": "鈴木"}, headers=OWN)
    assert modes.active(NOW) == [other]
    assert "センターの通知を再開" not in _text(api.get("/alerts"))

    gone = modes.start(ModeKind.SILENCE, "unit-of-last-year", now=NOW, until=NOW + 3_600_000, who="佐藤", reason="")
    assert "unit-of-last-yearの通知を再開" in _text(api.get("/alerts"))
    api.post(f"/alerts/silences/{gone.id}/end", data={"by": "鈴木"}, headers=OWN)
    assert modes.active(NOW) == [other]


def test_alerts_are_chosen_by_centre_and_those_that_are_over_are_found(api: httpx.Client, world: World) -> None:
    old = worlds.fire(world.operations, "collection", "tobu-unit-2", NOW - 720_000, 84.0).id
    worlds.fire(world.operations, "unit_fault", "seibu-unit-1", NOW - 60_000, 1.0)
    with world.operations.change() as change:
        change.resolve(change.read(old), NOW, 10.0)

    assert f'id="alert-{old}"' not in api.get("/alerts").text
    assert f'id="alert-{old}"' in api.get("/alerts?past=true").text
    assert f'id="alert-{old}"' in api.get("/alerts?past=true&site=tobu").text
    assert f'id="alert-{old}"' not in api.get("/alerts?past=true&site=seibu").text
    answer = api.post(f"/alerts/{old}/acknowledge", data={"by": "佐藤"}, headers=OWN)
    assert "すでに解消しています" in answer.text


def test_who_does_not_say_who_they_are_is_asked(api: httpx.Client, world: World) -> None:
    ident = worlds.fire(world.operations, "collection", "tobu-unit-2", NOW - 720_000, 84.0).id

    answer = api.post(f"/alerts/{ident}/acknowledge", data={}, headers=OWN)

    assert answer.status_code == 422
    assert "お名前を入力してください" in _text(answer)
    assert api.post(f"/alerts/{ident}/forget", data={"by": "佐藤"}, headers=OWN).status_code == 404
    assert api.post("/alerts/999/acknowledge", data={"by": "佐藤"}, headers=OWN).status_code == 404
