"""Random courses of a room and of a unit over the turn of a fiscal year: what they are cut into adds up."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sukusuku_api.queries.room_history import Gatherer
from sukusuku_api.reports.period import fiscal_year_of
from sukusuku_core.model import Reading
from sukusuku_core.settings import parse
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_start
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.rooms import RoomRecords
from sukusuku_server.model.collection import Correction, CorrectionKind, Emptying, Evidence
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rooms.usage_hours import COMPLETENESS, SERIES
from sukusuku_server.rooms.usage_sums import total
from sukusuku_server.settings import Facility
from tests.figures.everything import Copy, summed
from tests.support.databases import both
from tests.support.stores import commit

FIRST, DAYS = date(2026, 3, 16), 28
"""Four weeks with a holiday, the end of a month and that of a fiscal year."""
START, END = day_start(FIRST), day_start(FIRST + timedelta(days=DAYS))
ROOM, UNIT = "room", "unit"
INDEX = FacilitySchedules(
    parse(
        """
[operator]
id = "city"
name = { ja = "市", en = "City" }
[[site]]
id = "site"
name = { ja = "センター", en = "Centre" }
[[site.room]]
id = "room"
name = { ja = "部屋", en = "Room" }
edge = "pi"
capacity = 6
[[site.unit]]
id = "unit"
name = { ja = "圧縮機", en = "Unit" }
edge = "pi"
""",
        Facility,
        "facility.toml",
    )
)
CUTS: dict[str, Callable[[date], object]] = {
    "days": lambda day: day,
    "weeks": lambda day: day.isocalendar()[:2],
    "months": lambda day: (day.year, day.month),
    "fiscal years": fiscal_year_of,
}


def pieces(by: Callable[[date], object]) -> Iterator[tuple[int, int]]:
    """Cut the weeks where what a day belongs to changes."""
    days = [FIRST + timedelta(days=n) for n in range(DAYS)]
    for _, group in itertools.groupby(days, by):
        own = list(group)
        yield day_start(own[0]), day_start(own[-1] + timedelta(days=1))


@contextmanager
def course(fill: Callable[[Copy, Random], None], seed: int) -> Iterator[Copy]:
    """Databases of one course."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        found = Copy(folder, INDEX, *both(folder), START, END, END + 10 * DAY_MS)
        try:
            fill(found, Random(seed))
            yield found
        finally:
            found.close()


def fill_room(found: Copy, chance: Random) -> None:
    """Children come and go, also over midnight; counts stay out, are doubtful, and are put right afterwards."""
    points, put_right, count = [], [], 0
    for minute in range(0, DAYS * 24 * 60, 15):
        time = START + minute * MINUTE_MS
        if chance.random() < 0.3:
            time += chance.randrange(15) * MINUTE_MS
            count = max(0, count + chance.choice((-2, -1, 1, 1, 2)))
        if chance.random() < 0.95:
            points.append(Reading(ROOM, SERIES["children"], time, float(count)))
            points.append(Reading(ROOM, COMPLETENESS, time, chance.choice((100.0, 100.0, 50.0, 0.0))))
        if chance.random() < 0.01:
            kind = chance.choice(list(CorrectionKind))
            put_right.append(Correction(ROOM, time, kind, "children", count, chance.randrange(4)))
    found.store.put_derived(ROOM, START - 1, END, points)
    RoomRecords(found.operations).replace(ROOM, START - 1, END, put_right)


def fill_unit(found: Copy, chance: Random) -> None:
    """A bag fills, stands full over nights, is emptied now and then; the unit is silent or has a fault for hours."""
    estimates, heard, emptied, level = [], [], [], 0.0
    silent = faulty = 0
    for hour in range(DAYS * 24):
        time = START + hour * HOUR_MS + chance.randrange(60) * MINUTE_MS
        silent = silent - 1 if silent else chance.choice((0,) * 60 + (3, 30))
        faulty = faulty - 1 if faulty else chance.choice((0,) * 60 + (2, 20))
        level = min(level + chance.uniform(0, 6), 104.0)
        if level > 60 and chance.random() < 0.06:
            emptied.append(Emptying(UNIT, time, level, level * 0.6, (Evidence.LEVEL,), 0.9))
            level = 0.0
        if not silent:
            estimates.append(Reading(UNIT, "Fill/Estimate", time, level + chance.uniform(-1, 1)))
            heard.append(Reading(UNIT, "Fill/Percent", time, level))
            heard.append(Reading(UNIT, "Fault/Code", time, int(faulty > 0)))
    commit(found.store, heard, END)
    found.store.put_derived(UNIT, START - 1, END, estimates)
    Emptyings(found.operations).replace_detected(UNIT, START - 1, END, emptied)


@settings(max_examples=5)
@given(seed=st.integers(0, 100_000))
def test_pieces_of_a_room_add_up(seed: int) -> None:
    with course(fill_room, seed) as found:
        gatherer, (site, room) = Gatherer(INDEX, found.store, found.operations, found.now), INDEX.rooms[ROOM]
        whole = asdict(gatherer.room(site, room, START, END).tally)
        for name, by in CUTS.items():
            parts = total(gatherer.room(site, room, *piece).tally for piece in pieces(by))
            assert asdict(parts) == pytest.approx(whole), name
    assert whole["visits"] > 0
    assert whole["known_ms"] > 0


@settings(max_examples=5)
@given(seed=st.integers(0, 100_000))
@example(seed=1775)  # emptied at midnight
def test_pieces_of_a_unit_add_up(seed: int) -> None:
    with course(fill_unit, seed) as found:
        whole = found.kpis(START, END)[UNIT]
        for name, by in CUTS.items():
            assert summed([found.kpis(*piece)[UNIT] for piece in pieces(by)]) == pytest.approx(whole), name
    assert whole["emptyings"] > 0
    assert whole["known"] > 0
