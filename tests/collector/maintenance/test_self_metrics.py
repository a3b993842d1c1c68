"""The collector's own figures in the store."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sukusuku_collector.maintenance.self_metrics import GRID_MS, Flow, SelfMetrics
from sukusuku_core.time import DAY_MS
from sukusuku_server.db import Alert, AlertState, Operations, OutgoingMail
from sukusuku_server.db.mail_queue import MailQueue
from sukusuku_server.kpi import series
from sukusuku_server.model.series import Quarantined, SeriesOwner, Unassigned
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.support.databases import both

NOW = 1_800_000_000_000
MINUTE = 60_000
HOST = "host/sukusuku"


@dataclass
class World:
    """A collector that stands still."""

    store: SqliteStore
    operations: Operations
    now: int = NOW
    flow: Flow = field(default_factory=lambda: Flow(0, 0))
    derived: int | None = NOW - 16_000
    archived: int | None = NOW - 5_500

    def vitals(self, *, archive: bool = True) -> SelfMetrics:
        archived = (lambda: self.archived) if archive else None
        return SelfMetrics(
            "sukusuku",
            self.store,
            self.operations,
            lambda: self.flow,
            lambda: self.derived,
            archived,
            lambda: self.now,
        )

    def read(self) -> dict[str, object]:
        return {metric: point.value for metric, point in self.store.derived_latest().get(HOST, {}).items()}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store, operations = both(tmp_path)
    yield World(store, operations)
    operations.close()
    store.close()


def write_mails(operations: Operations) -> None:
    """One that waits, one that was sent, one that is dead; an alert that fires and one that is pending."""
    with operations.change() as change:
        for asset in ("unit-1", "unit-2"):
            alert = Alert(0, "jam", "tobu", asset, AlertState.PENDING, NOW, None, None, None, None, 1.0, "")
            stored = change.raise_alert(alert)
        change.fire(stored, NOW)
        for number in range(3):
            mail = OutgoingMail("firing", "a@b.jp", f"c{number}@d.jp", "ja", "s", f"<{number}@x>", b"")
            change.put_mail(stored.id, mail, NOW - (90 - number) * 1_000)
    queue = MailQueue(operations)
    sent, dead = (queue.lease(NOW, NOW + MINUTE) for _ in range(2))
    assert sent is not None
    assert dead is not None
    queue.sent(sent.id, NOW)
    queue.dead(dead.id, "no")


def test_it_tells_what_waits_what_is_behind_and_what_was_refused(world: World) -> None:
    row = Quarantined(NOW, "t", "name", "x", b"")
    unassigned = Unassigned(NOW, "spBv1.0/toshima/DDATA/tobu-pi/new", "unknown-asset", "x", b"")
    world.store.commit_rows([], [row, row], NOW, (), [unassigned])
    write_mails(world.operations)
    vitals = world.vitals()
    vitals.look()
    world.now, world.flow = NOW + 10 * MINUTE, Flow(3_000, 20)
    world.derived, world.archived = NOW + 9 * MINUTE, NOW + 10 * MINUTE + 1
    vitals.look()

    assert world.read() == {
        series.QUARANTINE: 2.0,
        series.UNASSIGNED: 1.0,
        series.MAIL_WAITING: 1.0,
        series.MAIL_OLDEST_AGE: 88.0 + 600.0,
        series.MAIL_DEAD: 1.0,
        series.ALERTS_FIRING: 1.0,
        series.READINGS: 300.0,
        series.REFUSED: 2.0,
        series.DERIVATION_LAG: 60.0,
        series.ARCHIVE_LAG: 0.0,
    }
    assert set(world.read()) == {figure.name for figure in series.of(SeriesOwner.HOST)}


def test_what_is_not_known_is_not_told(world: World) -> None:
    world.derived = world.archived = None
    world.vitals().look()
    assert {series.DERIVATION_LAG, series.ARCHIVE_LAG, series.READINGS}.isdisjoint(world.read())
    world.derived = NOW
    world.vitals(archive=False).look()
    assert world.read()[series.DERIVATION_LAG] == 0.0
    assert series.ARCHIVE_LAG not in world.read()


def test_everything_is_written_every_five_minutes_and_counts_when_they_change(world: World) -> None:
    vitals = world.vitals()
    for minutes in range(12):
        world.now, world.flow = NOW + minutes * MINUTE, Flow(30 * minutes, 0)
        world.archived = None if minutes < 3 else NOW
        if minutes == 8:
            world.store.commit_rows([], [Quarantined(NOW, "t", "name", "x", b"")], world.now)
        vitals.look()

    def written(metric: str) -> list[tuple[int, object]]:
        points = world.store.derived(HOST, metric, 0, world.now + 1)
        return [((point.time - NOW) // MINUTE, point.value) for point in points]

    assert GRID_MS == 5 * MINUTE
    assert written(series.QUARANTINE) == [(0, 0.0), (5, 0.0), (8, 1.0), (10, 1.0)]
    assert written(series.MAIL_WAITING) == [(0, 0.0), (5, 0.0), (10, 0.0)]
    assert [minute for minute, _ in written(series.DERIVATION_LAG)] == [0, 5, 10]
    assert [minute for minute, _ in written(series.ARCHIVE_LAG)] == [3, 5, 10], "it was not known before"
    assert written(series.READINGS) == [(1, 30.0), (5, 30.0), (10, 30.0)]


def test_what_was_refused_is_told_for_a_day(world: World) -> None:
    world.store.commit_rows([], [Quarantined(NOW, "t", "name", "x", b"")], NOW)
    write_mails(world.operations)
    vitals = world.vitals()
    for later, told in ((0, 1.0), (DAY_MS - 2 * MINUTE, 1.0), (DAY_MS + 1, 0.0)):
        world.now = NOW + later
        vitals.look()
        assert (world.read()[series.QUARANTINE], world.read()[series.MAIL_DEAD]) == (told, told)
