"""Line protocol and roll-ups, without a server."""

import math
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.catalogue import DataType
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.model.series import Row
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries.influx import rollups
from sukusuku_server.timeseries.influx.line_protocol import Layout, Lines, tag_value, typed
from sukusuku_server.timeseries.shipping_queue import Hour, Series

NAME = {"ja": "東部", "en": "Tobu"}
FACILITY = msgspec.convert(
    {
        "operator": {"id": "toshima", "name": NAME},
        "site": [
            {
                "id": "tobu",
                "name": NAME,
                "unit": [{"id": "unit-1", "name": NAME, "edge": "tobu-pi"}],
                "room": [{"id": "room", "name": NAME, "edge": "tobu-pi", "capacity": 10}],
            }
        ],
    },
    Facility,
)
SERIES = [
    Series(1, "unit-1", "Fill/Percent", DataType.DOUBLE),
    Series(2, "unit-1", "Cycles/Total", DataType.INT64),
    Series(3, "unit-1", "Lid/Open", DataType.BOOLEAN),
    Series(4, "unit-1", "Info/Serial", DataType.STRING),
    Series(5, "room", "Zones/eating/Count", DataType.INT64),
    Series(6, "tobu-pi", "Buffer/Rows", DataType.INT64),
    Series(7, "gone", "Fill/Percent", DataType.DOUBLE),
]


@pytest.fixture
def lines() -> Lines:
    made = Lines(Layout(FACILITY))
    made.know(SERIES)
    return made


@pytest.mark.parametrize(
    ("row", "line"),
    [
        ((5, 1, 41.5, 192), "reading,asset=unit-1,kind=unit,metric=Fill/Percent,site=tobu value=41.5 5"),
        ((5, 1, 1e-07, 192), "reading,asset=unit-1,kind=unit,metric=Fill/Percent,site=tobu value=1e-07 5"),
        ((5, 1, 999.5, 0), "reading,asset=unit-1,kind=unit,metric=Fill/Percent,site=tobu quality=0i,suspect=999.5 5"),
        ((5, 1, None, 192), "reading,asset=unit-1,kind=unit,metric=Fill/Percent,site=tobu quality=192i 5"),
        ((5, 1, None, 500), "reading,asset=unit-1,kind=unit,metric=Fill/Percent,site=tobu quality=500i 5"),
        (
            (5, 2, 2**53, 192),
            (
                "reading,asset=unit-1,kind=unit,metric=Cycles/Total,site=tobu "
                "value=9007199254740992,exact=9007199254740992i 5"
            ),
        ),
        ((5, 3, 1, 192), "reading,asset=unit-1,kind=unit,metric=Lid/Open,site=tobu value=1 5"),
        ((5, 4, 'a"b\\', 192), 'reading,asset=unit-1,kind=unit,metric=Info/Serial,site=tobu text="a\\"b\\\\" 5'),
        (
            (5, 5, 3, 192),
            "reading,asset=room,kind=room,metric=Zones/eating/Count,site=tobu,zone=eating value=3 5",
        ),
        ((5, 6, 0, 192), "reading,asset=tobu-pi,kind=edge_node,metric=Buffer/Rows,site=tobu value=0 5"),
        ((5, 7, 1.0, 192), "reading,asset=gone,metric=Fill/Percent value=1.0 5"),
    ],
)
def test_the_line_of_a_reading(lines: Lines, row: Row, line: str) -> None:
    assert lines.readings([row]) == [line]


@pytest.mark.parametrize(
    ("name", "tags"),
    [
        ("site/tobu", "asset=site/tobu,kind=site,metric=Emptied/Bags,site=tobu"),
        ("site/closed", "asset=site/closed,kind=site,metric=Emptied/Bags,site=closed"),
        ("round/main", "asset=round/main,kind=round,metric=Emptied/Bags"),
        ("host/sukusuku", "asset=host/sukusuku,kind=host,metric=Emptied/Bags"),
        ("unit-1", "asset=unit-1,kind=unit,metric=Emptied/Bags,site=tobu"),
    ],
)
def test_what_is_not_of_an_asset_has_a_kind_of_its_own_and_centres_their_site(
    lines: Lines, name: str, tags: str
) -> None:
    assert lines.derived(name, [(5, "Emptied/Bags", 2.0)]) == [f"derived,{tags} value=2.0 5"]


