"""A value that a device has sent, in words. Pure."""

from sukusuku_core.model import Value
from sukusuku_server.i18n import Translate

_UNITS = {"1": "", "Cel": "°C"}
"""Units of the catalogue of metrics that people write otherwise."""


def told(value: Value | None, unit: str, translate: Translate) -> str:
    """Return a value with its unit; a dash: there is none."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return translate("yes") if value else translate("no")
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return f"{text} {_UNITS.get(unit, unit)}".strip()
