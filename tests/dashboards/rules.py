"""Rules about boards, as data: what a real Grafana was seen to do to a board that does not keep them.

`lint` looks at the JSON alone, so that it holds for boards that were made or changed in any way.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sukusuku_dashboards.board import SILENT, Colour
from tests.dashboards.grafana_query import is_of_rows, shown_names

Json = Mapping[str, Any]
GAUGES = frozenset({"bargauge", "stat"})
STATES, HEAT, LINES = frozenset({"state-timeline"}), frozenset({"table"}), frozenset({"timeseries"})
ALL = GAUGES | STATES | HEAT | LINES
ROW, GAP, HEADER = 30, 8, 56
"""Pixels of a row of the grid, between rows, and of a panel's title and padding."""
SCREEN_ROWS = 26
"""With the borders and the footer of a kiosk they are less than 1080 pixels."""
LEAST_NAME, LEAST_VALUE, LEAST_HEAT = 24, 24, 14
"""Pixels of a name and of a value that are read from four metres; rows of a heat map."""
NAME_LINE, VALUE_LINE = 1.5, 1.15
"""Heights of a line by those of its letters."""
COLUMN, PADDING, LATIN, WIDE, NARROW, LINE = 71, 32, 0x2E7F, 1.0, 0.6, 1.2
"""Pixels of a column of the grid, and at the sides of a tile; widths of letters and height of lines by their size."""
LEAST_COLUMN = 50
"""Pixels; Grafana's own least width of a column is 150, with which seven days do not fit beside each other."""
COLOURS = {colour.value for colour in Colour}
MACROS = re.compile(r"\$(?!timeFilter\b|__interval\b|\{__to\}ms|/)")


@dataclass(frozen=True, slots=True)
class Rule:
    """`broken` tells whether a panel of one of these kinds breaks it; `seen` what Grafana then does."""

    name: str
    seen: str
    kinds: frozenset[str]
    broken: Callable[[Json, Json], bool]


@dataclass(frozen=True, slots=True)
class BoardRule:
    """A rule about a board as a whole."""

    name: str
    seen: str
    broken: Callable[[Json], bool]


def lint(boards: Sequence[Json]) -> list[str]:
    """Where a rule is broken, in words; empty: nowhere."""
    return [text for board in boards for text in _of(board)]


def _of(board: Json) -> Iterator[str]:
    for whole in BOARD_RULES:
        if whole.broken(board):
            yield f"{board['uid']}: {whole.name}: {whole.seen}"
    for panel in board["panels"]:
        for rule in RULES:
            if panel["type"] in rule.kinds and rule.broken(board, panel):
                yield f"{board['uid']}: {panel.get('title')}: {rule.name}: {rule.seen}"


# ------------------------------------------------------------ what the rules look at


def _defaults(panel: Json) -> Json:
    found: Json = panel["fieldConfig"]["defaults"]
    return found


def _query(panel: Json) -> str:
    return str(panel["targets"][0]["query"])


def _word(panel: Json, value: float | None) -> Json:
    """What is shown for a value; None: for none."""
    for mapping in _defaults(panel).get("mappings", []):
        options = mapping["options"]
        if mapping["type"] == "special" and value is None and options["match"] == "null+nan":
            return dict(options["result"])
        if mapping["type"] == "value" and value is not None and str(value) in options:
            return dict(options[str(value)])
    return {}


def _steps(panel: Json) -> list[Any]:
    return list(_defaults(panel).get("thresholds", {}).get("steps", []))


def _overrides(panel: Json, name: str) -> dict[str, Any]:
    """The values of a property by the series that they are for."""
    return {
        override["matcher"]["options"]: entry["value"]
        for override in panel["fieldConfig"]["overrides"]
        for entry in override["properties"]
        if entry["id"] == name
    }


def _steps_of(panel: Json, name: str) -> list[Json]:
    return [it["options"] for it in panel.get("transformations", []) if it["id"] == name]


def _on_wall(board: Json) -> bool:
    return "wall" in board["tags"]


def _asked_for(panel: Json) -> set[str]:
    """The values of the tag that the rows of a panel are about."""
    tag = re.findall(r'GROUP BY "(\w+)"$', _query(panel))
    return set(re.findall(rf"\"{tag[0]}\" = '([^']+)'", _query(panel))) if tag else set()


def _bars_are_low(board: Json, panel: Json) -> bool:
    count = min(len(shown_names(panel)), panel["options"]["reduceOptions"].get("limit", 25))
    height = panel["gridPos"]["h"] * (ROW + GAP) - GAP - HEADER
    text = panel["options"].get("text", {})
    needed = NAME_LINE * text.get("titleSize", LEAST_NAME) + VALUE_LINE * text.get("valueSize", LEAST_VALUE)
    return _on_wall(board) and height / max(count, 1) < needed


