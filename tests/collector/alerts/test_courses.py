"""What one person hears of a course of events, with the default urgency: nothing waits that nobody knows of."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_collector.alerts.context import SharedContext, Supply
from sukusuku_collector.alerts.engine import AlertEngine
from sukusuku_core.model import Quality, Value
from sukusuku_core.time import DAY_MS, weekday
from sukusuku_server.db import AlertState, MailRow, Operations
from sukusuku_server.model.series import Point
from sukusuku_server.rooms.schedule import FacilitySchedules
from tests.collector.alerts.alert_cases import FACILITY, HOUR, MINUTE, SECOND, SITE, T0, UNIT, facility, values
from tests.collector.alerts.mails.golden_mails import body, parse
from tests.support.databases import operations

ONE = FACILITY[: FACILITY.rindex("[[contact]]")].replace(
    FACILITY[FACILITY.index("urgent = [") : FACILITY.index("]\n[[site]]") + 1], ""
)
"""One contact, who wants to hear of everything; the default `urgent`."""
OPENS = T0 + 2 * DAY_MS - 41 * MINUTE
"""Tuesday 24 November 2026, 9:00: the centre opens."""


class Person:
    """A facility with one contact, clocked."""

    def __init__(self, folder: Path, text: str = ONE) -> None:
        self.store: Operations = operations(folder)
        self.text = text
        self.restart()

    def restart(self) -> None:
        self.engine = AlertEngine(FacilitySchedules(facility(self.text)), self.store)

    def unit(self, now: int, **found: Value | None) -> None:
        metrics = {"Lid/Open": False, **{name.replace("_", "/"): value for name, value in found.items()}}
        self.engine.evaluate({UNIT: values(now, metrics)}, now, [UNIT])

    def mails(self) -> list[MailRow]:
        return list(reversed(self.store.mails(limit=1000)))

    def kinds(self) -> list[str]:
        return [row.mail.kind for row in self.mails()]


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    found = Person(tmp_path)
    yield found
    found.store.close()


@pytest.mark.parametrize(("on", "off"), [(30, 30), (60, 60), (70, 95), (120, 120), (900, 900)])
def test_a_fault_that_flaps_all_day_is_two_mails(person: Person, on: int, off: int) -> None:
    flaps = 4 * HOUR
    for second in range(0, flaps // SECOND + 5 * 3600, 15 if on < 300 else 60):
        here = second * SECOND < flaps and second % (on + off) < on
        person.unit(OPENS + second * SECOND, Fault_Code=int(here))
        if second % 5400 == 0:
            person.restart()

    assert person.kinds() == ["firing", "resolved"]
    first, last = person.mails()
    assert first.created - OPENS <= 15 * MINUTE
    assert ("再発: " in body(parse(last.mail.content), "plain")) is (off != 95)  # too short a time to be its end
    assert last.created >= OPENS + flaps + 30 * MINUTE - (on + off) * SECOND


def test_what_flaps_is_said_to_flap_on_the_alert_and_in_the_mail(person: Person) -> None:
    for second in range(0, 3600, 15):
        person.unit(OPENS + second * SECOND, Fault_Code=int(second % 60 < 30))

    [alert] = person.store.alerts(open_only=True)
    assert (alert.state, alert.flapping) == (AlertState.FIRING, True)
    assert person.mails()[0].mail.subject.endswith("異常: 詰まり（断続）")


def test_another_fault_after_the_first_is_another_incident(person: Person) -> None:
    for minute, code in [(0, 1), (2, 1), (5, 1), (6, 0), (8, 0), (15, 2), (17, 2), (20, 2)]:
        person.unit(OPENS + minute * MINUTE, Fault_Code=code)

    assert [row.mail.subject.rpartition(": ")[2] for row in person.mails()] == ["詰まり", "フィルム切れ"]


def test_a_short_fault_that_is_over_before_its_mail_makes_none(person: Person) -> None:
    for second in (0, 60, 75, 165, 180, 240, 3600):
        person.unit(OPENS + second * SECOND, Fault_Code=int(second < 75))

    assert person.kinds() == []


def test_an_empty_shelf_for_a_month_is_a_few_mails(person: Person) -> None:
    around = SharedContext(supplies={SITE: (Supply("film", 0, None),)})
    for hour in range(30 * 24):
        person.engine.evaluate({}, OPENS + hour * HOUR, [SITE], around=around)

    assert person.kinds() == ["firing"] + ["again"] * 5


def test_too_much_weight_on_every_collection_day_is_a_few_mails(person: Person) -> None:
    for step in range(30 * 48):
        now = OPENS + step * HOUR // 2
        heavy = weekday(now) in {0, 2, 4} and (now + 9 * HOUR) % DAY_MS >= 11 * HOUR
        person.engine.evaluate({}, now, [SITE], around=SharedContext(kg_today={SITE: 18.0 if heavy else 0.0}))

    assert len(person.kinds()) <= 7
    assert "resolved" not in person.kinds()


def test_mains_that_are_off_every_night_make_no_mail(person: Person) -> None:
    for step in range(7 * 96):
        now = OPENS + step * 15 * MINUTE
        time = (now + 9 * HOUR) % DAY_MS
        on = 8 * HOUR + 45 * MINUTE <= time < 18 * HOUR + 15 * MINUTE
        heard = now if on else now - (time - 18 * HOUR - 15 * MINUTE) % DAY_MS
        person.engine.evaluate({UNIT: values(heard, {"State": 0})}, now, [UNIT])

    assert any(alert.rule == "asset_silent" for alert in person.store.alerts(open_only=False))
    assert person.kinds() == []


def test_a_silence_that_lasts_over_the_opening_is_told(person: Person) -> None:
    for minute in range(0, 16 * 60, 5):
        now = OPENS - 14 * HOUR + minute * MINUTE
        person.engine.evaluate({UNIT: values(OPENS - 14 * HOUR, {"State": 0})}, now, [UNIT])

    [mail] = person.mails()
    assert 30 * MINUTE <= mail.created - OPENS <= HOUR
    assert "センターが閉まっていたため" in body(parse(mail.mail.content), "plain")


def test_a_closed_week_holds_nothing_back_for_longer_than_allowed(tmp_path: Path) -> None:
    person = Person(tmp_path)
    closes = T0 + 36 * DAY_MS + 8 * HOUR + 19 * MINUTE  # Monday 28 December, 18:00; opens on Monday 4 January
    for hour in range(120):
        person.unit(closes + HOUR + hour * HOUR, Fault_Code=1)
    first = person.mails()[0]

    assert first.mail.kind == "firing"
    assert 70 * HOUR <= first.created - closes <= 75 * HOUR
    person.store.close()


# ---------------------------------------------------------------- many at once


def many(sites: int, units: int) -> str:
    """A facility whose one contact hears of all centres."""
    head = ONE[: ONE.index("[[site]]")]
    text = head + ONE[ONE.index("[[contact]]") :]
    for n in range(sites):
        text += f'[[site]]\nid = "site-{n}"\nname = {{ja = "センター{n}", en = "Centre {n}"}}\n'
        for m in range(units):
            text += (
                f'[[site.unit]]\nid = "unit-{n}-{m}"\nname = {{ja = "圧縮機{n}-{m}", en = "Unit {n}-{m}"}}\n'
                f'edge = "pi-{n}"\n'
            )
    return text


@pytest.mark.parametrize(("sites", "spread"), [(1, 0), (12, 0), (12, 14 * MINUTE)])
def test_a_network_that_is_down_is_one_mail_and_so_is_its_end(tmp_path: Path, sites: int, spread: int) -> None:
    person = Person(tmp_path, many(sites, 4))
    idents = [asset.id for asset in facility(person.text).assets()]
    down, back = OPENS + HOUR, OPENS + 4 * HOUR
    last = {ident: down - spread * n // len(idents) for n, ident in enumerate(idents)}
    for minute in range(0, 8 * 60, 2):
        now = OPENS + minute * MINUTE
        latest = {
            ident: values(now if now < down or now >= back + (down - time) else time, {"State": 0})
            for ident, time in last.items()
        }
        person.engine.evaluate(latest, now)

    assert person.kinds() == ["several", "several"]
    begun, ended = person.mails()
    assert begun.created - down <= 50 * MINUTE
    assert f"{sites * 4}件" in begun.mail.subject
    assert "原因は1つ" in body(parse(begun.mail.content), "plain")
    assert "【解消】" in ended.mail.subject
    person.store.close()


@pytest.mark.parametrize(("silent", "hours", "mails"), [(6, 27, 2), (6, 70, 3), (1, 27, 3)])
def test_an_outage_of_everything_is_not_told_again_each_morning(
    tmp_path: Path, silent: int, hours: int, mails: int
) -> None:
    """Whoever can mend the network knows of it; a unit that is silent alone is asked about the next morning."""
    person = Person(tmp_path, many(2, 3))
    idents = [asset.id for asset in facility(person.text).assets()]
    down, back = OPENS - HOUR, OPENS - HOUR + hours * HOUR
    for minute in range(-120, hours * 60 + 240, 5):
        now = OPENS + minute * MINUTE
        heard = [*[min(now, down) if now < back else now] * silent, *[now] * (len(idents) - silent)]
        latest = {ident: values(time, {"State": 0}) for ident, time in zip(idents, heard, strict=True)}
        person.engine.evaluate(latest, now)

    assert len(person.kinds()) == mails, person.kinds()
    person.store.close()


def test_a_silence_that_is_noticed_after_closing_is_told_after_its_time_of_opening_hours(person: Person) -> None:
    hours = FacilitySchedules(facility(person.text)).hours[UNIT]
    closes, opens = hours.spans(OPENS, OPENS + DAY_MS)[0][1], hours.next_opening(OPENS + DAY_MS)
    assert opens is not None
    last = closes - 20 * MINUTE
    for now in range(last - HOUR, opens + 2 * HOUR, MINUTE):
        latest = {asset.id: values(now, {"State": 0}) for asset in facility(person.text).assets()}
        person.engine.evaluate(latest | {UNIT: values(min(now, last), {"State": 0})}, now)

    [mail] = person.mails()
    assert 10 * MINUTE <= mail.created - opens <= 20 * MINUTE


def test_a_server_that_slept_blames_nobody(tmp_path: Path) -> None:
    person = Person(tmp_path, many(2, 3))
    idents = [asset.id for asset in facility(person.text).assets()]

    def look(now: int, heard: int) -> None:
        person.engine.evaluate({ident: values(heard, {"State": 0}) for ident in idents}, now)

    for second in range(0, 1200, 10):
        look(OPENS + second * SECOND, OPENS + second * SECOND)
    asleep, wakes = OPENS + 1200 * SECOND, OPENS + 3 * HOUR
    for second in range(0, 240, 10):
        look(wakes + second * SECOND, asleep)
    assert person.store.alerts(open_only=False) == []

    for second in range(240, 900, 10):
        look(wakes + second * SECOND, asleep)  # they are silent indeed
    assert {alert.rule for alert in person.store.alerts(open_only=True)} == {"asset_silent"}
    person.store.close()


# ---------------------------------------------------------------- digest and budget

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
        (ONE, 5.0, 2.5),  # two hours before it may be full
        (ONE, 2.0, 0.75),  # it may be full sooner than that: at once
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
