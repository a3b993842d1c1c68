from pathlib import Path

import pytest

from sukusuku_server.db.checkpoints import PER_DAY, RECENT_DAYS, Checkpoint, Checkpoints
from tests.collector.alerts.alert_cases import HOUR, T0, UNIT
from tests.support.databases import operations

DAY = 24 * HOUR


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(operations(tmp_path))


def test_the_newest_state_of_the_version_before_a_time(checkpoints: Checkpoints) -> None:
    assert checkpoints.latest(UNIT, 1) is None
    checkpoints.put(UNIT, T0, 1, b"old")
    checkpoints.put(UNIT, T0 + HOUR, 1, b"first")
    checkpoints.put(UNIT, T0 + HOUR, 1, b"second")
    checkpoints.put(UNIT, T0 + 2 * HOUR, 2, b"other version")
    checkpoints.put("other", T0 + 3 * HOUR, 1, b"other unit")
    assert checkpoints.latest(UNIT, 1) == Checkpoint(T0 + HOUR, b"second")
    assert checkpoints.latest(UNIT, 1, T0 + HOUR - 1) == Checkpoint(T0, b"old")
    assert checkpoints.latest(UNIT, 1, T0 - 1) is None
    assert checkpoints.latest(UNIT, 2) == Checkpoint(T0 + 2 * HOUR, b"other version")


def test_what_does_not_hold_any_more_is_forgotten(checkpoints: Checkpoints) -> None:
    for hour in range(4):
        checkpoints.put(UNIT, T0 + hour * HOUR, 1, b"state")
    checkpoints.put("other", T0 + 3 * HOUR, 1, b"state")
    checkpoints.forget(UNIT, T0 + HOUR)
    assert checkpoints.latest(UNIT, 1) == Checkpoint(T0 + HOUR, b"state")
    assert checkpoints.latest("other", 1) == Checkpoint(T0 + 3 * HOUR, b"state")


def test_old_states_become_few_and_the_newest_stays(checkpoints: Checkpoints) -> None:
    for step in range(10 * RECENT_DAYS * 3):
        checkpoints.put(UNIT, T0 + step * 8 * HOUR // 3, 1, b"state")
    checkpoints.put(UNIT, T0 + 5 * HOUR, 2, b"another version")
    now = T0 + 10 * RECENT_DAYS * 8 * HOUR
    newest = checkpoints.latest(UNIT, 1)
    checkpoints.thin(UNIT, 1, now)
    checkpoints.thin(UNIT, 1, now)

    assert checkpoints.latest(UNIT, 1) == newest
    assert checkpoints.latest(UNIT, 2) is None
    times, until = [], now
    while (found := checkpoints.latest(UNIT, 1, until)) is not None:
        times.append(found.time)
        until = found.time - 1
    recent = [time for time in times if time > now - RECENT_DAYS * DAY]
    assert len(recent) <= (RECENT_DAYS + 1) * PER_DAY
    for time in range(T0 + 7 * DAY, now, DAY):
        assert any(time - 8 * DAY < kept <= time for kept in times), "at most a week must be derived again"
