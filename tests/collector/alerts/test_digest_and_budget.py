"""What waits for another mail, for the digest or for the next day, and what never does."""

from dataclasses import replace
from pathlib import Path

import pytest

from sukusuku_collector.alerts.context import SharedContext
from sukusuku_core.model import Quality
from sukusuku_core.time import DAY_MS
from sukusuku_server.db import AlertState
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.model.series import Point
from sukusuku_server.rooms.schedule import FacilitySchedules
from tests.collector.alerts.alert_cases import HOUR, MINUTE, UNIT, facility, values
from tests.collector.alerts.mails.golden_mails import body, parse
from tests.collector.alerts.one_person import ONE, OPENS, Person, many

AT_ONCE = ('mail = "tobu@example.jp"\n', 'mail = "tobu@example.jp"\ndigest = []\n')


def test_what_can_wait_goes_with_the_next_mail_and_at_the_latest_with_the_digest(tmp_path: Path) -> None:
    person = Person(tmp_path)
    for minute in range(0, 8 * 60, 5):  # the film is low from 9:30 on, a jam comes at 11:00, the bag is high at 14:00
        found = {"Film_Remaining": 5.0 if minute >= 30 else 50.0, "Fault_Code": int(minute >= 120)}
        person.unit(OPENS + minute * MINUTE, **found, Fill_Percent=85.0 if minute >= 300 else 40.0)

    first, second = person.mails()
    assert first.created == OPENS + 2 * HOUR + 10 * MINUTE
    assert "詰まり" in body(parse(first.mail.content), "plain")
    assert "フィルム" in body(parse(first.mail.content), "plain")
    assert second.created == OPENS + 7 * HOUR + 30 * MINUTE  # 16:30
    person.store.close()


def test_what_is_known_already_makes_no_mail_of_its_own_once_half_of_the_budget_is_used(tmp_path: Path) -> None:
    person = Person(tmp_path, many(4, 1))
    for minute in range(0, 26 * 60, 5):
        now = OPENS + minute * MINUTE
        for n in range(4):  # three jams, one after the other; of each one hour, then the film of another unit is low
            jam = n < 3 and 60 * n + 30 <= minute < 60 * n + 90
            film = 5.0 if n == 3 and minute >= 240 else 50.0
            metrics = {"Fault/Code": int(jam), "Film/Remaining": film}
            person.engine.evaluate({f"unit-{n}-0": values(now, metrics)}, now, [f"unit-{n}-0"])
    times = [row.created - OPENS for row in person.mails()]

    assert sum(time < 12 * HOUR for time in times) <= 6
    assert "フィルム" in body(parse(person.mails()[-1].mail.content), "plain")
    assert times[-1] == 24 * HOUR  # the first digest of the next day
    person.store.close()


def test_that_a_full_bag_was_changed_is_no_hurry(tmp_path: Path) -> None:
    """Three jams and a full bag, one after the other: what is told of their ends waits until the next day."""
    person = Person(tmp_path, many(4, 1))
    for minute in range(0, 9 * 60, 5):
        now = OPENS + minute * MINUTE
        for n in range(4):
            ill = 60 * n + 30 <= minute < 60 * n + 50
            metrics = {"Fault/Code": int(ill)} if n < 3 else {"State": 0, "Fill/Percent": 105.0 if ill else 10.0}
            person.engine.evaluate({f"unit-{n}-0": values(now, metrics)}, now, [f"unit-{n}-0"])

    assert len(person.mails()) == 4
    assert "満杯" in body(parse(person.mails()[-1].mail.content), "plain")
    person.store.close()


def test_mails_about_rounds_are_mails_of_the_day_too(tmp_path: Path) -> None:
    person = Person(tmp_path, ONE.replace(*AT_ONCE))
    about_round = OutgoingMail("round", "a@example.jp", "Tobu@example.jp", "ja", "", "", b"")
    with person.store.change() as change:
        for n in range(6):
            change.put_mail(None, replace(about_round, message_id=str(n)), OPENS)
    for minute in range(0, 60, 5):
        person.unit(OPENS + minute * MINUTE, Film_Remaining=5.0)
    assert [mail.mail.kind for mail in person.mails()] == ["round"] * 6

    for minute in range(60, 5 * 60, 5):
        person.unit(OPENS + minute * MINUTE, Film_Remaining=5.0)
    assert person.mails()[-1].created == OPENS + 4 * HOUR  # the digest of 13:00
    person.store.close()


