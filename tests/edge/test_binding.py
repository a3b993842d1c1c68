"""What devices say becomes values of metrics, births and deaths."""

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.model import Quality, Reading, Value
from sukusuku_core.profile import EnumValue, ModbusPoint
from sukusuku_core.registers import Decoded
from sukusuku_edge.binding import Binder, Outcome, declared
from sukusuku_edge.events import Cleared, Failure, Reachable, Rejected
from sukusuku_edge.fitting import Bound, convert
from tests.edge import edge_settings
from tests.edge.binders import BAD, GOOD, T, binder, failures, sample, taken

STALE = Quality.STALE
LASER = """
[[device]]
id = "laser"
profile = "dfrobot-sen0492"
host = "h"
[[asset]]
id = "unit-2"
kind = "unit"
[[asset.binding]]
metric = "Fill/Percent"
device = "laser"
point = "distance"
distance = {empty_mm = 900, full_mm = 150}
[[asset.binding]]
metric = "Fill/Distance"
device = "laser"
point = "distance"
"""
SHARED = """
[[asset]]
id = "unit-3"
kind = "unit"
[[asset.binding]]
metric = "Fill/Percent"
device = "board"
point = "fill_percent"
[[asset.binding]]
metric = "Temperature"
device = "second"
point = "temperature"
"""


def test_points_become_metrics_in_the_datatype_of_the_catalogue() -> None:
    got = taken(binder(), sample(fill_percent=42, cycle_counter=7, state=3, lid_open=True, serial="A1"))

    assert got == {
        ("unit-1", "Info/Source"): Reading("unit-1", "Info/Source", T, "simulated"),
        ("unit-1", "Fill/Percent"): Reading("unit-1", "Fill/Percent", T, 42.0),
        ("unit-1", "Cycles/Total"): Reading("unit-1", "Cycles/Total", T, 7),
        ("unit-1", "State"): Reading("unit-1", "State", T, 3),
        ("unit-1", "Lid/Open"): Reading("unit-1", "Lid/Open", T, value=True),
        ("unit-1", "Info/Serial"): Reading("unit-1", "Info/Serial", T, "A1"),
    }
    assert isinstance(got["unit-1", "Fill/Percent"].value, float)


@pytest.mark.parametrize(
    ("mm", "percent", "quality"),
    [(900, 0, GOOD), (150, 100, GOOD), (525, 50, GOOD), (40, 114.666667, GOOD), (4000, -413.333333, BAD)],
)
def test_a_distance_becomes_a_fill_level(mm: int, percent: float, quality: Quality) -> None:
    got = taken(binder(edge_settings.HEAD + LASER), sample(device="laser", distance=mm))

    assert got["unit-2", "Fill/Percent"] == Reading("unit-2", "Fill/Percent", T, percent, quality)
    assert got["unit-2", "Fill/Distance"].value == mm


def test_what_is_not_plausible_has_quality_bad() -> None:
    got = taken(binder(), sample(fill_percent=151, state=9, lid_open=None))

    assert got["unit-1", "Fill/Percent"] == Reading("unit-1", "Fill/Percent", T, 151.0, BAD)
    assert got["unit-1", "State"] == Reading("unit-1", "State", T, 9, BAD)
    assert got["unit-1", "Lid/Open"] == Reading("unit-1", "Lid/Open", T, None, BAD)


def test_names_of_a_devices_states_lead_to_our_numbers() -> None:
    bound = next(item for item in edge_settings.edge().bound if item.metric == "State")
    assert isinstance(bound.point, ModbusPoint)
    point = msgspec.structs.replace(bound.point, enum=(EnumValue(value=64, name="jam", ja="詰まり", en="jam"),))
    foreign = type(bound)(bound.asset, bound.metric, bound.row, bound.device, point)

    assert convert(foreign, Decoded(64, GOOD)) == (6, GOOD)
    assert convert(foreign, Decoded(2, GOOD)) == (2, GOOD)
    assert convert(foreign, Decoded(65, GOOD)) == (65, BAD)


