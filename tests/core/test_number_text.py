"""Numbers as texts: what is read, and that nothing is guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core import number_text
from sukusuku_core.number_text import Decimal


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("525", 525), (" 525 ", 525), ("-12.5", -12.5), ("+3", 3), ("1.5e3", 1500), (".5", 0.5), ("5.", 5),
        ("525,5", 525.5), ("-0,525", -0.525), ("1752,525", 1752.525), ("1.752,5", 1752.5), ("1,752.5", 1752.5),
        ("1,234,567", 1_234_567), ("1.234.567", 1_234_567), ("1 752", 1752), ("1\u202f752,5", 1752.5),
        ("1'752.5", 1752.5), ("1.752", 1.752), ("\uff15\uff12\uff15", 525), ("\u22125", -5),
    ],
)  # fmt: skip
def test_a_number_is_read_as_anybody_would(text: str, number: float) -> None:
    assert number_text.read(text, "mm") == (number, False)


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        ("525 mm", "mm", 525), ("1752mm", "mm", 1752), ("52,5 cm", "mm", 525), ("1.752 m", "mm", 1752),
        ("1,752.5 mm", "mm", 1752.5), ("525 mm", "m", 0.525), ("525 \u339c", "mm", 525), ("21.5 °C", "Cel", 21.5),
        ("21.5\u2103", "Cel", 21.5), ("80 %", "%", 80), ("80\uff05", "%", 80), ("1.2 kW", "W", 1200),
        ("500 Wh", "kWh", 0.5), ("12 people", "1", 12), ("12 人", "1", 12), ("7 rpm", "rpm", 7), ("525 mm", "", 525),
        ("525ミリ", "mm", 525), ("50㌢", "mm", 500), ("525㍉", "mm", 525), ("25.5度", "Cel", 25.5), ("12名", "1", 12),
        ("525 MM", "mm", 525), ("20 Inches", "mm", 508), ("12.5KG", "g", 12_500), ("1.2 kw", "W", 1200),
        ("500 mW", "W", 0.5), ("3 People", "1", 3), ("1’752.5 mm", "mm", 1752.5), ("–5,2 °C", "Cel", -5.2),
    ],
)  # fmt: skip
def test_a_unit_is_turned_into_that_of_the_point(text: str, unit: str, number: float) -> None:
    found = number_text.read(text, unit)

    assert found is not None
    assert found[0] == pytest.approx(number)
    assert found[1]


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("Invalid Reading", "mm"), ("No Sensor", "mm"), ("", "mm"), ("mm", "mm"), ("525 V", "mm"), ("20 °C", "%"),
        ("3 of 5", "1"), ("12:30", "1"), ("2025-10-09", "1"), ("1_000", "1"), ("0x1F", "1"), ("nan", "1"),
        ("inf", "1"), ("1,752", "mm"), ("-1,752 mm", "mm"), ("1,2,3", "mm"), ("1.2.3", "mm"), ("12 monkeys", ""),
        ("5 MW", "W"), ("5 ma", "A"),
        ("77.9 °F", "Cel"), ("約12人", "1"),
        ("5 5", "mm"), ("> 500", "mm"), ("9" * 100, "1"), ("5" + " " * 70_000 + "x", "1"),
    ],
)  # fmt: skip
def test_what_leaves_doubt_is_no_number(text: str, unit: str) -> None:
    assert number_text.read(text, unit) is None


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [("1,752", ",", 1.752), ("1,752", ".", 1752), ("1.752", ",", 1752), ("525.5", ",", None), ("525,5", ".", None)],
)
def test_a_profile_can_say_what_separates_decimals(text: str, decimal: Decimal, number: float | None) -> None:
    assert number_text.read(text, "mm", decimal) == (None if number is None else (number, False))


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["", " mm", "mm"]))
def test_every_number_that_a_device_prints_is_read_back(number: float, unit: str) -> None:
    assert number_text.read(f"{number!r}{unit}", "mm") == (number, bool(unit))


@given(st.text())
def test_no_text_raises_anything(text: str) -> None:
    number_text.read(text, "mm")
