"""A chunk gives back every reading bit for bit, and is small."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.errors import TransientError
from sukusuku_core.model import Value
from sukusuku_server.model.series import Row
from sukusuku_server.timeseries import chunks
from sukusuku_server.timeseries.columns import floats, floats_of, integers, integers_of

WHOLE = st.integers(-(2**63), 2**63 - 1)
DECIMALS = st.integers(-(10**6), 10**6).flatmap(lambda n: st.sampled_from([n / 10, n / 100, n / 1000]))
VALUES: st.SearchStrategy[Value | None] = st.one_of(
    DECIMALS, st.floats(), WHOLE, st.integers(0, 9), st.text(st.characters(exclude_categories=["Cs"])), st.none()
)
ROWS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(1, 4), VALUES, st.sampled_from([192, 0, 500])),
    min_size=1,
    unique_by=lambda row: row[:2],
)


def bits(value: Value | None) -> object:
    return struct.pack("d", value) if isinstance(value, float) else (type(value), value)


@given(ROWS)
def test_rows_come_back_bit_for_bit_in_order(rows: list[Row]) -> None:
    found = chunks.decode(chunks.encode(rows))
    expected = sorted(rows, key=lambda row: row[:2])
    assert [(*row[:2], row[3]) for row in found] == [(*row[:2], row[3]) for row in expected]
    assert [bits(row[2]) for row in found] == [bits(row[2]) for row in expected]


@given(ROWS, st.sets(st.integers(1, 4)), st.integers(0, 50), st.integers(0, 50))
def test_a_part_is_what_is_left_of_all(rows: list[Row], wanted: set[int], start: int, end: int) -> None:
    data = chunks.encode(rows)
    part = [row for row in chunks.decode(data) if row[1] in wanted and start <= row[0] < end]
    assert repr(chunks.decode(data, wanted, start, end)) == repr(part)


@given(st.lists(WHOLE))
def test_integers_come_back(values: list[int]) -> None:
    assert integers_of(integers(values)) == values


@given(st.lists(st.one_of(DECIMALS, st.floats())))
def test_floats_come_back(values: list[float]) -> None:
    assert [bits(it) for it in floats_of(floats(values))] == [bits(it) for it in values]


def test_ten_metrics_of_a_message_take_a_byte_each_at_most() -> None:
    rows: list[Row] = [
        (1_800_000_000_000 + n * 10_000, series, round(20 + n % 7 / 10 + series, 1), 192)
        for n in range(1000)
        for series in range(10)
    ]
    assert len(chunks.encode(rows)) < len(rows)


@pytest.mark.parametrize("place", [0, 20, -1])
def test_a_damaged_chunk_is_found(place: int) -> None:
    data = bytearray(chunks.encode([(n, 1, n / 3, 192) for n in range(50)]))
    data[place] ^= 0xFF
    with pytest.raises(TransientError, match="damaged"):
        chunks.decode(bytes(data))
