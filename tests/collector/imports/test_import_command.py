"""`sukusuku import`: a history goes in, is derived, and goes out again without a trace."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sukusuku_collector.imports import __main__ as program
from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS
from sukusuku_server import settings
from sukusuku_server.db import Operations
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.forecasts import Forecasts
from sukusuku_server.timeseries import PRUNED, THINNED_READINGS, thinned_key
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.support import databases
from tests.support.stores import commit

START = 1_780_239_600_000  # 2026-06-01 00:00 in Japan
NOW = START + 4 * DAY_MS
FACILITY = """
[operator]
id = "toshima"
name = {{ ja = "豊島区", en = "Toshima" }}
[store]
path = "{folder}/readings.db"
[operations]
url = "sqlite:///{folder}/operations.db"
[[site]]
id = "tobu"
name = {{ ja = "東部", en = "Tobu" }}
[[site.unit]]
id = "unit-1"
name = {{ ja = "圧縮機1", en = "Unit 1" }}
edge = "pi"
[[site.room]]
id = "room"
name = {{ ja = "部屋", en = "Room" }}
edge = "pi"
capacity = 10
"""


def levels(days: int = 2) -> list[tuple[int, float]]:
    """Every half hour; full each afternoon, emptied at six."""
    found, level = [], 2.0
    for time in range(START, START + days * DAY_MS, 30 * MINUTE_MS):
        hour = (time - START) % DAY_MS / HOUR_MS
        level = 2.0 if hour == 18 else level + (4.8 if 9 <= hour < 18 else 0.0)
        found.append((time, round(level, 1)))
    return found


class Place:
    """A facility with an empty store, and its command."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.facility = folder / "facility.toml"
        self.facility.write_text(FACILITY.format(folder=folder), encoding="utf-8")
        self._capsys = capsys
        for opened in databases.both(folder):
            opened.close()

    def file(self, rows: Sequence[Sequence[Any]], name: str = "levels.csv") -> Path:
        path = self.folder / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        return path

    def levels(self, values: Sequence[tuple[int, float]]) -> Path:
        return self.file([("utc_s", "percent"), *((time // 1000, value) for time, value in values)])

    def run(self, *arguments: object) -> tuple[int, str]:
        status = program.main([str(self.facility), *map(str, arguments)])
        said = self._capsys.readouterr()
        return status, said.out + said.err

    def store(self) -> SqliteStore:
        return SqliteStore.open(self.folder / "readings.db")

    def everything(self) -> tuple[object, ...]:
        """All readings, roll-ups, derived points, emptyings and forecasts of the unit."""
        store = self.store()
        operations = Operations(settings.read(self.facility).operations.url)
        try:
            points = {metric: store.derived("unit-1", metric, 0, 1 << 60) for metric in store.derived_metrics("unit-1")}
            return (
                store.raw("unit-1", "Fill/Percent", 0, 1 << 60, 10_000),
                store.hourly("unit-1", "Fill/Percent", 0, 1 << 60),
                {metric: found for metric, found in points.items() if found},
                [(item.time, item.percent) for item in Emptyings(operations).of("unit-1", 0, 1 << 60)],
                Forecasts(operations).issued("unit-1", 0, 1 << 60),
                store.latest(),
                store.late(),
            )
        finally:
            operations.close()
            store.close()


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(program, "now_ms", lambda: NOW)
    return Place(tmp_path, capsys)


def test_a_history_is_imported_derived_and_taken_back(place: Place) -> None:
    path = place.levels(levels())
    before = place.everything()

    status, said = place.run("unit-1", path)

    assert status == 0
    assert "96 readings of unit-1, Fill/Percent, from 2026-06-01 00:00 to 2026-06-02 23:30 (Japan time)" in said
    assert f"take it back with: sukusuku import {place.facility} --undo 1" in said
    raw, _, points, emptyings, forecasts, *_ = place.everything()
    assert len(raw) == 96  # type: ignore[arg-type]
    assert {"Fill/Estimate"} <= set(points)  # type: ignore[call-overload]
    assert len(emptyings) >= 1  # type: ignore[arg-type]
    assert forecasts
    assert "unit-1  Fill/Percent  96" in place.run("--list")[1]

    status, said = place.run("unit-1", path)
    assert (status, "the same history of unit-1 is import 1 already" in said) == (1, True)

    status, said = place.run("--undo", 1)
    assert (status, "import 1 is taken back: 96 readings" in said) == (0, True)
    after = place.everything()
    assert after[:6] == before[:6]
    assert place.run("--undo", 1)[0] == 1
    assert place.run("unit-1", path, "--dry-run")[0] == 0


def test_live_readings_are_what_they_were_after_an_import_was_taken_back(place: Place) -> None:
    live = [Reading("unit-1", "Fill/Percent", time + 3 * DAY_MS, value) for time, value in levels(1)]
    store = place.store()
    commit(store, live, NOW)
    store.close()
    empty = place.levels([(START - DAY_MS, 1.0)])
    assert place.run("unit-1", empty)[0] == 0
    assert place.run("--undo", 1)[0] == 0  # and so everything is derived
    before = place.everything()

    status, said = place.run("unit-1", place.levels(levels(4)))
    assert status == 1
    assert "Fill/Percent of unit-1 is stored from 2026-06-04T00:00 on, within this history" in said
    assert place.everything() == before

    status, said = place.run("unit-1", place.levels(levels(4)), "--to", "2026-06-04T00:00")
    assert (status, "144 readings" in said) == (0, True)
    assert place.everything() != before
    assert place.run("--undo", 2)[0] == 0
    assert place.everything()[:6] == before[:6]


def test_a_dry_run_stores_nothing(place: Place) -> None:
    before = place.everything()
    status, said = place.run("unit-1", place.levels(levels()), "--dry-run")
    assert (status, "would be imported; nothing was stored" in said) == (0, True)
    assert place.everything() == before
    assert "there are no imports" in place.run("--list")[1]


def test_a_collector_that_runs_is_not_disturbed(place: Place) -> None:
    store = place.store()
    try:
        status, said = place.run("unit-1", place.levels(levels()))
    finally:
        store.close()
    assert (status, "another collector is writing to this store; stop it first" in said) == (1, True)


def test_counts_of_a_room_are_imported(place: Place) -> None:
    day = "2026/6/1"
    rows = [(f"{day} 9:00", 3), (f"{day} 10:00", "many"), (f"{day} 12:00", 2.5), (f"{day} 17:00", 0)]
    path = place.file([("日時", "児童数"), *rows], "counts.csv")
    status, said = place.run("room", path)
    assert status == 0
    assert "2 rows are left out:\n  line 3, column 児童数: expected a number of people from 0 to 1000, found" in said
    assert "expected a whole number, a number of people, found '2.5'" in said
    store = place.store()
    assert [point.value for point in store.raw("room", "Occupancy/Children", 0, 1 << 60, 9)] == [3, 0]
    store.close()


def test_counts_that_nothing_could_be_derived_of_are_refused(place: Place) -> None:
    path = place.file([("utc_s", "children"), (START // 1000, 3)], "counts.csv")
    store = place.store()
    store.note(thinned_key("room"), START + DAY_MS)
    store.close()
    status, said = place.run("room", path)
    assert (status, "before 2026-06-02T00:00 has been thinned out" in said) == (1, True)

    store = place.store()
    store.note(thinned_key("room"), START - DAY_MS)
    store.note(THINNED_READINGS, START + 3 * DAY_MS)
    store.close()
    assert place.run("room", path)[0] == 0
    store = place.store()
    assert store.noted(THINNED_READINGS) == START
    store.close()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["unit-9", "levels.csv"], "there is no unit-9; there are room, unit-1"),
        (
            ["unit-1", "levels.csv", "--as", "children"],
            "--as: unit-1 is a unit; expected level, cycles, found children",
        ),
        (["unit-1"], "expected ASSET and FILE.csv, or --list, or --undo N"),
        (["unit-1", "levels.csv", "--undo", "1"], "expected --list or --undo alone"),
        (["unit-1", "gone.csv"], "gone.csv: cannot be read"),
        (["unit-1", "levels.csv", "--from", "soon"], "--from, --to: expected UTC seconds"),
        (["unit-1", "levels.csv", "--from", "2027-01-01"], "expected readings between --from and --to"),
    ],
)
def test_wrong_calls_say_what_is_expected(
    place: Place, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder)
    place.levels(levels(1))
    status, found = place.run(*arguments)
    assert (status, said in found) == (2, True), found


def test_what_the_store_would_not_keep_is_left_out(place: Place) -> None:
    path = place.levels([(1_500_000_000_000, 1.0), (START, 2.0), (NOW + DAY_MS, 3.0)])
    status, said = place.run("unit-1", path, "--dry-run")
    assert (status, "2 rows before 2020 or in the future are left out" in said) == (0, True)


def test_a_history_of_which_raw_readings_are_deleted_is_refused(place: Place) -> None:
    store = place.store()
    store.note(PRUNED, START + DAY_MS)
    commit(store, [Reading("unit-1", "Fill/Percent", START + 3 * DAY_MS, 5.0)], NOW)
    store.close()
    status, said = place.run("unit-1", place.levels(levels()))
    assert (status, "before 2026-06-02T00:00 have been deleted" in said) == (1, True)
    assert place.run("unit-1", place.levels(levels()), "--from", "2026-06-02T00:00")[0] == 0
