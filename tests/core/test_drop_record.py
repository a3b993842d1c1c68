"""The record of dropped readings as it travels."""

import pytest

from sukusuku_core import catalogue, drop_record
from sukusuku_core.drop_record import DroppedRange
from sukusuku_core.model import AssetKind


def test_what_an_edge_node_writes_is_read() -> None:
    text = '{"from":1790000000000,"to":1790000600000,"assets":["unit-1","room"],"more":3}'
    found = drop_record.decode(text)
    assert found == DroppedRange(1_790_000_000_000, 1_790_000_600_000, ("unit-1", "room"), 3)
    assert (
        drop_record.in_words(found)
        == "unit-1, room and 3 more, measured from 2026-09-21T14:13:20+00:00 to 2026-09-21T14:23:20+00:00"
    )


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"from":"x","to":1,"assets":[]}', '{"from":1,"to":2,"assets":[3]}'])
def test_what_cannot_be_read_is_none(text: str) -> None:
    assert drop_record.decode(text) is None


def test_times_that_no_calendar_knows_are_told_as_numbers() -> None:
    assert "from 9223372036854775807 to" in drop_record.in_words(DroppedRange(2**63 - 1, 0, ("unit-1",)))


def test_both_metrics_are_in_the_catalogue() -> None:
    assert catalogue.find(AssetKind.EDGE_NODE, drop_record.DROPPED) is not None
    assert catalogue.find(AssetKind.EDGE_NODE, drop_record.DROPPED_RANGE) is not None
