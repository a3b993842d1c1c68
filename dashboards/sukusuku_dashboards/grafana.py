"""A board as Grafana's classic JSON: the one file that knows grafana-foundation-sdk.

Classic, because file provisioning in Grafana 13 refuses the newer schema and 9 to 12 read nothing else.
"""

import json
import warnings
from collections.abc import Mapping
from typing import Any

with warnings.catch_warnings():  # the library advises the newer schema
    warnings.simplefilter("ignore", DeprecationWarning)
    from grafana_foundation_sdk.builders import bargauge, common, stat, statetimeline, table, timeseries
    from grafana_foundation_sdk.builders import dashboard as build
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.variants import Dataquery
    from grafana_foundation_sdk.models import dashboard
    from grafana_foundation_sdk.models.common import (
        BarAlignment,
        BarGaugeDisplayMode,
        BarGaugeNamePlacement,
        BarGaugeValueMode,
        BigValueColorMode,
        BigValueGraphMode,
        BigValueTextMode,
        DataSourceRef,
        GraphDrawStyle,
        GraphThresholdsStyleMode,
        LineInterpolation,
        StackingMode,
        TableColoredBackgroundCellOptions,
        VizOrientation,
    )

from sukusuku_dashboards.board import HOURS, Board, Colour, Draw, Kind, Link, Panel, Playlist, Rows, Word
from sukusuku_dashboards.words import say, unit

SOURCE = "sukusuku-influxdb"
"""The uid of the data source that all boards read."""
HEAT = "value"
"""What the one series of a panel of kind HEAT is called."""
ROW_NAME = "${__cell_0} ${__cell_1}"
"""What a row is called: its first two columns. Without it, Grafana drops the name of a single bar."""
HEARD_AT = "[(]M/D HH:mm[)]"
"""When a row was heard last, as moment.js writes it."""
HOUR_WIDTH, DAY_WIDTH = 70, 50
"""Pixels of the column of hours, and at least of that of a day; Grafana's own least width does not hold a week."""
_BUILDERS: Mapping[Kind, Any] = {
    Kind.BARS: bargauge.Panel,
    Kind.HEAT: table.Panel,
    Kind.NUMBER: stat.Panel,
    Kind.STATES: statetimeline.Panel,
    Kind.LINES: timeseries.Panel,
}


class Target(Dataquery):
    """An InfluxQL query; the library has none."""

    def __init__(self, query: str, alias: str, *, rows: bool) -> None:
        self._query = query
        self._alias = alias
        self._format = "table" if rows else "time_series"

    def build(self) -> "Target":
        """Return self; the SDK expects a builder."""
        return self

    def to_json(self) -> dict[str, object]:
        """As Grafana keeps it."""
        return {
            "refId": "A",
            "datasource": {"type": "influxdb", "uid": SOURCE},
            "rawQuery": True,
            "query": self._query,
            "resultFormat": self._format,
            "alias": self._alias,
        }


def classic(board: Board) -> dict[str, Any]:
    """Return the JSON of a board."""
    made = (
        build.Dashboard(board.title)
        .uid(board.uid)
        .tags(["sukusuku", board.language, *board.tags])
        .timezone("Asia/Tokyo")
        .week_start("monday")
        .refresh(board.refresh)
        .time(f"now-{board.span}", "now")
        .readonly()
    )
    for link in (_others(board), *(_page(page) for page in board.pages.values())):
        made = made.link(link)
    for panel in board.panels:
        made = made.with_panel(_panel(panel, board))
    found: dict[str, Any] = json.loads(json.dumps(made.build(), cls=JSONEncoder))
    for panel in found.get("panels", []):
        panel["options"].pop("footer", None)  # the library writes one for tables, which Grafana 12 and 13 do not know
        if panel["type"] == Kind.STATES:
            panel["options"]["perPage"] = 0  # without pages, which the library cannot say; nobody turns them on a wall
    for link in [*found["links"], *(link for panel in found.get("panels", []) for link in panel["links"])]:
        link.pop("placement")  # the library puts links into a menu of Grafana 13, where nobody looks for them
    return found


def resource(playlist: Playlist) -> dict[str, Any]:
    """Return a playlist as Grafana keeps it since 12."""
    items = [{"type": "dashboard_by_uid", "value": uid} for uid in playlist.boards]
    return {
        "kind": "Playlist",
        "apiVersion": "playlist.grafana.app/v1",
        "metadata": {"name": playlist.uid},
        "spec": {"title": playlist.title, "interval": f"{playlist.seconds}s", "items": items},
    }


