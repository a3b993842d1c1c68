"""The record of dropped readings as it travels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core import catalogue, drop_record
from sukusuku_core.drop_record import DroppedRange
from sukusuku_core.model import AssetKind, Reading
from sukusuku_core.sparkplug import MAX_STRING

TIMES = st.integers(0, 2**63 - 1)
ASSETS = st.lists(st.text(max_size=64), max_size=60).map(tuple)


def test_what_an_edge_node_writes_is_read() -> None:
    text = '{"from":1790000000000,"to":1790000600000,"assets":["unit-1","room"],"more":3}'
    found = drop_record.decode(text)
    assert found == DroppedRange(1_790_000_000_000, 1_790_000_600_000, ("unit-1", "room"), 3)
    assert drop_record.encode(found) == text
    assert (
        drop_record.in_words(found)
        == "unit-1, room and 3 more, measured from 2026-09-21T14:13:20+00:00 to 2026-09-21T14:23:20+00:00"
    )


def test_a_loss_is_told_by_two_metrics_of_the_node() -> None:
    assert drop_record.record("pi", 7, 40, DroppedRange(1, 2, ("unit-1",))) == [
        Reading("pi", "Buffer/Dropped", 7, 40),
        Reading("pi", "Buffer/DroppedRange", 7, '{"from":1,"to":2,"assets":["unit-1"]}'),
    ]


@given(TIMES, TIMES, ASSETS)
def test_a_range_always_fits_a_metric_and_is_read_as_it_was(start: int, end: int, assets: tuple[str, ...]) -> None:
    text = drop_record.encode(DroppedRange(start, end, assets))

    assert len(text) <= MAX_STRING
    found = drop_record.decode(text)
    assert found is not None
    assert (found.start, found.end) == (start, end)
    assert found.assets == assets[: len(found.assets)]
    assert len(found.assets) + found.more == len(assets)


def test_assets_are_named_as_long_as_there_is_room() -> None:
    assets = tuple(f"unit-{n:058d}" for n in range(50))

    found = drop_record.decode(drop_record.encode(DroppedRange(0, 1, assets)))

    assert found is not None
    assert found.assets == assets[:14]
    assert found.more == 36


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"from":"x","to":1,"assets":[]}', '{"from":1,"to":2,"assets":[3]}'])
def test_what_cannot_be_read_is_none(text: str) -> None:
    assert drop_record.decode(text) is None


def test_times_that_no_calendar_knows_are_told_as_numbers() -> None:
    assert "from 9223372036854775807 to" in drop_record.in_words(DroppedRange(2**63 - 1, 0, ("unit-1",)))


def test_both_metrics_are_in_the_catalogue() -> None:
    assert catalogue.find(AssetKind.EDGE_NODE, drop_record.DROPPED) is not None
    assert catalogue.find(AssetKind.EDGE_NODE, drop_record.DROPPED_RANGE) is not None
