"""What Grafana expects of a classic dashboard: its published schema, and beside it places, uids and what we use."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

import msgspec

from tests.dashboards.published import breaches

Uid = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,40}\Z")]
Text = Annotated[str, msgspec.Meta(min_length=1)]
Span = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]*[smhdwMy]\Z")]
Rows = Annotated[int, msgspec.Meta(ge=1)]
COLUMNS = 24
SHAPES = {"bargauge", "stat", "state-timeline", "table", "timeseries"}


class Strict(msgspec.Struct, kw_only=True):
    """A part whose wanted keys must be there."""


class Source(Strict):
    type: Literal["influxdb"]
    uid: Literal["sukusuku-influxdb"]


class Target(Strict, rename="camel"):
    ref_id: Literal["A"]
    datasource: Source
    raw_query: Literal[True]
    query: Annotated[str, msgspec.Meta(pattern=r"^SELECT .*\$(timeFilter|\{__to\}ms)")]
    result_format: Literal["time_series", "table"]
    alias: Text


class Grid(Strict):
    x: Annotated[int, msgspec.Meta(ge=0, lt=COLUMNS)]
    y: Annotated[int, msgspec.Meta(ge=0)]
    w: Rows
    h: Rows


class Threshold(Strict):
    value: float | None
    color: Text


class Thresholds(Strict):
    mode: Literal["absolute", "percentage"]
    steps: list[Threshold]


class Values(Strict, tag_field="type", tag="value"):
    options: dict[str, dict[str, Any]]


class NoValue(Strict):
    match: Literal["null+nan"]
    result: dict[str, Any]


class Special(Strict, tag_field="type", tag="special"):
    options: NoValue


class Defaults(Strict, rename="camel"):
    unit: Text
    no_value: Text | None = None
    display_name: Text | None = None
    min: float | None = None
    max: float | None = None
    thresholds: Thresholds | None = None
    mappings: list[Values | Special] = []


class Matcher(Strict):
    id: Literal["byName", "byType"]
    options: Text


class Property(Strict):
    id: Literal[
        "displayName",
        "unit",
        "decimals",
        "custom.width",
        "custom.fillBelowTo",
        "custom.fillOpacity",
        "custom.insertNulls",
        "mappings",
        "custom.cellOptions",
    ]
    value: Any


class Override(Strict):
    matcher: Matcher
    properties: Annotated[list[Property], msgspec.Meta(min_length=1)]


class FieldConfig(Strict):
    defaults: Defaults
    overrides: list[Override]


class Transformation(Strict):
    id: Literal["filterByValue", "formatTime", "extractFields", "groupBy", "groupingToMatrix", "sortBy", "organize"]
    options: dict[str, Any]


class Panel(Strict, rename="camel"):
    type: str
    title: Text
    description: Text
    datasource: Source
    targets: Annotated[list[Target], msgspec.Meta(min_length=1, max_length=1)]
    grid_pos: Grid
    field_config: FieldConfig
    options: dict[str, Any]
    time_from: Span | None = None
    transformations: list[Transformation] = []


class Time(Strict):
    from_: Annotated[str, msgspec.Meta(pattern=r"^now-[1-9][0-9]*[mhd]\Z")] = msgspec.field(name="from")
    to: Literal["now"]


class Link(Strict, rename="camel", kw_only=True):
    type: Literal["dashboards", "link"]
    title: Text
    url: str = ""
    tags: list[str]
    as_dropdown: bool
    include_vars: bool
    keep_time: bool
    target_blank: bool


class Dashboard(Strict, rename="camel"):
    uid: Uid
    title: Text
    tags: list[Text]
    timezone: Literal["Asia/Tokyo"]
    week_start: Literal["monday"]
    editable: Literal[False]
    refresh: Span
    schema_version: Annotated[int, msgspec.Meta(ge=38, le=42)]
    time: Time
    links: list[Link]
    panels: list[Panel] = []


def faults(boards: Iterable[dict[str, Any]]) -> list[str]:
    """What is wrong with all boards of a Grafana, in words; empty: nothing."""
    found: list[str] = []
    seen: set[str] = set()
    for content in boards:
        uid = content.get("uid", "")
        if uid in seen:
            found.append(f"{uid}: two boards have this uid")
        seen.add(uid)
        found += [f"{uid}: {it}" for it in breaches(content)]
        try:
            board = msgspec.convert(content, Dashboard)
        except msgspec.ValidationError as error:
            found.append(f"{uid}: {error}")
        else:
            found += [f"{uid}: {it}" for it in _panel_faults(board)]
    return found


def _panel_faults(board: Dashboard) -> Iterable[str]:
    taken: dict[tuple[int, int], str] = {}
    for panel in board.panels:
        at = panel.grid_pos
        cells = [(x, y) for x in range(at.x, at.x + at.w) for y in range(at.y, at.y + at.h)]
        if at.x + at.w > COLUMNS:
            yield f"{panel.title}: ends at column {at.x + at.w} of {COLUMNS}"
        if others := {taken[cell] for cell in cells if cell in taken}:
            yield f"{panel.title}: lies on {', '.join(sorted(others))}"
        taken.update(dict.fromkeys(cells, panel.title))
        if panel.type not in SHAPES:
            yield f"{panel.title}: Grafana 9 to 13 do not all have `{panel.type}`"
        thresholds = panel.field_config.defaults.thresholds
        steps = [] if thresholds is None else [step.value for step in thresholds.steps]
        rest = [value for value in steps[1:] if value is not None]
        if steps and (steps[0] is not None or len(rest) != len(steps) - 1 or rest != sorted(set(rest))):
            yield f"{panel.title}: thresholds {steps} do not rise from below"