def _panel(panel: Panel, board: Board) -> Any:
    place, language = panel.place, board.language
    alias = HEAT if panel.kind is Kind.HEAT else panel.alias
    made = (
        _BUILDERS[panel.kind]()
        .title(panel.title)
        .description(panel.told)
        .datasource(DataSourceRef("influxdb", SOURCE))
        .with_target(Target(panel.query, alias, rows=panel.rows is not None))
        .grid_pos(dashboard.GridPos(place.height, place.width, place.x, place.y))
        .unit(unit(language, panel.unit))
        .links([_page(board.pages[panel.page or board.page])])
    )
    if panel.kind is not Kind.HEAT:  # its cells without data are empty: closed hours are no fault
        made = made.no_value(panel.no_value)
    made = _scaled(_looking(made, panel), panel)
    if mappings := _mappings(panel):
        made = made.mappings(mappings)
    if panel.since is not None:
        made = made.time_from(panel.since).hide_time_override(hide_time_override=True)
    if panel.rows is not None:
        return _rows(made, panel.rows, panel.names)
    if len(panel.names) == 1 and (name := next(iter(panel.names.values()))):
        made = made.display_name(name)  # Grafana leaves out the name of a single series
    if panel.kind is Kind.HEAT:
        return _heat(made, panel.names, unit(language, "hour_of_day"))
    return _named(made, panel)


def _rows(made: Any, rows: Rows, names: Mapping[str, str]) -> Any:
    """Show each row by its name and the time of its newest reading.

    Names are for texts, whatever the field: a name that is set for all fields is in the way of finding one by its own.
    """
    steps: list[tuple[str, Mapping[str, Any]]] = [
        ("formatTime", {"timeField": "Time", "outputFormat": HEARD_AT, "timezone": "Asia/Tokyo"}),
        (
            "organize",
            {"excludeByName": {}, "indexByName": {rows.tag: 0, "Time": 1, "now": 2}, "renameByName": {}},
        ),
    ]
    if rows.highest_first:
        steps.append(("sortBy", {"fields": {}, "sort": [{"field": "now", "desc": True}]}))
    if rows.only_silent:
        silent = {"id": "lower", "options": {"value": 0}}
        filters = {"filters": [{"fieldName": "now", "config": silent}], "type": "include", "match": "all"}
        steps.insert(0, ("filterByValue", filters))
    for name, options in steps:
        made = made.with_transformation(dashboard.DataTransformerConfig(id_val=name, options=options))
    called = {key: Word(name, Colour.PLAIN) for key, name in names.items()}
    texts = [json.loads(json.dumps(_values(called), cls=JSONEncoder))]
    made = made.display_name(ROW_NAME)
    return made.override_by_field_type("string", [dashboard.DynamicConfigValue("mappings", texts)])


def _scaled(made: Any, panel: Panel) -> Any:
    """Set the ends of the scale, its steps and its decimals."""
    if panel.decimals is not None:
        made = made.decimals(panel.decimals)
    if panel.low is not None:
        made = made.min(panel.low)
    if panel.high is not None:
        made = made.max(panel.high)
    if panel.steps:
        steps = [dashboard.Threshold(step.value, step.colour.value) for step in panel.steps]
        made = made.thresholds(build.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps))
        if panel.kind is Kind.LINES:
            dashed = common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
            made = made.thresholds_style(dashed)
    return made


def _looking(made: Any, panel: Panel) -> Any:
    """Return what makes a kind of panel readable from afar."""
    newest = common.ReduceDataOptions().calcs(["lastNotNull"])
    if panel.rows is not None:
        newest = newest.values(values=True).limit(panel.rows.most)
    if panel.title_size is not None:
        text = common.VizTextDisplayOptions().title_size(panel.title_size)
        made = made.text(text if panel.value_size is None else text.value_size(panel.value_size))
    if panel.kind is Kind.BARS:
        made = made.reduce_options(newest).orientation(VizOrientation.HORIZONTAL)
        made = made.display_mode(BarGaugeDisplayMode.BASIC)  # the whole bar says what its end means
        return made.name_placement(BarGaugeNamePlacement.TOP).value_mode(BarGaugeValueMode.COLOR)
    if panel.kind is Kind.NUMBER:
        made = made.reduce_options(newest).text_mode(BigValueTextMode.VALUE_AND_NAME)
        lines = panel.rows is not None and panel.rows.only_silent  # of which the names say all
        if lines:
            made = made.orientation(VizOrientation.HORIZONTAL)
        made = made.wide_layout(wide_layout=lines)  # else the name above the value, not beside it at half the size
        return made.color_mode(BigValueColorMode.BACKGROUND).graph_mode(BigValueGraphMode.NONE)
    if panel.kind is Kind.LINES:
        return _drawn(made.legend(common.VizLegendOptions().show_legend(show_legend=True)), panel.draw)
    return made


