"""One value of a sensor's message, by what its point can be. Pure."""

import math
import re
from typing import Any

from sukusuku_core import number_text
from sukusuku_core.catalogue import Role
from sukusuku_core.model import Quality
from sukusuku_core.profile import JsonPoint, JsonType, Standing
from sukusuku_core.registers import Decoded
from sukusuku_core.sparkplug import MAX_STRING

NO_READING = Decoded(None, Quality.BAD)
_NOTHING = frozenset(
    {"", "-", "--", "---", "n/a", "na", "nan", "inf", "+inf", "-inf", "infinity", "-infinity", "none", "null"}
    | {"unknown", "unavailable"}
)
"""Texts, in lower case, by which a device or a bridge says that it has no reading."""
_SHOWN = 40
"""Characters of a value that an error shows."""
_QUANTITY = re.compile(r"\W{0,2}\d{1,6}(?:[.,]\d{1,6})?\s?[^\d\s]{0,4}")
"""A number, and a unit at most."""


def read(point: JsonPoint, raw: Any) -> Decoded | None:
    """Return what a value says.

    Raises ValueError with what was expected and found, when that is nothing that the point can be.
    """
    if isinstance(raw, dict | list):
        raise ValueError(f"{_expected(point)}, found {shown(raw)}")  # noqa: TRY004 - same error for every misfit
    if raw in point.invalid:
        return NO_READING
    match point.type:
        case JsonType.BOOL:
            return _switch(point, raw)
        case JsonType.TEXT:
            text = str(raw)
            if len(text) <= MAX_STRING:
                return Decoded(text, Quality.GOOD, raw)
        case _ if _says_nothing(raw):
            return NO_READING
        case _ if not isinstance(raw, bool):
            return _number(point, raw)
    raise ValueError(f"{_expected(point)}, found {shown(raw)}")


def _switch(point: JsonPoint, raw: Any) -> Decoded | None:
    word = raw.strip().lower() if isinstance(raw, str) else raw
    if word in point.true or word in point.false:
        return Decoded(word in point.true, Quality.GOOD, raw)
    if point.other is Standing.UNCHANGED:
        return None
    if _says_nothing(raw):
        return NO_READING
    raise ValueError(f"{_expected(point)}, found {shown(raw)}")


def _says_nothing(raw: Any) -> bool:
    if isinstance(raw, str):
        return raw.strip().lower() in _NOTHING
    return isinstance(raw, float) and not math.isfinite(raw)


def _expected(point: JsonPoint) -> str:
    match point.type:
        case JsonType.BOOL:
            return "one of " + ", ".join(map(str, (*point.true, *point.false)))
        case JsonType.TEXT:
            return f"a text of at most {MAX_STRING} characters"
        case _:
            return f"a number in {point.unit}" if point.unit not in {"", "1"} else "a number"


def shown(raw: Any) -> str:
    """Return what errors may say of a value: a number with its unit as it is, of any other text only its form.

    Objects, lists and texts may hold what could identify a child, and errors are kept in logs.
    """
    if isinstance(raw, dict | list):
        return "an object" if isinstance(raw, dict) else "a list"
    if isinstance(raw, str) and not _QUANTITY.fullmatch(raw):
        form = "".join("9" if sign.isdigit() else "a" if sign.isalpha() else sign for sign in raw[:_SHOWN])
        return f"a text of the form {form!r}{'...' if len(raw) > _SHOWN else ''}"
    text = repr(raw)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _number(point: JsonPoint, found: Any) -> Decoded:
    try:
        number = _scaled(point, found)
        value = round(number) if point.type is JsonType.INT else round(number, 9)
    except OverflowError:
        return NO_READING
    if not math.isfinite(value):
        return NO_READING
    low, high = point.valid or (-math.inf, math.inf)
    return Decoded(value, Quality.GOOD if low <= value <= high else Quality.BAD, found)


def _scaled(point: JsonPoint, raw: Any) -> float:
    """Return a number in the point's unit. What names its unit itself needs no scale.

    Raises ValueError (see `read`) and OverflowError when there is none.
    """
    if isinstance(raw, str):
        unit = point.unit or ("mm" if point.role is Role.LEVEL_DISTANCE else "")
        found = number_text.read(raw, unit, point.decimal)
        if found is None:
            raise ValueError(f"{_expected(point)}, found {shown(raw)}")
        number, complete = found
        if number in point.invalid:
            return math.nan
        return number if complete else number * point.scale + point.offset
    return float(raw) * point.scale + point.offset