def test_whatever_is_urgent_waits_for_no_digest_although_it_would_by_itself(tmp_path: Path) -> None:
    person = Person(tmp_path, ONE.replace("[alerts]\n", '[alerts]\nurgent = ["film_low"]\n', 1))
    for minute in range(0, 60, 5):
        person.unit(OPENS + minute * MINUTE, Film_Remaining=5.0)

    [mail] = person.mails()
    assert mail.created <= OPENS + 5 * MINUTE
    person.store.close()


def test_a_digest_gathers_what_a_person_chose(tmp_path: Path) -> None:
    chosen = ONE.replace(
        'mail = "tobu@example.jp"\n', 'mail = "tobu@example.jp"\ndigest = ["film_low", "collection"]\n'
    )
    person = Person(tmp_path, chosen)
    for minute in range(0, 8 * 60, 10):
        person.unit(OPENS + 30 * MINUTE + minute * MINUTE, Film_Remaining=5.0, Fill_Percent=85.0)

    [mail] = person.mails()
    assert mail.mail.kind == "several"
    assert mail.created == OPENS + 4 * HOUR  # 13:00
    assert "決まった時刻にまとめて" in body(parse(mail.mail.content), "plain")
    person.store.close()


def test_a_full_bag_does_not_wait_for_the_digest(tmp_path: Path) -> None:
    chosen = ONE.replace('mail = "tobu@example.jp"\n', 'mail = "tobu@example.jp"\ndigest = ["collection"]\n')
    person = Person(tmp_path, chosen)
    for minute in range(0, 60, 2):
        person.unit(OPENS + 30 * MINUTE + minute * MINUTE, Fill_Percent=105.0)

    [mail] = person.mails()
    assert mail.created - OPENS <= 35 * MINUTE
    person.store.close()


def test_what_has_nothing_to_go_with_any_more_waits_on(tmp_path: Path) -> None:
    """Somebody takes care of a jam before its mail is written: the film, which would have gone along, is no hurry."""
    person = Person(tmp_path)
    for minute in range(0, 5 * 60, 1):
        now = OPENS + minute * MINUTE
        person.unit(now, Film_Remaining=5.0 if minute >= 30 else 50.0, Fault_Code=int(minute >= 120))
        for alert in person.store.alerts(open_only=True):
            if alert.rule == "unit_fault" and alert.state is AlertState.FIRING:
                person.store.acknowledge(alert.id, "佐藤", now)

    [mail] = person.mails()
    assert mail.created == OPENS + 4 * HOUR  # the digest of 13:00
    assert "詰まり" not in body(parse(mail.mail.content), "plain")
    person.store.close()


def every_half_hour(person: Person, metric: str, well: float, ill: float) -> None:
    """A day on which every half hour the same happens to another unit."""
    for minute in range(0, 9 * 60, 5):
        now = OPENS + minute * MINUTE
        for n in range(12):
            value = ill if minute >= 30 * n else well
            person.engine.evaluate({f"unit-{n}-0": values(now, {metric: value})}, now, [f"unit-{n}-0"])


def test_a_jam_is_told_at_once_however_many_mails_came_before_it(tmp_path: Path) -> None:
    person = Person(tmp_path, many(12, 1))
    every_half_hour(person, "Fault/Code", 0, 1)
    told = [row.created for row in person.mails()]

    assert len(told) > 8
    for n in range(12):
        jam = OPENS + 30 * n * MINUTE
        assert any(jam < time <= jam + 10 * MINUTE for time in told)
    person.store.close()


def test_beyond_the_budget_of_a_day_only_the_digest_comes(tmp_path: Path) -> None:
    person = Person(tmp_path, many(12, 1).replace(*AT_ONCE))
    every_half_hour(person, "Film/Remaining", 50, 5)
    days = [row.created for row in person.mails() if row.created < OPENS + 9 * HOUR]

    assert len(days) <= 8
    assert "この日はメールが多かったため" in body(parse(person.mails()[-1].mail.content), "plain")
    person.store.close()


def filling(now: int, full: int, *, changed: int | None = None) -> dict[str, Point]:
    """What is derived of a bag that is full at a time, or was changed; it may be full half an hour sooner."""
    percent = 60.0 if changed is None else 1.0
    points = {
        "Fill/Estimate": percent,
        "Fill/Nappies": percent * 0.6,
        "Fill/Confidence": 90.0,
        "Bag/Age": ((now - changed) if changed is not None else 5 * HOUR) / HOUR,
        "Forecast/Hours10": (full - now) / HOUR - 0.5,
        "Forecast/Hours50": (full - now) / HOUR,
    }
    return {name: Point(now, value, Quality.GOOD) for name, value in points.items()}