@given(
    st.sampled_from(edge_settings.edge(edge_settings.WHOLE + LASER).bound),
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.text(min_size=1020, max_size=1030)),
    st.sampled_from(Quality),
)
def test_whatever_a_device_says_the_value_fits_the_metric(bound: Bound, value: Value | None, quality: Quality) -> None:
    got, judged = convert(bound, Decoded(value, quality))

    types = {4: int, 10: float, 11: bool, 12: str}
    assert got is None or type(got) is types[bound.row.datatype]
    assert got is not None or judged is not GOOD
    assert not isinstance(got, float) or math.isfinite(got)
    assert not isinstance(got, int) or -(2**63) <= got < 2**63
    assert judged is GOOD or quality is not GOOD or got is None or judged is BAD


# ---------------------------------------------------------------- life and death


def test_an_asset_is_up_with_the_first_sample() -> None:
    one = binder()

    assert one.take([sample(state=1)]).up == ["unit-1"]
    assert one.take([sample(T + 1, state=1)]).up == []


def test_a_dead_device_makes_its_metrics_stale_once_after_three_failures() -> None:
    one = binder()
    one.take([sample(fill_percent=40, state=1)])

    two = one.take(failures(2))
    third = one.take(failures(1, time=T + 10))
    more = one.take(failures(5, time=T + 20))

    assert (two.readings, two.down, one.errors) == ([], [], 8)
    assert {reading.metric: (reading.value, reading.quality) for reading in third.readings} == {
        "Fill/Percent": (40.0, STALE),
        "Cycles/Total": (None, STALE),
        "State": (1, STALE),
        "Lid/Open": (None, STALE),
        "Info/Serial": (None, STALE),
    }
    assert third.down == ["unit-1"]
    assert (more.readings, more.down, one.down) == ([], [], 1)


def test_a_device_that_comes_back_is_good_again_though_nothing_changed() -> None:
    one = binder()
    one.take([sample(state=1), *failures(3)])

    back = one.take([sample(T + 50, state=1)])

    assert back.up == ["unit-1"]
    assert [(reading.metric, reading.quality) for reading in back.readings] == [("State", GOOD)]
    assert one.down == 0


def test_a_success_in_between_begins_the_count_anew() -> None:
    one = binder()

    outcome = one.take([sample(state=1), *failures(2), sample(T + 5, state=1), *failures(2, time=T + 5)])

    assert outcome.down == []


def test_what_was_not_the_devices_fault_is_not_held_against_it() -> None:
    one = binder()

    outcome = one.take([sample(device="eye", region_1_count=1), *failures(2, "eye"), Reachable("eye", T + 3)])
    later = one.take(failures(2, "eye", T + 10))
    dead = one.take([*failures(1, "eye", T + 20), Reachable("eye", T + 30)])

    assert (outcome.down, later.down, dead.down) == ([], [], ["room"])
    assert (one.down, one.devices()[1].trouble) == (1, "no answer")


def test_an_asset_with_two_devices_is_down_when_both_are() -> None:
    second = edge_settings.BOARD.replace('"board"', '"second"')
    one = binder(edge_settings.HEAD + edge_settings.BOARD + second + SHARED)

    up = one.take([sample(fill_percent=1), sample(device="second", temperature=20.0)])
    half = one.take(failures(3))
    both = one.take(failures(3, "second"))

    assert (up.up, half.down, both.down) == (["unit-3"], [], ["unit-3"])


PATIENT = edge_settings.WHOLE.replace("silence = 0\ngood = 1\nchanges = 1000\n", "")


def dead(one: Binder, time: int) -> Outcome:
    return one.take(Failure("board", time + n * 10_000, "no answer: check power") for n in range(5))


