"""Colours, words and widths of a drawn board, shared by all kinds of panels."""

from collections.abc import Mapping, Sequence
from typing import Any

COLOURS = {
    "semi-dark-green": "#37872d",
    "semi-dark-orange": "#fa6400",
    "semi-dark-red": "#e02f44",
    "semi-dark-blue": "#3274d9",
}
PALETTE = ("#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#96d98d", "#ca95e5", "#ffa6b0")
UNITS = {"percent": "%", "lengthkm": " km", "decmbytes": " MB"}

Shown = Mapping[str, Sequence[tuple[int, float]]]
"""Series by what they are called: time and value of each point."""
Size = tuple[float, float]
"""Pixels."""


def text_of(panel: Mapping[str, Any], value: float) -> str:
    """A value in words, or with its unit."""
    defaults = panel["fieldConfig"]["defaults"]
    for mapping in defaults.get("mappings", []):
        if mapping["type"] == "value" and str(int(value)) in mapping["options"]:
            return str(mapping["options"][str(int(value))]["text"])
    unit = defaults["unit"]
    after = " " + unit.removeprefix("suffix:") if unit.startswith("suffix:") else UNITS.get(unit, "")
    return f"{value:.{defaults.get('decimals', 0 if value == int(value) or value >= 100 else 1)}f}{after}"


def colour_of(panel: Mapping[str, Any], value: float) -> str:
    """The colour of a value, by its word or by its threshold."""
    defaults = panel["fieldConfig"]["defaults"]
    for mapping in defaults.get("mappings", []):
        if mapping["type"] == "value" and str(int(value)) in mapping["options"]:
            return COLOURS[mapping["options"][str(int(value))]["color"]]
    found = "#73bf69"
    for step in defaults.get("thresholds", {}).get("steps", []):
        if step["value"] is None or value >= step["value"]:
            found = COLOURS[step["color"]]
    return found


def width_of(text: str) -> float:
    """Width of a letter in its height."""
    return 1.0 if any(ord(letter) > 0x2000 for letter in text) else 0.56
