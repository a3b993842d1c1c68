"""What one person hears of a course of events, with the default urgency: nothing waits that nobody knows of."""

from pathlib import Path

import pytest

from sukusuku_collector.alerts.context import SharedContext, Supply
from sukusuku_core.time import DAY_MS, weekday
from sukusuku_server.db import AlertState
from sukusuku_server.rooms.schedule import FacilitySchedules
from tests.collector.alerts.alert_cases import HOUR, MINUTE, SECOND, SITE, T0, UNIT, facility, values
from tests.collector.alerts.mails.golden_mails import body, parse
from tests.collector.alerts.one_person import OPENS, Person, many


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


@pytest.mark.parametrize("near", [11, 14])
def test_too_much_weight_on_every_collection_day_is_a_few_mails(person: Person, near: int) -> None:
    """At 11:00, or nearly so much then and too much from 14:00 on: that it became more is told once an incident."""
    for step in range(30 * 48):
        now = OPENS + step * HOUR // 2
        hour = (now + 9 * HOUR) % DAY_MS // HOUR if weekday(now) in {0, 2, 4} else 0
        kg = 18.0 if hour >= near else 9.0 if hour >= 11 else 0.0
        person.engine.evaluate({}, now, [SITE], around=SharedContext(kg_today={SITE: kg}))

    assert len(person.kinds()) <= 7 + 2 * (near > 11)
    assert person.kinds().count("worse") <= 2 * (near > 11)  # from the third time on it is one that comes and goes
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