@pytest.mark.parametrize(
    ("text", "full", "told"),
    [
        (ONE, 7.5, 4.0),  # with the digest of 13:00
        (ONE, 3.5, 2.5),  # an hour before it will be full
        (ONE, 1.5, 0.75),  # it will be full sooner than that: at once
        (ONE.replace(*AT_ONCE), 7.5, 0.75),
    ],
)
def test_a_bag_for_today_waits_for_other_mails_while_it_has_time(
    tmp_path: Path, text: str, full: float, told: float
) -> None:
    person = Person(tmp_path, text)
    for minute in range(30, 5 * 60, 5):
        now = OPENS + minute * MINUTE
        around = SharedContext(derived={UNIT: filling(now, OPENS + round(full * HOUR))})
        person.engine.evaluate({UNIT: values(now, {"State": 0})}, now, [UNIT], around=around)

    assert person.mails()[0].created - OPENS == pytest.approx(told * HOUR, abs=15 * MINUTE)
    person.store.close()


def test_of_a_bag_for_today_that_is_changed_before_its_mail_goes_nobody_hears(person: Person) -> None:
    full, changed = OPENS + 8 * HOUR, OPENS + 2 * HOUR
    for minute in range(30, 30 * 60, 5):
        now = OPENS + minute * MINUTE
        points = filling(now, full) if now < changed else filling(now, full + 3 * DAY_MS, changed=changed)
        person.engine.evaluate(
            {UNIT: values(now, {"State": 0})}, now, [UNIT], around=SharedContext(derived={UNIT: points})
        )

    assert person.kinds() == []
    assert [alert.state for alert in person.store.alerts(open_only=False)] == [AlertState.RESOLVED]


def test_the_end_of_a_fault_waits_two_hours_for_another_mail_and_not_until_the_centre_is_closed(person: Person) -> None:
    closes = FacilitySchedules(facility(person.text)).hours[UNIT].spans(OPENS, OPENS + DAY_MS)[0][1]
    for begins, ends in ((30, 90), ((closes - OPENS) // MINUTE - 120, (closes - OPENS) // MINUTE - 80)):
        for minute in range(begins, begins + 20 * 60, 5):
            person.unit(OPENS + minute * MINUTE, Fault_Code=int(minute < ends))

    _, noon, _, morning = person.mails()
    assert person.kinds() == ["firing", "resolved"] * 2
    assert noon.created - OPENS == pytest.approx((90 + 30 + 120) * MINUTE, abs=10 * MINUTE)  # it has rested, and waited
    assert morning.created == OPENS + DAY_MS - HOUR  # an hour before the centre opens


def test_the_silence_of_a_unit_is_told_however_many_mails_came_before_it(tmp_path: Path) -> None:
    person = Person(tmp_path, many(12, 1))
    every_half_hour(person, "Fault/Code", 0, 1)
    silent = OPENS + 6 * HOUR
    idents = [asset.id for asset in facility(person.text).assets()]
    for minute in range(6 * 60 - 30, 8 * 60, 5):
        now = OPENS + minute * MINUTE
        latest = {ident: values(now, {"State": 0}) for ident in idents}
        person.engine.evaluate(latest | {idents[0]: values(min(now, silent), {"State": 0})}, now)

    said = [row for row in person.mails() if "データが届いていません" in body(parse(row.mail.content), "plain")]
    assert said[0].created <= silent + HOUR
    person.store.close()


HOOK = """[[contact]]
name = "Program"
channels = ["hook"]
[[channel]]
id = "hook"
kind = "webhook"
url = "http://127.0.0.1:9/hook"
key = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
"""


def test_a_program_does_not_wait_for_a_digest_to_hear_that_a_bag_is_changed(tmp_path: Path) -> None:
    person = Person(tmp_path, ONE.replace(*AT_ONCE) + HOOK)
    for minute in range(0, 26 * 60, 5):
        person.unit(OPENS + minute * MINUTE, Fill_Percent=90.0 if minute < 30 else 3.0)

    ended = {row.mail.channel: row.created - OPENS for row in person.mails() if row.mail.kind == "resolved"}
    assert ended["hook"] <= 70 * MINUTE
    assert ended["mail"] == 24 * HOUR  # with the first digest of the next day
    person.store.close()