@given(st.text(max_size=20))
def test_a_tag_can_be_written_whatever_the_name_and_is_one_tag(name: str) -> None:
    written = Layout(FACILITY).tags(name, "State") if name else ""
    kept = tag_value(name)
    assert not re.search(r"[\x00-\x1f\x7f\\]", kept)
    assert tag_value(kept) == kept
    if name:
        fields = re.split(r"(?<!\\),", written)
        assert [re.split(r"(?<!\\)=", field, maxsplit=1)[0] for field in fields[1:]] == ["asset", "metric"]
        assert re.sub(r"\\([ ,=])", r"\1", fields[1].removeprefix("asset=")) == kept


_VALUES = {
    DataType.DOUBLE: st.floats(allow_nan=False),
    DataType.INT64: st.integers(-(2**63), 2**63 - 1),
    DataType.BOOLEAN: st.booleans(),
    DataType.STRING: st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
}


@given(
    st.sampled_from(sorted(_VALUES)).flatmap(lambda it: st.tuples(st.just(it), _VALUES[it])), st.sampled_from([192, 0])
)
def test_every_value_is_read_back_as_it_was(found: tuple[DataType, bool | float | str], quality: int) -> None:
    datatype, value = found
    if isinstance(value, float) and not math.isfinite(value):
        quality = 0
    made = Lines(Layout(FACILITY))
    made.know([Series(1, "unit-1", "State", datatype)])
    stored = int(value) if isinstance(value, bool) else value  # as SQLite gives it
    line = made.readings([(7, 1, stored, quality)])[0]
    back = typed(fields_of(line.partition(" ")[2].rpartition(" ")[0]), datatype)
    assert back == value
    assert type(back) is type(value)


def fields_of(text: str) -> dict[str, object]:
    """The fields of a line as InfluxDB reads them."""
    fields: dict[str, object] = dict.fromkeys(("value", "exact", "text", "suspect", "suspect_text", "quality"))
    for name, quoted, integer, number in re.findall(
        r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|(-?\d+)i|([-+.\de]+))(?:,|$)', text, re.DOTALL
    ):
        whole = re.sub(r'\\(["\\])', r"\1", quoted)
        fields[name] = int(integer) if integer else float(number) if number else whole
    return fields


@given(
    st.lists(
        st.tuples(st.integers(0, 3 * DAY_MS), st.sampled_from([1, 2]), st.floats(-1e6, 1e6)),
        min_size=1,
        unique_by=lambda it: it[:2],
    )
)
def test_days_are_what_their_hours_add_up_to_and_begin_at_midnight_in_japan(
    rows: list[tuple[int, int, float]],
) -> None:
    hours: list[Hour] = []
    for series, hour in sorted({(row[1], row[0] // HOUR_MS) for row in rows}):
        found = sorted((row[0], row[2]) for row in rows if (row[1], row[0] // HOUR_MS) == (series, hour))
        values = [value for _, value in found]
        hours.append(Hour(series, hour, len(found), sum(values), min(values), max(values), values[-1], found[-1][0]))
    days = rollups.daily(hours)
    assert sum(day.count for day in days) == len(rows)
    for day in days:
        assert (day.time + 9 * HOUR_MS) % DAY_MS == 0
        inside = sorted((it[0], it[2]) for it in rows if it[1] == day.series and day.time <= it[0] < day.time + DAY_MS)
        values = [value for _, value in inside]
        assert (day.count, day.low, day.high, day.last) == (len(values), min(values), max(values), values[-1])
        assert day.mean == pytest.approx(sum(values) / len(values), abs=1e-6)
