"""Numbers as columns of bytes that compress well, and back bit for bit. Pure.

Integers are kept as they are, or as their differences, in as few bytes as hold them all, all first bytes before all
second ones.
Floats are mostly decimal numbers with few digits: those are kept as integers, and the others as they are.
"""

import math
import sys
import zlib
from array import array
from collections.abc import Sequence
from itertools import accumulate, repeat
from operator import sub, truediv

import msgspec

_WIDTHS = (("b", 1), ("h", 2), ("i", 4), ("q", 8))
_DIGITS = range(7)
"""Digits after the point that are tried."""
_SAMPLE = 32
"""Floats by which the number of digits is chosen."""
_MOST_ODD = 4
"""When more than one in so many is no such decimal number, all are kept as they are."""
_EXACT = 1 << 53
_WORTH = 0.97
"""Steps must not take more than this part of what numbers take as they are."""


class Integers(msgspec.Struct, frozen=True, array_like=True):
    """A column of integers. `width`: bytes of each; `steps`: whether they are differences from the one before."""

    width: int
    steps: bool
    planes: bytes


class Floats(msgspec.Struct, frozen=True, array_like=True):
    """A column of floats. Without `scaled` all are in `others`; otherwise those at the places `odd` are."""

    digits: int
    scaled: Integers | None
    odd: Integers | None
    others: bytes


def integers(values: Sequence[int]) -> Integers:
    """Return a column of numbers of 64 bits: as steps where that takes less, else as they are, which is read sooner."""
    plain = _packed(values, steps=False)
    differences = [*values[:1], *map(sub, values[1:], values)]
    if len(values) <= 1 or max(differences) >= 1 << 63 or min(differences) < -(1 << 63):
        return plain
    steps = _packed(differences, steps=True)
    return steps if _size(steps) < _WORTH * _size(plain) else plain


def _size(column: Integers) -> int:
    return len(zlib.compress(column.planes, 1))


def _packed(values: Sequence[int], *, steps: bool) -> Integers:
    low, high = min(values, default=0), max(values, default=0)
    code, width = next(it for it in _WIDTHS if -(1 << 8 * it[1] - 1) <= low and high < 1 << 8 * it[1] - 1)
    return Integers(width, steps, _apart(array(code, values)))


def integers_of(column: Integers) -> list[int]:
    """Return the numbers of a column."""
    code = next(code for code, width in _WIDTHS if width == column.width)
    values: array[int] = array(code)
    _together(values, column.planes)
    return list(accumulate(values)) if column.steps else values.tolist()


def floats(values: Sequence[float]) -> Floats:
    """Return a column of floats."""
    for digits in _DIGITS:
        odd = sum(1 for it in values[:_SAMPLE] if _decimal(it, 10.0**digits) is None)
        if odd * _MOST_ODD <= min(_SAMPLE, len(values)):
            break
    scale, last = 10.0**digits, 0
    scaled: list[int] = []
    places: list[int] = []
    for place, value in enumerate(values):
        found = _decimal(value, scale)
        if found is None:
            places.append(place)
        else:
            last = found
        scaled.append(last)
    if len(places) * _MOST_ODD > len(values):
        return Floats(0, None, None, _apart(array("d", values)))
    others = _apart(array("d", [values[place] for place in places]))
    return Floats(digits, integers(scaled), integers(places) if places else None, others)


def floats_of(column: Floats) -> list[float]:
    """Return the numbers of a column."""
    others: array[float] = array("d")
    _together(others, column.others)
    if column.scaled is None:
        return others.tolist()
    values = list(map(truediv, integers_of(column.scaled), repeat(10.0**column.digits)))
    if column.odd is not None:
        for place, value in zip(integers_of(column.odd), others, strict=True):
            values[place] = value
    return values


def _decimal(value: float, scale: float) -> int | None:
    """Return the integer that is exactly this value when it is divided by the scale; None: there is none."""
    if not math.isfinite(value):
        return None
    found = round(value * scale) if abs(value) * scale < _EXACT else None
    if found is None or found / scale != value or (found == 0 and math.copysign(1.0, value) < 0):
        return None
    return found


def _apart(values: "array[int] | array[float]") -> bytes:
    """Return all first bytes, then all second ones, and so on."""
    if sys.byteorder == "big":
        values.byteswap()
    data, width = values.tobytes(), values.itemsize
    return data if width == 1 else b"".join(data[place::width] for place in range(width))


def _together(values: "array[int] | array[float]", planes: bytes) -> None:
    """Do the opposite: fill an empty array."""
    width = values.itemsize
    count = len(planes) // width
    data = bytearray(len(planes))
    for place in range(width):
        data[place::width] = planes[place * count : (place + 1) * count]
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