def test_after_a_death_the_first_answer_is_not_yet_trusted() -> None:
    one = binder(PATIENT)
    one.take([sample(state=1)])
    gone = dead(one, T)

    first = one.take([sample(T + 60_000, state=2, cycle_counter=70)])
    second = one.take([sample(T + 70_000, state=2, cycle_counter=71)])

    assert gone.down == ["unit-1"]
    assert (first.readings, first.counters, first.up, one.down) == ([], {}, [], 0)
    assert second.up == ["unit-1"]
    assert {reading.metric: reading.value for reading in second.readings} == {"State": 2, "Cycles/Total": 71}


def test_a_sensor_is_believed_at_once_after_a_silence() -> None:
    one = binder(PATIENT)
    one.take([sample(device="eye", region_1_count=1)])
    one.take(Failure("eye", T + n * 20_000, "no broker") for n in range(5))

    back = one.take([sample(T + 200_000, "eye", region_1_count=2)])

    assert back.up == ["room"]
    assert [reading.value for reading in back.readings] == [2]


def test_a_device_that_comes_and_goes_is_told_once_and_its_values_go_on() -> None:
    one = binder(PATIENT)
    births = deaths = 0
    findings, values = [], []
    for n in range(12):
        base = T + n * 90_000
        for outcome in (one.take([sample(base, state=n % 7), sample(base + 10_000, state=n % 7)]), dead(one, base)):
            births, deaths = births + len(outcome.up), deaths + len(outcome.down)
            findings += outcome.findings
            values += [item.value for item in outcome.readings if item.metric == "State" and item.quality is GOOD]

    assert (births, deaths) == (3, 2)
    assert findings == ["board comes and goes: check its cable and power; no births and deaths until it is stable"]
    assert values == [n % 7 for n in range(12)]
    assert (one.unstable, one.down) == (1, 1)
    assert next((state.id, state.state, state.unstable, state.trouble) for state in one.devices()) == (
        "board",
        "does not answer",
        True,
        "no answer: check power",
    )


def test_up_and_down_in_one_batch_end_in_the_last_state() -> None:
    one = binder()

    down: Outcome = one.take([sample(state=1), *failures(3)])
    up: Outcome = one.take([sample(T + 9, state=1), *failures(3, time=T + 9), sample(T + 20, state=1)])

    assert (down.up, down.down) == ([], ["unit-1"])
    assert (up.up, up.down) == (["unit-1"], [])


def test_a_refused_message_counts_as_an_error_and_kills_nothing() -> None:
    one = binder()

    outcome = one.take([Rejected("eye", T + n, "not JSON") for n in range(5)])

    assert (one.errors, one.down, outcome.readings) == (5, 0, [])


def test_a_remark_goes_when_its_cause_is_gone() -> None:
    one = binder()
    one.take([sample(state=1), Rejected("board", T, "refused", "state"), Rejected("board", T, "no JSON", "topic")])
    assert one.devices()[0].trouble == "refused; no JSON"

    one.take([sample(T + 9, state=1), Cleared("board", T + 9, "topic"), Cleared("board", T + 9, "other")])
    assert one.devices()[0].trouble == "refused"

    one.take([Cleared("board", T + 10, "state")])
    assert one.devices()[0].trouble == ""


# ---------------------------------------------------------------- the node


def test_the_node_reports_itself_by_exception() -> None:
    one = binder()

    first = one.node(T, {"Buffer/Rows": 10, "Comm/Errors": 0})
    second = one.node(T + 1000, {"Buffer/Rows": 40, "Comm/Errors": 1})

    assert [reading.value for reading in first] == [10, 0]
    assert second == [Reading("tobu-pi", "Comm/Errors", T + 1000, 1)]


def test_births_declare_every_metric_that_may_come() -> None:
    found = declared(edge_settings.edge())

    assert set(found) == {"tobu-pi", "unit-1", "room"}
    assert set(found["unit-1"]) == {"Info/Source", "Fill/Percent", "Cycles/Total", "State", "Lid/Open", "Info/Serial"}
    assert set(found["tobu-pi"]) >= {"Buffer/Rows", "Info/Version"}
