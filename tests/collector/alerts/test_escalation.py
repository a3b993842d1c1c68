"""Whom the engine tells, when, and how often."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_collector.alerts.context import SharedContext
from sukusuku_server.db import AlertState
from sukusuku_server.db.modes import Mode, ModeKind
from sukusuku_server.escalation.steps import EscalationState, EscalationStep, due
from tests.collector.alerts.alert_cases import FACILITY, HOUR, MINUTE, SITE, T0, UNIT, values
from tests.collector.alerts.engine_site import Site
from tests.collector.alerts.mails.golden_mails import body, parse

DAY = 24 * HOUR
OPENS = T0 + 2 * DAY - 41 * MINUTE
"""Tuesday 24 November 2026, 9:00: the centre opens (Monday is a holiday)."""
CHAIN = """
[[contact]]
name = "係長"
mail = "chief@example.jp"
after_minutes = 30
[[contact]]
name = "Maintenance"
mail = "maintenance@example.jp"
language = "en"
rules = ["unit_fault"]
after_minutes = 60
"""
CLOSED = FACILITY.replace('"unit_fault", ', "").replace('"collection", ', "")
"""Faults and bags wait until the centre opens."""


def fault(site: Site, now: int, around: SharedContext | None = None, code: int = 1) -> None:
    latest = {UNIT: values(now, {"Fault/Code": code, "Lid/Open": False})}
    site.engine.evaluate(latest, now, [UNIT], around=around or SharedContext())


def got(site: Site) -> list[tuple[str, str]]:
    return [(row.mail.kind, row.mail.recipient.partition("@")[0]) for row in reversed(site.store.mails())]


def test_the_chain_is_told_step_by_step_and_the_end_to_all_who_were_told(tmp_path: Path) -> None:
    site = Site(tmp_path, FACILITY + CHAIN)
    fault(site, T0)
    for minute in range(1, 40):
        fault(site, T0 + minute * MINUTE)
        site.restart()  # what was told is in the database
    assert got(site) == [("firing", "tobu"), ("firing", "integrator"), ("firing", "chief")]
    chief = site.store.mails()[0]
    assert chief.created == T0 + 31 * MINUTE
    assert chief.mail.subject.startswith("[すくすく] 【未対応】")
    assert "対応者: まだいません" in body(parse(chief.mail.content), "plain")

    fault(site, T0 + 40 * MINUTE, code=0)
    fault(site, T0 + 42 * MINUTE, code=0)
    fault(site, T0 + 72 * MINUTE, code=0)
    assert got(site)[3:] == [("resolved", "tobu"), ("resolved", "integrator"), ("resolved", "chief")]
    end = parse(site.store.mails()[0].mail.content)
    assert end["In-Reply-To"] == chief.mail.message_id


def test_an_acknowledgement_stops_the_chain_and_the_repeats(tmp_path: Path) -> None:
    site = Site(tmp_path, FACILITY + CHAIN)
    fault(site, T0)
    fault(site, T0 + MINUTE)
    site.store.acknowledge(site.only().id, "佐藤", T0 + 10 * MINUTE)
    for minute in range(11, 900, 7):
        fault(site, T0 + minute * MINUTE)

    assert got(site) == [("firing", "tobu"), ("firing", "integrator")]


def test_it_is_told_again_until_somebody_acknowledges(tmp_path: Path) -> None:
    """After four hours, at the next opening, on the day after, then after two, four and eight days."""
    site = Site(tmp_path)
    fault(site, T0)
    for half_hour in range(1, 20 * 48):
        fault(site, T0 + half_hour * HOUR // 2 + MINUTE)
        if half_hour % 100 == 1:
            site.restart()
    assert (
        got(site) == [("firing", "tobu"), ("firing", "integrator")] + [("again", "tobu"), ("again", "integrator")] * 6
    )
    told = [row.created - T0 for row in reversed(site.store.mails()) if row.mail.language == "ja"]
    assert [round(time / HOUR) for time in told] == [1, 5, 47, 71, 119, 215, 407]
    mails = [row.mail for row in site.store.mails()]
    assert len({mail.message_id for mail in mails}) == 14
    assert mails[0].subject.startswith("[Sukusuku] Still open: ")


def test_nothing_is_repeated_when_the_settings_say_so(tmp_path: Path) -> None:
    site = Site(tmp_path, FACILITY.replace("[alerts]\n", "[alerts]\nrepeat_after = 0\n"))
    for hour in range(48):
        fault(site, T0 + hour * HOUR)

    assert len(got(site)) == 2


def test_mails_wait_until_an_hour_before_the_centre_opens(tmp_path: Path) -> None:
    site = Site(tmp_path, CLOSED)
    for minute in range(0, 2 * 24 * 60, 10):
        fault(site, T0 + minute * MINUTE)
    first = [row.created for row in site.store.mails() if row.mail.kind == "firing"]

    assert site.only().fired == T0 + 10 * MINUTE
    assert first == [OPENS - HOUR + 11 * MINUTE] * 2  # with what else there is
    assert "2026年11月22日（日）9:51 から（センターが閉まっていたため）" in body(
        parse(site.store.mails()[1].mail.content), "plain"
    )


def test_what_begins_and_ends_while_the_centre_is_closed_makes_no_mail(tmp_path: Path) -> None:
    site = Site(tmp_path, CLOSED)
    for minute, code in ((0, 1), (1, 1), (200, 1), (201, 0), (203, 0), (3000, 0)):
        fault(site, T0 + minute * MINUTE, code=code)

    assert site.only().state is AlertState.RESOLVED
    assert site.store.mails() == []


def test_the_good_news_waits_for_the_opening_too(tmp_path: Path) -> None:
    site = Site(tmp_path, CLOSED)
    evening = OPENS + 9 * HOUR  # it closes
    fault(site, evening - 10 * MINUTE)
    fault(site, evening - 5 * MINUTE)
    fault(site, evening - MINUTE)
    fault(site, evening + HOUR, code=0)
    for hour in range(1, 15):
        fault(site, evening + hour * HOUR + 2 * MINUTE, code=0)

    assert [kind for kind, _ in got(site)] == ["firing", "firing", "resolved", "resolved"]
    assert site.store.mails()[0].created == OPENS + DAY - HOUR + 2 * MINUTE


@pytest.mark.parametrize("subject", [UNIT, SITE])
def test_a_silence_holds_the_mails_back_and_not_the_alert(tmp_path: Path, subject: str) -> None:
    site = Site(tmp_path)
    quiet = SharedContext(modes=(Mode(1, ModeKind.SILENCE, subject, T0, T0 + HOUR, "佐藤", ""),))
    for minute in range(59):
        fault(site, T0 + minute * MINUTE, quiet)
    assert site.only().state is AlertState.FIRING
    assert got(site) == []

    fault(site, T0 + HOUR, quiet)
    assert got(site) == [("firing", "tobu"), ("firing", "integrator")]


def test_a_silence_elsewhere_changes_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path)
    quiet = SharedContext(modes=(Mode(1, ModeKind.SILENCE, "tobu-room-1", T0, T0 + HOUR, "佐藤", ""),))
    fault(site, T0, quiet)
    fault(site, T0 + MINUTE, quiet)

    assert len(got(site)) == 2


def test_an_acknowledgement_that_is_taken_back_lets_the_chain_go_on(tmp_path: Path) -> None:
    site = Site(tmp_path, FACILITY + CHAIN)
    for minute in range(3):
        fault(site, T0 + minute * MINUTE)
    told = got(site)
    ident = site.only().id
    site.store.acknowledge(ident, "佐藤", T0 + 3 * MINUTE)
    for minute in range(4, 7 * 60, 10):
        fault(site, T0 + minute * MINUTE)
    assert got(site) == told

    site.store.release(ident, "佐藤", T0 + 7 * HOUR)
    fault(site, T0 + 7 * HOUR + MINUTE)
    fault(site, T0 + 7 * HOUR + 5 * MINUTE)
    assert len(got(site)) > len(told)
    assert site.only().state is AlertState.FIRING
    assert [event.kind for event in site.store.events(ident)] == ["raised", "fired", "acknowledged", "released"]
    assert site.store.audit()[0].action == "alert.release"


def test_when_it_gets_worse_it_is_told_from_the_beginning_also_when_somebody_took_care(tmp_path: Path) -> None:
    site = Site(tmp_path, FACILITY + CHAIN)
    site.unit(T0, Fill_Percent=85.0)
    site.unit(T0 + MINUTE, Fill_Percent=85.0)
    site.store.acknowledge(site.only().id, "佐藤", T0 + 2 * MINUTE)
    for minute in (10, 11, 12, 13):
        site.unit(T0 + minute * MINUTE, Fill_Percent=90.0, State=5)

    alert = site.only()
    assert (alert.state, alert.stage, alert.reason) == (AlertState.FIRING, 3, "bag_full")
    assert got(site) == [("firing", "tobu"), ("firing", "integrator"), ("worse", "tobu"), ("worse", "integrator")]
    assert [event.kind for event in site.store.events(alert.id)] == ["raised", "fired", "acknowledged", "worsened"]
    worse = parse(site.store.mails()[0].mail.content)
    assert worse["In-Reply-To"] is not None


def test_what_gets_worse_while_the_centre_is_closed_is_told_as_soon_as_that_may_be(tmp_path: Path) -> None:
    """Nothing new comes of the unit meanwhile: only the hour has the engine look at it."""
    text = CLOSED.replace('"asset_silent", ', "").replace("1800.0", "200000.0\nrepeat_after = 0\ngather_for = 0")
    site, evening, morning = Site(tmp_path, text), OPENS + 10 * HOUR, OPENS + DAY - HOUR
    for begun, fill, state, hours in ((OPENS + 3 * HOUR, 85.0, 0, 1), (evening, 90.0, 5, 14)):
        latest = {UNIT: values(begun, {"Fill/Percent": fill, "State": state})}
        for now in range(begun, begun + hours * HOUR, MINUTE):
            site.engine.evaluate(latest, now)

    assert [(row.mail.kind, row.created) for row in site.store.mails()][:2] == [("worse", morning)] * 2


def test_whoever_is_no_contact_any_more_hears_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path)
    fault(site, T0)
    fault(site, T0 + MINUTE)
    site.text = FACILITY.replace("integrator@example.jp", "somebody@example.jp")
    site.restart()
    fault(site, T0 + 2 * MINUTE, code=0)
    fault(site, T0 + 4 * MINUTE, code=0)
    fault(site, T0 + 34 * MINUTE, code=0)

    assert got(site)[2:] == [("resolved", "tobu")]


# ---------------------------------------------------------------- the rule itself

DELAYS = st.lists(st.integers(0, 300), min_size=1, max_size=4, unique=True).map(sorted)


@given(DELAYS, st.integers(0, 400), st.lists(st.integers(1, 60), max_size=60))
def test_each_step_is_told_once_in_order_and_repeats_keep_their_distance(
    delays: list[int], repeat: int, pauses: list[int]
) -> None:
    told, now, tellings = EscalationState(), 0, []
    for pause in pauses:
        now += pause
        telling = due(told, 0, delays, told.last + repeat if repeat and told.last is not None else None, now)
        if telling is None:
            continue
        tellings.append((now, telling, told))
        told = EscalationState(telling.steps, now if told.first is None else told.first, now)

    steps = [telling.steps for _, telling, _ in tellings]
    assert steps == sorted(steps)
    assert told.steps <= len(delays)
    for now, telling, before in tellings:
        if telling.again:
            assert before.last is not None
            assert repeat > 0
            assert now - before.last >= repeat
        else:
            assert telling.steps > before.steps
        for step in range(before.steps, telling.steps):
            assert now >= delays[step]


def test_a_chain_that_begins_late_is_not_told_all_at_once() -> None:
    assert due(EscalationState(), 0, [0, 30, 60], None, 1000) == EscalationStep(1, again=False)
    assert due(EscalationState(1, 1000, 1000), 0, [0, 30, 60], None, 1029) is None
    assert due(EscalationState(1, 1000, 1000), 0, [0, 30, 60], None, 1030) == EscalationStep(2, again=False)


def test_without_anybody_who_wants_to_know_nobody_is_told() -> None:
    assert due(EscalationState(), 0, [], 10, 1000) is None
