"""The clock of the collector over a real store: what it remembers, says and puts right."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_collector.clock.judge import REMEMBER_MS, STARTING_MS, Instant
from sukusuku_collector.clock.machine import ThisMachine
from sukusuku_collector.clock.trusted import TrustedClock
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS
from sukusuku_server.live import clock as shown
from sukusuku_server.live.clock import Cause, ClockDoubt
from sukusuku_server.timeseries.sqlite import SqliteStore

T = 1_795_937_000_000
EDGES = ("seibu", "tobu")


class Computer:
    """A computer whose clock is off by what the test sets."""

    def __init__(self) -> None:
        self.uptime, self.boot, self.offset, self.booted = HOUR_MS, 1, 0, T

    def __call__(self) -> Instant:
        return Instant(self.booted + self.uptime + self.offset, self.uptime, self.boot)

    def ntp(self) -> bool:
        return False

    @property
    def true(self) -> int:
        return self.booted + self.uptime

    def reboot(self, off_ms: int) -> None:
        self.booted, self.uptime, self.boot = self.true + off_ms, 30_000, self.boot + 1


class Corrected(list[tuple[int, int, int]]):
    """What was put right: since, until, now."""

    def __call__(self, since: int, until: int, now: int) -> None:
        self.append((since, until, now))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(tmp_path / "readings.db")
    yield opened
    opened.close()


@pytest.fixture
def computer() -> Computer:
    return Computer()


def test_a_step_stops_everything_before_anybody_has_looked(store: SqliteStore, computer: Computer) -> None:
    clock, done = TrustedClock(computer, store, EDGES), Corrected()
    clock.look(done)
    assert clock.sure()
    computer.offset = 3 * 365 * DAY_MS
    assert not clock.sure()
    assert clock() == computer.true
    computer.offset = 0
    assert not clock.sure()  # not before what may have followed is put right
    clock.look(done)
    assert clock.sure()
    assert done == [(computer.true,) * 3]


def test_what_holds_is_said_and_shown(store: SqliteStore, computer: Computer, caplog: pytest.LogCaptureFixture) -> None:
    clock, done = TrustedClock(computer, store, EDGES), Corrected()
    clock.heard("tobu", computer.true)
    clock.look(done)
    assert shown.read(store, EDGES) is None
    computer.offset = -10 * MINUTE_MS
    clock.heard("tobu", computer.true)
    with caplog.at_level(logging.INFO):
        clock.look(done)
        clock.look(done)
    (line,) = caplog.messages
    assert "10 min behind the clocks of tobu" in line
    assert "timedatectl" in line
    doubt = shown.read(store, EDGES)
    assert doubt == ClockDoubt(Cause.OUTVOTED, computer.true, -10 * MINUTE_MS, (("tobu", 10 * MINUTE_MS),))
    computer.offset = 0
    clock.look(done)
    assert shown.read(store, EDGES) is None


def test_a_restart_remembers_the_time(store: SqliteStore, computer: Computer) -> None:
    TrustedClock(computer, store, EDGES).look(Corrected())
    computer.offset = 1_000 * DAY_MS
    assert not TrustedClock(computer, store, EDGES).sure()
    assert TrustedClock(computer, store, EDGES, trust=True).sure()
    computer.offset = 0
    assert TrustedClock(computer, store, EDGES).sure()


def test_after_a_reboot_the_clock_must_not_be_behind(store: SqliteStore, computer: Computer) -> None:
    TrustedClock(computer, store, EDGES).look(Corrected())
    computer.reboot(MINUTE_MS)
    computer.offset = -14 * DAY_MS
    clock = TrustedClock(computer, store, EDGES)
    computer.uptime += STARTING_MS
    assert not clock.sure()
    computer.offset = 0
    clock.look(Corrected())
    assert clock.sure()


def test_a_belief_that_an_edge_node_refutes_is_taken_back(store: SqliteStore, computer: Computer) -> None:
    """Two hours ahead after a reboot, which nobody could know before the first edge node spoke."""
    TrustedClock(computer, store, EDGES).look(Corrected())
    computer.reboot(MINUTE_MS)
    computer.offset = 2 * HOUR_MS
    clock, done = TrustedClock(computer, store, EDGES), Corrected()
    began = clock()
    computer.uptime += STARTING_MS
    clock.look(done)
    assert clock.sure()
    computer.uptime += 2 * MINUTE_MS
    clock.look(done)
    last = clock()
    for _ in range(20):
        clock.heard("tobu", computer.true)
        computer.uptime += 1_000
    clock.look(done)
    assert not clock.sure()
    assert clock() == computer.true
    computer.offset = 0
    clock.look(done)
    assert clock.sure()
    assert done[-1] == (began, last + REMEMBER_MS, computer.true)
    assert len(done) == 2  # the first was after the doubt of the start, with nothing to take back


def test_what_cannot_be_put_right_is_tried_again(store: SqliteStore, computer: Computer) -> None:
    clock = TrustedClock(computer, store, EDGES)
    clock.look(Corrected())
    computer.offset = DAY_MS
    clock.look(Corrected())
    computer.offset = 0

    def fail(_since: int, _until: int, _now: int) -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        clock.look(fail)
    assert not clock.sure()
    clock.look(Corrected())
    assert clock.sure()


def test_this_machine_counts_on() -> None:
    machine = ThisMachine()
    try:
        first, second = machine(), machine()
        assert first.boot == second.boot < 1 << 63
        assert 0 <= second.uptime - first.uptime < MINUTE_MS
        assert abs(second.booted - first.booted) < MINUTE_MS
        assert machine.ntp() in {True, False}
    finally:
        machine.close()
