"""The judge sees what it is there to see."""

import json
from pathlib import Path

import pytest

from sukusuku_core.model import Reading
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.faults.judge import Verdict, judge, waiting
from tests.support.stores import commit

NOW = 1_790_000_000_000
READINGS = [Reading("unit-1", "Cycles/Total", NOW + n * 1000, n) for n in range(5)]


def verdict(folder: Path, accepted: list[Reading], stored: list[Reading], kills: tuple[int, ...] = ()) -> Verdict:
    log = folder / "edge-1.jsonl"
    names = ("asset", "metric", "time", "value")
    log.write_text("".join(json.dumps({it: getattr(reading, it) for it in names}) + "\n" for reading in accepted))
    store = SqliteStore.open(folder / "readings.db")
    commit(store, stored, NOW)
    store.close()
    assert waiting([log], folder / "readings.db") == sum(reading not in stored for reading in accepted)
    return judge([log], folder / "readings.db", kills)


def test_all_stored_once_is_no_fault(tmp_path: Path) -> None:
    assert verdict(tmp_path, READINGS, READINGS) == Verdict(5, 5, 0, 0, ())


def test_a_reading_that_is_not_stored_is_lost(tmp_path: Path) -> None:
    found = verdict(tmp_path, READINGS, READINGS[:-1])
    assert (found.lost, found.duplicates) == (1, 0)
    assert found.faults == (f"unit-1 Cycles/Total at {READINGS[-1].time} was accepted as 4 and never stored",)


def test_a_reading_that_is_stored_with_another_value_is_lost(tmp_path: Path) -> None:
    changed = Reading("unit-1", "Cycles/Total", READINGS[0].time, 99)
    store = SqliteStore.open(tmp_path / "readings.db")
    commit(store, [changed], NOW)
    store.close()
    log = tmp_path / "edge-1.jsonl"
    log.write_text(json.dumps({"asset": "unit-1", "metric": "Cycles/Total", "time": changed.time, "value": 0}) + "\n")
    found = judge([log], tmp_path / "readings.db")
    assert (found.lost, found.duplicates) == (1, 0)


def test_a_reading_that_nobody_accepted_is_a_duplicate(tmp_path: Path) -> None:
    assert verdict(tmp_path, READINGS[1:], READINGS).duplicates == 1


def test_a_kill_may_fall_between_the_commit_and_the_log(tmp_path: Path) -> None:
    assert verdict(tmp_path, READINGS[:-1], READINGS, (READINGS[-1].time + 10,)) == Verdict(4, 5, 0, 0, ())


@pytest.mark.parametrize("kill", [READINGS[-1].time - 1, READINGS[-1].time + 60_000])
def test_a_kill_at_another_time_is_no_excuse(tmp_path: Path, kill: int) -> None:
    assert verdict(tmp_path, READINGS[:-1], READINGS, (kill,)).duplicates == 1


def test_the_same_moment_accepted_twice_is_a_duplicate(tmp_path: Path) -> None:
    assert verdict(tmp_path, [*READINGS, READINGS[-1]], READINGS).duplicates == 1


def test_readings_of_a_series_must_be_accepted_in_order(tmp_path: Path) -> None:
    found = verdict(tmp_path, READINGS[::-1], READINGS)
    assert (found.lost, found.duplicates) == (0, 0)
    assert "was accepted after" in found.faults[0]


def test_what_is_gone_is_not_waited_for(tmp_path: Path) -> None:
    verdict(tmp_path, READINGS, READINGS[1:])
    gone = {("unit-1", "Cycles/Total", READINGS[0].time)}
    assert waiting([tmp_path / "edge-1.jsonl"], tmp_path / "readings.db", gone) == 0


def test_a_torn_line_is_no_witness(tmp_path: Path) -> None:
    verdict(tmp_path, READINGS, READINGS)
    with (tmp_path / "edge-1.jsonl").open("a") as log:
        log.write('{"asset": "unit-1", "met')
    assert judge([tmp_path / "edge-1.jsonl"], tmp_path / "readings.db") == Verdict(5, 5, 0, 0, ())