def _words_are_cut(_: Json, panel: Json) -> bool:
    """Whether the longest word is too large for a tile that has a panel of its own; its name takes two lines."""
    text = panel["options"].get("text", {})
    if "valueSize" not in text or len(shown_names(panel)) > 1:
        return False
    words = [_word(panel, SILENT).get("text", ""), *_texts(panel)]
    longest = max(sum(WIDE if ord(letter) > LATIN else NARROW for letter in word) for word in words)
    width, height = (panel["gridPos"][side] * (size + GAP) - GAP for side, size in (("w", COLUMN), ("h", ROW)))
    lines = math.ceil(longest * text["valueSize"] / (width - PADDING))
    return bool(LINE * (2 * text["titleSize"] + lines * text["valueSize"]) > height - HEADER)


def _texts(panel: Json) -> list[str]:
    return [
        str(word["text"])
        for mapping in _defaults(panel).get("mappings", [])
        if mapping["type"] == "value"
        for word in mapping["options"].values()
    ]


def _colours(panel: Json) -> set[str]:
    words = [
        word["color"]
        for mapping in _defaults(panel).get("mappings", [])
        for word in (mapping["options"].values() if mapping["type"] == "value" else [mapping["options"]["result"]])
    ]
    return {*words, *(step["color"] for step in _steps(panel))}


def _rise(values: Sequence[float | None]) -> bool:
    """Whether steps begin below everything and rise."""
    rest = [value for value in values if value is not None]
    return rest == sorted(set(rest)) and list(values) == [None, *rest][: len(values)]


def _waits_long(panel: Json) -> bool:
    """Whether a row may be days old and still count as new; what is written for a day is no more than two old."""
    found = re.findall(r"time >= \$\{__to\}ms - (\d+)s", _query(panel))
    return any(int(seconds) > 2 * 86_400 for seconds in found)


def _loses_a_single_name(_: Json, panel: Json) -> bool:
    names = list(_overrides(panel, "displayName").values())
    return not is_of_rows(panel) and len(names) == 1 and _defaults(panel).get("displayName") != names[0]


def _forgets_silence(_: Json, panel: Json) -> bool:
    if "sum(" in _query(panel):
        return False
    return not is_of_rows(panel) or f"* 0 + {SILENT} " not in _query(panel) or "now()" in _query(panel)


def _has_no_time(_: Json, panel: Json) -> bool:
    written = [(it["timeField"], it.get("timezone")) for it in _steps_of(panel, "formatTime")]
    return is_of_rows(panel) and written != [("Time", "Asia/Tokyo")]


def _order(panel: Json) -> list[str]:
    found = [it["indexByName"] for it in _steps_of(panel, "organize")]
    return sorted(found[-1], key=lambda name: int(found[-1][name])) if found else []


def _hours_look_like_values(_: Json, panel: Json) -> bool:
    units = _overrides(panel, "unit")
    (hours,) = units.values() if len(units) == 1 else ("percent",)
    return not str(hours).startswith("suffix:") or set(_overrides(panel, "decimals").values()) != {0}


# ------------------------------------------------------------ the rules

