"""The history of one series. The hot path: rows are encoded by msgspec, not by the web framework.

A long range takes its time, so the handler is a plain function: the framework calls it in a worker thread.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Query, Response

from sukusuku_api.dependencies import Context, Time, UnitsContext, between, invalid
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.routes import resource
from sukusuku_core import catalogue
from sukusuku_core.model import AssetKind, Quality, Value
from sukusuku_core.time import DAY_MS, japan_text, japan_time


class _Reading(msgspec.Struct):
    time: str
    value: Value | None
    quality: str


router = resource("/readings", "readings")

Step = Literal["raw", "5min", "hour", "day"]
RANGE_MS: Mapping[Step, int] = {"raw": 31 * DAY_MS, "5min": 31 * DAY_MS, "hour": 800 * DAY_MS, "day": 36_500 * DAY_MS}
"""The longest range per resolution; more is asked for in pieces."""

_TEXT = {name: name.name.lower() for name in Quality}
_EXAMPLE = {
    "asset": "tobu-unit-1",
    "metric": "Fill/Percent",
    "unit": "%",
    "resolution": "raw",
    "from": "2026-11-20T00:00:00+09:00",
    "to": "2026-11-21T00:00:00+09:00",
    "points": [{"time": "2026-11-20T09:15:30+09:00", "value": 72.5, "quality": "good"}],
    "next": None,
}
_POINT_SCHEMA = {
    "type": "object",
    "required": ["time"],
    "properties": {
        "time": {"type": "string", "format": "date-time", "description": "The start of what a row sums up"},
        "value": {"type": ["number", "boolean", "string", "null"], "description": "raw; null unless quality is good"},
        "quality": {"type": "string", "enum": list(_TEXT.values()), "description": "raw"},
        **{name: {"type": "number", "description": "not raw"} for name in ("count", "mean", "low", "high", "last")},
    },
}
_SCHEMA = {
    "type": "object",
    "required": list(_EXAMPLE),
    "properties": {
        "asset": {"type": "string"},
        "metric": {"type": "string"},
        "unit": {"type": "string"},
        "resolution": {"type": "string", "enum": list(RANGE_MS)},
        "from": {"type": "string", "format": "date-time"},
        "to": {"type": "string", "format": "date-time"},
        "points": {"type": "array", "items": _POINT_SCHEMA},
        "next": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "There is more than `limit`: ask again with this `from`",
        },
    },
}


@router.get(
    "",
    summary="Readings of one series",
    response_class=Response,
    responses={
        200: {"description": "Readings", "content": {"application/json": {"schema": _SCHEMA, "example": _EXAMPLE}}},
        **documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
    },
)
def readings(
    context: UnitsContext,
    asset: Annotated[str, Query(description="Id of a unit, room or edge node", examples=["tobu-unit-1"])],
    metric: Annotated[str, Query(description="Name from the metric catalogue", examples=["Fill/Percent"])],
    start: Annotated[
        Time,
        Query(
            alias="from", description="ISO 8601 (without offset: Japan's time) or UTC ms; default: a day before `to`"
        ),
    ] = None,
    end: Annotated[Time, Query(alias="to", description="As `from`; not included; default: now")] = None,
    resolution: Annotated[
        Literal["auto", "raw", "5min", "hour", "day"],
        Query(description="`auto`: raw up to 24 hours, hour up to 800 days, else day (in Japan)"),
    ] = "auto",
    limit: Annotated[int, Query(ge=1, le=50_000, description="Maximum number of points")] = 10_000,
) -> Response:
    """List raw readings, or rows with count, mean, lowest, highest and last value of their time, in order of time.

    The longest range is 31 days of raw readings or rows of five minutes, and 800 days of hours.
    """
    unit = _unit(context, asset, metric)
    first, stop = between(start, end, context.clock(), DAY_MS)
    step = _chosen(stop - first) if resolution == "auto" else resolution
    if stop - first > RANGE_MS[step]:
        days = RANGE_MS[step] // DAY_MS
        raise invalid("query.from", f"the range is longer than {days} days, the most at resolution `{step}`")
    points: list[_Reading] | list[dict[str, Any]]
    following: str | None = None
    if step == "raw":
        found = context.store.history.raw(asset, metric, first, stop, limit + 1)
        points = [_Reading(japan_text(it.time), it.value, _TEXT[it.quality]) for it in found[:limit]]
        following = japan_text(found[limit].time) if len(found) > limit else None
    else:
        history = context.store.history
        ways = {"5min": history.five_minutes, "hour": history.hourly, "day": history.daily}
        rows = ways[step](asset, metric, first, stop)
        points = [
            {"time": japan_time(h.time), "count": h.count, "mean": h.mean, "low": h.low, "high": h.high, "last": h.last}
            for h in rows[:limit]
        ]
        following = japan_text(rows[limit].time) if len(rows) > limit else None
    body = {
        "asset": asset,
        "metric": metric,
        "unit": unit,
        "resolution": step,
        "from": japan_time(first),
        "to": japan_time(stop),
        "points": points,
        "next": following,
    }
    return Response(msgspec.json.encode(body), media_type="application/json")


def _chosen(length: int) -> Step:
    """Return the resolution for a range of so many ms: the finest one that has not too many rows."""
    if length <= DAY_MS:
        return "raw"
    return "hour" if length <= RANGE_MS["hour"] else "day"


def _unit(context: Context, asset: str, metric: str) -> str:
    """Return the unit of a series that can exist. Raises ProblemError with what there is."""
    assets = context.index.assets.values()
    kinds = {found.id: found.kind for found in assets} | {found.edge: AssetKind.EDGE_NODE for found in assets}
    if asset not in kinds:
        detail = f"There is no asset {asset!r}."
        raise ProblemError(HTTPStatus.NOT_FOUND, detail, available=sorted(kinds))
    zones = context.index.rooms[asset][1].zone if asset in context.index.rooms else ()
    metrics = [
        name
        for pattern in catalogue.names(kinds[asset])
        for name in ([pattern.replace("*", zone.id) for zone in zones] if "*" in pattern else [pattern])
    ]
    known = catalogue.find(kinds[asset], metric)
    if metric not in metrics or known is None:
        detail = f"{asset} has no metric {metric!r}."
        raise ProblemError(HTTPStatus.NOT_FOUND, detail, available=metrics)
    return known.unit
