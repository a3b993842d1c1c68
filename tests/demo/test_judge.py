"""The judge must see every kind of loss, or its zero means nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_core.model import Quality, Reading, Value
from sukusuku_demo import judge
from sukusuku_edge.settings import read
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.support.stores import commit

BEGIN = 1_776_218_400_000
EDGE = """
group = "g"
node = "pi"
[[device]]
id = "board"
profile = "hardwario-gauger"
host = "127.0.0.1"
[[device]]
id = "level"
profile = "dfrobot-sen0492"
host = "127.0.0.1"
[[asset]]
id = "unit"
kind = "unit"
[[asset.binding]]
metric = "Cycles/Total"
device = "board"
point = "activations1"
[[asset.binding]]
metric = "Fill/Percent"
device = "level"
point = "distance"
distance = { empty_mm = 900, full_mm = 150 }
[[device]]
id = "eye"
profile = "milesight-vs133"
topic = "eye"
[[asset]]
id = "room"
kind = "room"
[[asset.binding]]
metric = "Occupancy/Count"
device = "eye"
point = "region_3_count"
"""
PEOPLE = ("room", "Occupancy/Count")
CYCLES, FILL = ("unit", "Cycles/Total"), ("unit", "Fill/Percent")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(tmp_path / "readings.db")
    yield opened
    opened.close()


def _put(store: SqliteStore, *readings: tuple[judge.Key, int, Value | None]) -> None:
    commit(store, [Reading(key[0], key[1], BEGIN + at, value, Quality.GOOD) for key, at, value in readings], BEGIN)


def _truth(tmp_path: Path, *rows: tuple[int, str, str, Value | None]) -> list[judge.Shown]:
    lines = [
        json.dumps({"time": BEGIN + at, "kind": "point", "device": device, "point": point, "value": value})
        for at, device, point, value in rows
    ]
    path = tmp_path / "truth.jsonl"
    path.write_text("\n".join([*lines, json.dumps({"time": BEGIN, "kind": "event", "asset": "unit"})]), "utf-8")
    edge = tmp_path / "edge.toml"
    edge.write_text(EDGE, encoding="utf-8")
    return list(judge.read_shown(path, read(edge).bound, BEGIN + 20_000))


def _accepted(*rows: tuple[judge.Key, int, Value | None]) -> list[tuple[judge.Key, int, Value | None]]:
    return [(key, BEGIN + at, value) for key, at, value in rows]


def test_everything_there_is_nothing_lost(tmp_path: Path, store: SqliteStore) -> None:
    rows = [(CYCLES, 100, 7), (CYCLES, 5_100, 8), (FILL, 100, 40.0), (FILL, 5_100, 60.1)]
    _put(store, *rows)
    shown = _truth(
        tmp_path,
        (0, "board", "activations1", 7),
        (0, "level", "distance", 600),
        (5_000, "board", "activations1", 8),
        (5_000, "level", "distance", 450),
    )

    verdict = judge.judge(shown, _accepted(*rows), store, BEGIN)

    assert verdict == judge.Verdict(produced=4, accepted=4, stored=4, lost=0, duplicates=0, missing=())


def test_an_accepted_reading_that_is_not_stored_is_lost(tmp_path: Path, store: SqliteStore) -> None:
    _put(store, (CYCLES, 100, 7))

    verdict = judge.judge(_truth(tmp_path), _accepted((CYCLES, 100, 7), (CYCLES, 200, 8)), store, BEGIN)

    assert (verdict.lost, verdict.duplicates) == (1, 0)


def test_a_changed_value_is_lost(tmp_path: Path, store: SqliteStore) -> None:
    _put(store, (CYCLES, 100, 7))

    verdict = judge.judge(_truth(tmp_path), _accepted((CYCLES, 100, 6)), store, BEGIN)

    assert verdict.lost == 1
    assert verdict.missing == (f"unit Cycles/Total at {BEGIN + 100}: accepted 6, stored 7",)


def test_a_shown_value_that_nobody_accepted_is_lost(tmp_path: Path, store: SqliteStore) -> None:
    _put(store, (CYCLES, 100, 7))
    shown = _truth(tmp_path, (0, "board", "activations1", 7), (5_000, "board", "activations1", 8))

    verdict = judge.judge(shown, _accepted((CYCLES, 100, 7)), store, BEGIN)

    assert (verdict.produced, verdict.lost) == (2, 1)


def test_a_value_that_stood_too_short_to_be_read_is_not_expected(tmp_path: Path, store: SqliteStore) -> None:
    _put(store, (CYCLES, 100, 7), (CYCLES, 6_100, 9))
    shown = _truth(
        tmp_path,
        (0, "board", "activations1", 7),
        (5_000, "board", "activations1", 8),
        (6_000, "board", "activations1", 9),
    )

    verdict = judge.judge(shown, _accepted((CYCLES, 100, 7), (CYCLES, 6_100, 9)), store, BEGIN)

    assert (verdict.produced, verdict.lost) == (2, 0)


def test_a_sensor_message_before_anybody_listened_is_not_expected(tmp_path: Path, store: SqliteStore) -> None:
    _put(store, (PEOPLE, 6_100, 4))
    shown = _truth(tmp_path, (0, "eye", "region_3_count", 3), (6_000, "eye", "region_3_count", 4))
    accepted = _accepted((PEOPLE, 6_100, 4))

    assert judge.judge(shown, accepted, store, BEGIN, BEGIN + 1).lost == 0
    assert judge.judge(shown, accepted, store, BEGIN).lost == 1


def test_a_stored_reading_that_nobody_accepted_is_a_duplicate(tmp_path: Path, store: SqliteStore) -> None:
    _put(store, (CYCLES, 100, 7), (CYCLES, 101, 7))

    verdict = judge.judge(_truth(tmp_path), _accepted((CYCLES, 100, 7)), store, BEGIN)

    assert (verdict.lost, verdict.duplicates) == (0, 1)


def test_a_total_goes_on_where_the_counter_of_the_device_wraps(tmp_path: Path, store: SqliteStore) -> None:
    rows = [(CYCLES, 100, 65_535), (CYCLES, 5_100, 65_536)]
    _put(store, *rows)
    shown = _truth(tmp_path, (0, "board", "activations1", 65_535), (5_000, "board", "activations1", 0))

    verdict = judge.judge(shown, _accepted(*rows), store, BEGIN)

    assert (verdict.produced, verdict.lost) == (2, 0)


LABEL = ("unit", "Info/Serial")


def _point(key: judge.Key, at: int, **fields: object) -> dict[str, object]:
    return {"asset": key[0], "metric": key[1], "time": BEGIN + at, "value": None, "text": None} | fields


def test_points_in_influxdb_are_compared_whatever_their_type() -> None:
    rows = [
        _point(CYCLES, 100, value=7),
        _point(CYCLES, 200, value=9.223372036854776e18, exact=2**63 - 1),
        _point(CYCLES, 300, value=1),
        _point(FILL, 100, quality=0, suspect=180.25),
        _point(FILL, 200, quality=500),
        _point(LABEL, 100, text="1"),
        _point(LABEL, 200, quality=0, suspect_text="?"),
        _point(PEOPLE, 100, value=3),
    ]
    accepted = _accepted(
        (CYCLES, 100, 7),
        (CYCLES, 200, 2**63 - 1),
        (CYCLES, 300, True),
        (FILL, 100, 180.25),
        (FILL, 200, None),
        (LABEL, 100, "1"),
        (LABEL, 200, "?"),
    )

    assert judge.judge_archive(accepted, rows, BEGIN + 999) == judge.Archived(7, 0, 0, ())


@pytest.mark.parametrize(
    "rows",
    [[], [_point(FILL, 100, value=41.5)], [_point(FILL, 100, quality=500)], [_point(FILL, 100, text="41.25")]],
    ids=["missing", "another value", "no value", "a text"],
)
def test_what_influxdb_does_not_have_as_it_was_accepted_is_lost(rows: list[dict[str, object]]) -> None:
    found = judge.judge_archive(_accepted((FILL, 100, 41.25)), rows, BEGIN + 999)

    assert (found.lost, found.duplicates) == (1, 0)
    assert found.missing[0].startswith(f"unit Fill/Percent at {BEGIN + 100}: accepted 41.25, InfluxDB has")


def test_what_is_younger_than_the_end_may_still_be_on_its_way_to_influxdb() -> None:
    accepted = _accepted((FILL, 100, 41.25), (FILL, 200, 42.0))

    assert judge.judge_archive(accepted, [_point(FILL, 100, value=41.25)], BEGIN + 199).lost == 0
    assert judge.judge_archive(accepted, [_point(FILL, 100, value=41.25)], BEGIN + 200).lost == 1


def test_a_point_with_other_tags_or_at_another_time_is_a_duplicate_in_influxdb() -> None:
    rows = [
        _point(FILL, 100, value=41.25, site="tobu"),
        _point(FILL, 100, value=41.25, site="seibu"),
        _point(FILL, 101, value=41.25),
    ]

    found = judge.judge_archive(_accepted((FILL, 100, 41.25)), rows, BEGIN + 999)

    assert (found.stored, found.lost, found.duplicates) == (1, 0, 2)
