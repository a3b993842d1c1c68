"""What pages say is told next is what the engine then tells, to whom and when; or it tells nothing."""

from pathlib import Path

import pytest

from sukusuku_collector.alerts.context import SharedContext
from sukusuku_server.db import alert_history
from sukusuku_server.db.modes import Mode, ModeKind, holding
from sukusuku_server.escalation.timing import Timing, terms
from sukusuku_server.escalation.upcoming import Circumstances, Pause, Upcoming, upcoming
from sukusuku_server.model.rules import Rule
from sukusuku_server.rooms.schedule import FacilitySchedules
from tests.collector.alerts.alert_cases import FACILITY, HOUR, MINUTE, SITE, T0, UNIT, facility, values
from tests.collector.alerts.engine_site import Site

DAY = 24 * HOUR
TUESDAY = T0 + 2 * DAY
"""9:41 on a day on which the centre is open."""
CLOSED = FACILITY.replace('"unit_fault", ', "").replace('"collection", ', "")
CHIEF = '[[contact]]\nname = "係長"\nmail = "chief@example.jp"\nafter_minutes = 30\n'
ONE_A_DAY = CLOSED.replace("silent_after", "mails_per_day = 1\nsilent_after")
SILENCE = Mode(1, ModeKind.SILENCE, SITE, TUESDAY - HOUR, TUESDAY + 2 * HOUR, "佐藤", "")
FAULT, NEARLY_FULL = {"Fault/Code": 1}, {"Fill/Percent": 85.0}


def _told(site: Site, now: int, modes: tuple[Mode, ...] = ()) -> tuple[Upcoming, ...] | Pause:
    index, alert = FacilitySchedules(facility(site.text)), site.only()
    silence = holding(modes, ModeKind.SILENCE, {UNIT, SITE}, now)
    words = alert_history.waiting(site.store, [alert.id]).get(alert.id, [])
    on = terms(index.facility, Rule(alert.rule), index.assets[UNIT], index.hours[UNIT])
    with site.store.reading() as connection:
        around = Circumstances(
            now,
            0 if silence is None or silence.until is None else silence.until,
            wide=False,
            words=words,
            written=lambda *asked: alert_history.written(connection, *asked),
        )
        return upcoming(Timing(index.facility), on, alert, around)


@pytest.mark.parametrize(
    ("text", "began", "measured", "modes", "times"),
    [
        pytest.param(FACILITY + CHIEF, T0, FAULT, (), 3, id="step by step, then again"),
        pytest.param(CLOSED + CHIEF, T0, FAULT, (), 3, id="when the centre opens"),
        pytest.param(CLOSED, TUESDAY, NEARLY_FULL, (), 2, id="with a digest"),
        pytest.param(ONE_A_DAY, TUESDAY, NEARLY_FULL, (), 2, id="after many mails today"),
        pytest.param(FACILITY, TUESDAY, FAULT, (SILENCE,), 2, id="when a silence is over"),
    ],
)
def test_what_is_told_next_comes_then(
    tmp_path: Path, text: str, began: int, measured: dict[str, float], modes: tuple[Mode, ...], times: int
) -> None:
    """Whatever the engine writes, it is what was foretold after the mails before it, in the minute that was said."""
    site = Site(tmp_path, text)

    def look(now: int) -> int:
        running = tuple(mode for mode in modes if mode.holds(now))
        found = {UNIT: values(now, {"Fault/Code": 0, "Lid/Open": False, **measured})}
        site.engine.evaluate(found, now, [UNIT], around=SharedContext(modes=running))
        return len(site.store.mails())

    now, before = began, look(began)
    while site.only().fired is None:
        now += MINUTE
        look(now)
    for _ in range(times):
        before = look(now)
        due = _told(site, now, tuple(mode for mode in modes if mode.holds(now)))
        assert isinstance(due, tuple), due
        first = min(message.at for message in due)
        look(first - 1)
        assert len(site.store.mails()) == before, "nothing goes before"
        now = first
        while (after := look(now)) == before:
            now += MINUTE
            assert now - first <= 3 * MINUTE, "it goes then, or with what is gathered for two minutes"
        written = {row.mail.recipient for row in site.store.mails()[: after - before]}
        assert written == {message.recipient for message in due if message.at == first}


def test_why_nobody_is_told_is_said(tmp_path: Path) -> None:
    site = Site(tmp_path, FACILITY.replace("[[contact]]", "[[contact]]\nrules = ['film_low']"))
    for minute in range(3):
        site.unit(T0 + minute * MINUTE, Fault_Code=1)
    assert _told(site, T0 + 2 * MINUTE) is Pause.NOBODY

    site.text = FACILITY.replace("silent_after", "repeat_after = 0\nsilent_after")
    site.restart()
    site.unit(T0 + 3 * MINUTE, Fault_Code=1)
    assert _told(site, T0 + 3 * MINUTE) is Pause.ONCE
    site.store.acknowledge(site.only().id, "佐藤", T0 + 4 * MINUTE)
    assert _told(site, T0 + 4 * MINUTE) is Pause.ACKNOWLEDGED
