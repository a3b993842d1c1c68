"""A device that was exchanged: its counters must not be mixed with those of the one before."""

import pytest

from sukusuku_core.counters import CounterState
from sukusuku_core.model import Quality, Reading, Value
from sukusuku_core.registers import Decoded
from sukusuku_edge.binding import Binder, Counter, Outcome
from sukusuku_edge.events import Lost, Refused, Sample
from tests.edge import edge_settings

T = 1_760_000_000_000
SERIES = ("unit-1", "Cycles/Total")


def binder(totals: dict[tuple[str, str], Counter] | None = None) -> Binder:
    return Binder(edge_settings.edge(), totals or {})


def sample(step: int, identity: str = "", **values: Value) -> Sample:
    points = {name: Decoded(value, Quality.GOOD) for name, value in values.items()}
    return Sample("board", T + step * 1000, points, identity)


def total(outcome: Outcome) -> Reading:
    return next(reading for reading in outcome.readings if reading.metric == "Cycles/Total")


def test_the_total_goes_on_without_a_jump_when_the_device_was_exchanged() -> None:
    one = binder()
    one.take([sample(0, "A", cycle_counter=1000), sample(1, "A", cycle_counter=1010)])

    outcome = one.take([sample(2, "B", cycle_counter=70_000, serial="B"), sample(3, "B", cycle_counter=70_003)])

    counted = [reading.value for reading in outcome.readings if reading.metric == "Cycles/Total"]
    assert counted == [1013]  # the first read of the new device adds nothing, so it says nothing new
    assert {reading.value for reading in outcome.readings if reading.metric == "Info/Serial"} == {"B"}
    assert outcome.findings == [
        "board: serial number B where A was: the device was exchanged; its counters count on from the totals so far"
    ]
    assert outcome.counters[SERIES] == Counter("board/cycle_counter#B", CounterState(1013, 70_003))


def test_an_exchange_while_the_agent_was_off_is_noticed() -> None:
    one = binder({SERIES: Counter("board/cycle_counter#A", CounterState(500, 400))})

    outcome = one.take([sample(0, "B", cycle_counter=450)])

    assert total(outcome).value == 500
    assert len(outcome.findings) == 1


@pytest.mark.parametrize("before", ["board/cycle_counter", "board/cycle_counter#A"])
@pytest.mark.parametrize("identity", ["", "A"])
def test_a_device_that_stays_or_does_not_tell_counts_on(before: str, identity: str) -> None:
    one = binder({SERIES: Counter(before, CounterState(500, 400))})

    outcome = one.take([sample(0, identity, cycle_counter=450)])

    assert total(outcome).value == 550
    assert outcome.findings == []


def test_refused_fields_and_lost_messages_are_counted() -> None:
    one = binder()

    one.take([Refused("eye", T, ("snapshot", "mac")), Refused("eye", T, ("snapshot",)), Lost("eye", T, 4)])

    assert (one.refused, one.lost, one.errors) == (3, 4, 0)


XOVIS = """
[[device]]
id = "xovis"
profile = "xovis"
topic = "xovis"
[[asset]]
id = "room"
kind = "room"
[[asset.binding]]
metric = "Entries/Total"
device = "xovis"
point = "entries"
"""


def test_counts_of_a_period_are_added_up() -> None:
    one = Binder(
        edge_settings.edge(edge_settings.HEAD + XOVIS),
        {("room", "Entries/Total"): Counter("xovis/entries", CounterState(40))},
    )
    counts = [3, 0, 5, 5]

    outcome = one.take(
        Sample("xovis", T + n * 1000, {"entries": Decoded(count, Quality.GOOD)}) for n, count in enumerate(counts)
    )

    assert [reading.value for reading in outcome.readings] == [43, 48, 53]
