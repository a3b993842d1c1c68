"""From the datatype of a gateway to that of the catalogue, where the value fits exactly. Pure.

Gateways declare what their sources have: a counter may be an Int64, a Double or a text. A value that would have to be
rounded, or that only looks like a number, is not taken.
"""

import re

from sukusuku_core.catalogue import DataType
from sukusuku_core.model import Value

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
LONGEST = 40
"""Characters of a number."""
_WORDS = {"true": True, "false": False}
_LARGEST = 1 << 63


def fitted(datatype: DataType, value: Value) -> Value | None:
    """Return the same value as this datatype; None when there is none."""
    match datatype:
        case DataType.DOUBLE:
            return _double(value)
        case DataType.INT64 | DataType.DATETIME:
            return _integer(value)
        case DataType.BOOLEAN:
            return _boolean(value)
        case DataType.STRING:
            return _text(value)


def _number(value: Value) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if len(text) > LONGEST or not _NUMBER.fullmatch(text):
            return None
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    return value


def _double(value: Value) -> float | None:
    number = _number(value)
    if number is None or isinstance(number, float):
        return None if number in {float("inf"), float("-inf")} else number
    return float(number) if int(float(number)) == number else None


def _integer(value: Value) -> int | None:
    number = _number(value)
    if isinstance(number, float):
        if not number.is_integer():
            return None
        number = int(number)
    return number if number is not None and -_LARGEST <= number < _LARGEST else None


def _boolean(value: Value) -> bool | None:
    if isinstance(value, str):
        return _WORDS.get(value.strip().lower())
    return bool(value) if value in {0, 1} else None


def _text(value: Value) -> str | None:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        return None
    return value if isinstance(value, str) else str(int(value))