RULES = (
    Rule(
        "silence is grey", "a panel without data takes the colour of its lowest step: a silent centre was bright green",
        GAUGES | STATES,
        lambda _, it: _word(it, None) != {"text": _defaults(it).get("noValue"), "color": Colour.OLD.value, "index": 0},
    ),
    Rule(
        "a silent row is grey", "it shows the number that stands for silence, in the colour of the lowest step", GAUGES,
        lambda _, it: is_of_rows(it)
        and (_word(it, SILENT).get("color") != Colour.OLD.value or not _word(it, SILENT).get("text")),
    ),
    Rule(
        "silence is never missing", "a series without new data is not in the answer, and nobody misses it", GAUGES,
        _forgets_silence,
    ),
    Rule("silence has its age", "a row does not tell when it was heard last", GAUGES, _has_no_time),
    Rule(
        "every row has its name", "a row without a text shows its id, and one that nobody asked for is missing", GAUGES,
        lambda _, it: is_of_rows(it) and (_asked_for(it) != set(shown_names(it)) or not all(shown_names(it).values())),
    ),
    Rule(
        "the name comes before the time", "Grafana joins the texts of a row in the order of its columns", GAUGES,
        lambda _, it: is_of_rows(it) and (_order(it)[1:] != ["Time", "now"] or not set(_order(it)) & {"asset", "zone"}),
    ),
    Rule(
        "a single row keeps its name", "Grafana drops the name of a single bar that has it from its row", GAUGES,
        lambda _, it: is_of_rows(it) and _defaults(it).get("displayName") != "${__cell_0} ${__cell_1}",
    ),
    Rule(
        "names are found by type", "a name for all fields is in the way of an override for the field of ids", GAUGES,
        lambda _, it: is_of_rows(it)
        and [it["matcher"] for it in it["fieldConfig"]["overrides"]] != [{"id": "byType", "options": "string"}],
    ),
    Rule(
        "each row is shown", "values are reduced to one, and its name is lost", GAUGES,
        lambda _, it: is_of_rows(it) and it["options"]["reduceOptions"].get("values") is not True,
    ),
    Rule(
        "a single series keeps its name", "Grafana drops the name of a single series that has it from an override",
        GAUGES, _loses_a_single_name,
    ),
    Rule(
        "names are large on a wall", "names of 14 pixels are 7 mm on a screen of 43 inches", GAUGES,
        lambda board, it: _on_wall(board) and it["options"].get("text", {}).get("titleSize", 0) < LEAST_NAME,
    ),
    Rule(
        "a bar has one colour", "a gradient begins green on every bar, on a full one too", frozenset({"bargauge"}),
        lambda _, it: it["options"]["displayMode"] != "basic" or it["options"]["valueMode"] != "color",
    ),
    Rule(
        "bars are high on a wall", "a bar that is lower than its value cuts it off", frozenset({"bargauge"}),
        _bars_are_low,
    ),
    Rule(
        "the name is above the value", "a name beside the value takes half of its size", frozenset({"stat"}),
        lambda _, it: it["options"].get("wideLayout") is not (it["options"].get("orientation") == "horizontal")
        or it["options"]["textMode"] != "value_and_name",
    ),
    Rule(
        "a word fits into its tile", "a word as large as the number that it replaces covered the name and the title",
        frozenset({"stat"}), _words_are_cut,
    ),
    Rule(
        "nobody turns pages", "a pager stands on the wall for ever", STATES,
        lambda _, it: it["options"].get("perPage") != 0,
    ),
    Rule(
        "a state ends with silence", "the last state is drawn up to now", STATES,
        lambda _, it: set(_overrides(it, "custom.insertNulls")) != set(shown_names(it))
        or "insertNulls" in _defaults(it).get("custom", {}),
    ),
    Rule(
        "a line ends with silence", "a line joins the points before and after an outage", LINES,
        lambda board, it: _on_wall(board) and set(_overrides(it, "custom.insertNulls")) != set(shown_names(it)),
    ),
    Rule("hours are hours", "hours were written 0 %, 1 %, 2 %", HEAT, _hours_look_like_values),
    Rule(
        "closed hours are empty", "hours without data were full tiles in the colour of no use", HEAT,
        lambda _, it: _word(it, None).get("color") != Colour.CLEAR.value or "noValue" in _defaults(it),
    ),
    Rule(
        "every hour is seen", "hours after noon need a scroll bar", HEAT,
        lambda _, it: it["gridPos"]["h"] < LEAST_HEAT,
    ),
    Rule(
        "the whole week is seen", "Sunday was beyond a scroll bar, and half of Saturday", HEAT,
        lambda _, it: _defaults(it).get("custom", {}).get("minWidth") != LEAST_COLUMN,
    ),
    Rule(
        "what is told once is no all-clear", "a silent edge node was green, for it had told of nothing in a week",
        frozenset({"bargauge"}),
        lambda _, it: _waits_long(it) and Colour.GOOD.value in _colours(it),
    ),
    Rule(
        "colours are said", "a value of which nothing is said is bright green", GAUGES | STATES,
        lambda _, it: not _steps(it),
    ),
    Rule(
        "colours are told apart", "other colours look alike to the colour-blind", ALL,
        lambda _, it: not _colours(it) <= COLOURS,
    ),
    Rule(
        "steps rise", "Grafana takes the last step that fits, in their order", ALL,
        lambda _, it: not _rise([step["value"] for step in _steps(it)]),
    ),
    Rule("a panel explains itself", "nobody knows what a colour means", ALL, lambda _, it: not it.get("description")),
    Rule("a value has a unit", "a number without one means nothing", ALL, lambda _, it: not _defaults(it).get("unit")),
    Rule(
        "a value has its decimals", "their number changes from value to value", GAUGES | LINES | HEAT,
        lambda _, it: _defaults(it).get("decimals") is None,
    ),
    Rule(
        "a panel leads to a page of ours", "who sees it does not know where something can be done about it", ALL,
        lambda board, it: [link["url"] for link in it["links"]] not in [[link["url"]] for link in board["links"][1:]],
    ),
    Rule("no variables", "a viewer's link does not have them", ALL, lambda _, it: bool(MACROS.search(_query(it)))),
)  # fmt: skip

BOARD_RULES = (
    BoardRule(
        "a wall fits on a screen", "a scroll bar is on the wall for ever, in a playlist because of the footer",
        lambda it: _on_wall(it) and any(p["gridPos"]["y"] + p["gridPos"]["h"] > SCREEN_ROWS for p in it["panels"]),
    ),
    BoardRule(
        "boards lead to our pages", "nobody finds the page on which something can be done",
        lambda it: [link["type"] for link in it["links"]] != ["dashboards", "link", "link", "link"]
        or not all(re.match(r"https?://", link["url"]) for link in it["links"][1:]),
    ),
    BoardRule("no templates", "a viewer's link does not have them", lambda it: bool(it["templating"])),
)  # fmt: skip
