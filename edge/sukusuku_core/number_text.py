"""Numbers that a device sends as a text: with its unit, with a decimal comma, with thousands set apart. Pure.

A text is a number only where nobody could read it otherwise: `525,5` and `1.752,5` are, `1,752` is not.
"""

import re
import unicodedata
from typing import Literal

Decimal = Literal["", ".", ","]
"""What separates the decimals; empty: whatever the text itself leaves no doubt about."""

_UNITS: dict[str, dict[str, float]] = {
    "mm": {
        "mm": 1, "cm": 10, "dm": 100, "m": 1000, "in": 25.4, "inch": 25.4, "inches": 25.4, "ft": 304.8,
        "millimeters": 1, "centimeters": 10, "meters": 1000, "ミリ": 1, "センチ": 10, "メートル": 1000,
    },
    "Cel": {"Cel": 1, "C": 1, "°C": 1, "degC": 1, "deg C": 1, "度": 1, "度C": 1},
    "%": {"%": 1, "pct": 1, "percent": 1, "%RH": 1, "% RH": 1, "RH%": 1, "パーセント": 1},
    "W": {"W": 1, "mW": 0.001, "kW": 1000},
    "VA": {"VA": 1, "kVA": 1000},
    "var": {"var": 1, "VAr": 1, "kvar": 1000, "kVAr": 1000},
    "Wh": {"Wh": 1, "kWh": 1000, "MWh": 1_000_000},
    "V": {"V": 1, "mV": 0.001, "kV": 1000},
    "A": {"A": 1, "mA": 0.001},
    "Hz": {"Hz": 1, "kHz": 1000},
    "lx": {"lx": 1, "lux": 1, "Lux": 1, "klx": 1000},
    "Pa": {"Pa": 1, "hPa": 100, "mbar": 100, "kPa": 1000, "bar": 100_000},
    "g": {"g": 1, "kg": 1000},
    "s": {"s": 1, "sec": 1, "ms": 0.001, "min": 60, "h": 3600},
    "dB": {"dB": 1, "dBm": 1},
    "ppm": {"ppm": 1},
    "1": {
        "1": 1, "people": 1, "persons": 1, "person": 1, "times": 1, "counts": 1, "pcs": 1,
        "人": 1, "名": 1, "回": 1, "個": 1, "枚": 1, "件": 1,
    },
}  # fmt: skip
"""By kind: how units are written, and how many of the kind's first one each of them is."""
_KIND = {text: kind for kind, texts in _UNITS.items() for text in texts}
_ANY_CASE = {text.casefold(): text for text in _KIND} | dict.fromkeys(("mw", "mwh", "mv", "ma"), "")
"""Units as they stand there, by what is left of them where nobody minds capitals; empty where these tell milli and
mega apart."""
_SPLIT = re.compile(r"^(?P<number>[+-]?[\d.,' ]*\d[.,]?(?:[eE][+-]?\d+)?) ?(?P<unit>\D.*|)$", re.ASCII)
_PLAIN = re.compile(r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$", re.ASCII)
_GROUPED = r"[1-9]\d{{0,2}}(?P<group>[{other}' ])\d{{3}}(?:(?P=group)\d{{3}})*"
_SHAPES = {
    sign: re.compile(
        rf"^[+-]?(?:\d+|{_GROUPED.format(other=other)})(?:{re.escape(sign)}\d*)?(?:[eE][+-]?\d+)?$", re.ASCII
    )
    for sign, other in ((".", ","), (",", "."))
}
"""By decimal sign: the forms of a number, with or without thousands set apart."""
_LONGEST = 64
_SIGNS = str.maketrans({"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "\N{RIGHT SINGLE QUOTATION MARK}": "'"})


def read(text: str, unit: str, decimal: Decimal = "") -> tuple[float, bool] | None:
    """Return the number in a text, and whether the text names its unit: the number is then in `unit`.

    None when the text is no number, one that can be read in two ways, or one in a unit of another kind.
    """
    if len(text) > _LONGEST:
        return None
    plain = unicodedata.normalize("NFKC", text).translate(_SIGNS).strip()
    match = _SPLIT.match(plain)
    number = None if match is None else _number(match["number"].rstrip(), decimal)
    if match is None or number is None:
        return None
    named = match["unit"].strip()
    if not named or named == unit:
        return number, bool(named)
    named = named if named in _KIND else _ANY_CASE.get(named.casefold(), "")
    kind = _KIND.get(named)
    if kind is None or (unit and _KIND.get(unit) != kind):
        return None
    return (number * _UNITS[kind][named] / _UNITS[kind][unit] if unit else number), True


def _number(text: str, decimal: Decimal) -> float | None:
    if decimal != "," and _PLAIN.match(text):
        return float(text)
    readings = {number for sign in decimal or ".," if (number := _with(text, sign)) is not None}
    return readings.pop() if len(readings) == 1 else None


def _with(text: str, sign: str) -> float | None:
    """Return the number with this decimal sign."""
    match = _SHAPES[sign].match(text)
    if match is None:
        return None
    whole = text.replace(match["group"], "") if match["group"] else text
    return float(whole.replace(sign, "."))
