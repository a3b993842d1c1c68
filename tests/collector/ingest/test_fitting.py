"""A value changes its type only where it stays the same value."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_collector.ingest.fitting import fitted
from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Value

DOUBLE, INT, B, S = DataType.DOUBLE, DataType.INT64, DataType.BOOLEAN, DataType.STRING


@pytest.mark.parametrize(
    ("datatype", "value", "expected"),
    [
        (INT, 41, 41), (INT, 41.0, 41), (INT, -0.0, 0), (INT, "41", 41), (INT, " 41 ", 41), (INT, "41.0", 41),
        (INT, "-7", -7),
        (INT, 2**63 - 1, 2**63 - 1), (INT, str(2**63 - 1), 2**63 - 1),
        (DOUBLE, 41, 41.0), (DOUBLE, 41.5, 41.5), (DOUBLE, "41.5", 41.5), (DOUBLE, ".5", 0.5),
        (DOUBLE, "1e3", 1000.0), (DOUBLE, 2**53, 2.0**53),
        (B, 0, False), (B, 1, True), (B, 1.0, True), (B, "true", True), (B, "FALSE", False), (B, True, True),
        (S, "x", "x"), (S, 17, "17"), (S, 17.0, "17"),
        (DataType.DATETIME, 1_780_000_000_000.0, 1_780_000_000_000),
    ],
)  # fmt: skip
def test_what_fits_is_taken(datatype: DataType, value: Value, expected: Value) -> None:
    found = fitted(datatype, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("datatype", "value"),
    [
        (INT, 3.7), (INT, True), (INT, "3.7"), (INT, "12 mm"), (INT, ""), (INT, 2**63), (INT, 1e300),
        (INT, str(2**63)),
        (DOUBLE, True), (DOUBLE, 2**53 + 1), (DOUBLE, "full"), (DOUBLE, "1,5"), (DOUBLE, "nan"),
        (DOUBLE, "1e999"), (DOUBLE, "0x10"), (DOUBLE, "٤"),
        (B, 2), (B, -1), (B, 0.5), (B, "on"), (B, ""),
        (S, 1.5), (S, True),
    ],
)  # fmt: skip
def test_what_would_have_to_be_rounded_or_guessed_is_not(datatype: DataType, value: Value) -> None:
    assert fitted(datatype, value) is None


@given(
    st.sampled_from([INT, DOUBLE]),
    st.one_of(st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False)),
)
def test_a_number_stays_the_number_that_it_is(datatype: DataType, value: float) -> None:
    for form in (value, repr(value)):
        found = fitted(datatype, form)
        if found is not None:
            assert Fraction(found) == Fraction(value)
        elif datatype is INT:
            assert Fraction(value).denominator != 1 or not -(2**63) <= value < 2**63


@given(st.text(max_size=20), st.sampled_from(DataType))
def test_any_text_is_survived(text: str, datatype: DataType) -> None:
    fitted(datatype, text)