def _drawn(made: Any, draw: Draw) -> Any:
    """Lines; points; or bars that stand on each other and begin where their day begins."""
    if draw in {Draw.LINE, Draw.STAIRS}:
        linked = LineInterpolation.STEP_AFTER if draw is Draw.STAIRS else LineInterpolation.LINEAR
        return made.line_width(2).line_interpolation(linked)
    made = made.draw_style(GraphDrawStyle(draw.value))
    if draw is Draw.POINTS:
        return made.point_size(8)
    stacked = common.StackingConfig().mode(StackingMode.NORMAL)
    return made.stacking(stacked).bar_alignment(BarAlignment.AFTER).fill_opacity(70).line_width(0)


def _named(made: Any, panel: Panel) -> Any:
    for series, name in panel.names.items():
        wanted = [dashboard.DynamicConfigValue("displayName", name)]
        if series in panel.gaps:  # one threshold for all would be in the way of those of single series
            wanted.append(dashboard.DynamicConfigValue("custom.insertNulls", round(panel.gaps[series] * 1_000)))
        if panel.band is not None and series == panel.band[1]:
            wanted.append(dashboard.DynamicConfigValue("custom.fillBelowTo", panel.names[panel.band[0]]))
            wanted.append(dashboard.DynamicConfigValue("custom.fillOpacity", 20))
        made = made.override_by_name(series, wanted)
    return made


def _others(board: Board) -> build.DashboardLink:
    """Return the list of all boards of the same language."""
    link = build.DashboardLink(say(board.language)("Dashboards")).type(dashboard.DashboardLinkType.DASHBOARDS)
    return link.tags(["sukusuku", board.language]).as_dropdown(as_dropdown=True)


def _page(page: Link) -> build.DashboardLink:
    """Return a link to a page of ours."""
    return build.DashboardLink(page.text).type(dashboard.DashboardLinkType.LINK).url(page.address)


def _heat(made: Any, names: Mapping[str, str], hour_of_day: str) -> Any:
    """Turn the series into a table: a column for each weekday, a row for each hour of the day.

    InfluxQL knows no weekdays, so Grafana splits the time itself: it is written down as JSON and read again.
    """
    mean = f"{HEAT} (mean)"
    group, aggregate = (
        {"operation": "groupby", "aggregations": []},
        {"operation": "aggregate", "aggregations": ["mean"]},
    )
    for name, options in (
        (
            "formatTime",
            {"timeField": "Time", "outputFormat": '[{"d":"]E[","h":"]HH["}]', "timezone": "Asia/Tokyo"},
        ),
        ("extractFields", {"source": "Time", "format": "json", "replace": False}),
        ("groupBy", {"fields": {"d": group, "h": group, HEAT: aggregate}}),
        ("groupingToMatrix", {"columnField": "d", "rowField": "h", "valueField": mean, "emptyValue": "null"}),
        ("sortBy", {"fields": {}, "sort": [{"field": HOURS}]}),
        (
            "organize",
            {
                "excludeByName": {},
                "indexByName": {column: place for place, column in enumerate(names)},
                "renameByName": dict(names),
            },
        ),
    ):
        made = made.with_transformation(dashboard.DataTransformerConfig(id_val=name, options=options))
    colours = build.FieldColor().mode(dashboard.FieldColorModeId.CONTINUOUS_BL_YL_RD)
    hours = {
        "custom.cellOptions": {"type": "auto"},
        "unit": hour_of_day,
        "decimals": 0,
        "custom.width": HOUR_WIDTH,
    }
    return (
        made.cell_options(TableColoredBackgroundCellOptions())
        .min_width(DAY_WIDTH)
        .color_scheme(colours)
        .decimals(0)
        .override_by_name(names[HOURS], [dashboard.DynamicConfigValue(key, value) for key, value in hours.items()])
    )


def _mappings(panel: Panel) -> list[Any]:
    """Return the words for values, and for no value: it is grey, never in the colour of the lowest step."""
    found: list[Any] = [_values(panel.words)] if panel.words else []
    if panel.kind in {Kind.BARS, Kind.NUMBER, Kind.STATES}:
        found.append(_none(panel.no_value, Colour.OLD))
    elif panel.kind is Kind.HEAT:
        found.append(_none("", Colour.CLEAR))
    return found


def _none(text: str, colour: Colour) -> dashboard.SpecialValueMap:
    match = dashboard.SpecialValueMatch.NULL_AND_NAN
    result = dashboard.ValueMappingResult(text, colour.value, None, 0)
    return dashboard.SpecialValueMap(dashboard.DashboardSpecialValueMapOptions(match, result))


def _values(words: Mapping[int, Word] | Mapping[str, Word]) -> dashboard.ValueMap:
    return dashboard.ValueMap(
        {
            str(value): dashboard.ValueMappingResult(word.text, word.colour.value, None, number)
            for number, (value, word) in enumerate(words.items())
        }
    )
