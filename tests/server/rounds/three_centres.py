"""A facility with three centres, one depot and one round, for the tests of planning."""

from datetime import date

from sukusuku_core.model import Reading
from sukusuku_core.settings import parse
from sukusuku_server.model.rounds import Candidate
from sukusuku_server.rounds.timetable import Timetable, Trip, working_days
from sukusuku_server.settings import Facility, Round, check
from sukusuku_server.timeseries.protocols import Store
from tests.server.rounds.plan_cases import DAY, HOUR, MINUTE, MORNING
from tests.support.stores import commit

TOWN = """
[operator]
id = "toshima"
name = {ja = "豊島区", en = "Toshima"}

[[depot]]
id = "yard"
name = {ja = "清掃事務所", en = "Yard"}
lat = 35.7300
lon = 139.7100

[[vehicle]]
id = "truck"
name = {ja = "回収車", en = "Truck"}
depot = "yard"
bags = 6
kg = 60

[[round]]
id = "north"
name = {ja = "北回り", en = "North round"}
vehicle = "truck"
days = ["mon", "wed", "fri"]

[[round.crew]]
name = "鈴木"
mail = "crew@example.jp"

[[site]]
id = "tobu"
name = {ja = "東部", en = "Tobu"}
place = {lat = 35.7400, lon = 139.7200}

[[site.unit]]
id = "tobu-unit-1"
name = {ja = "1号機", en = "Unit 1"}
edge = "tobu-pi"

[[site.unit]]
id = "tobu-unit-2"
name = {ja = "2号機", en = "Unit 2"}
edge = "tobu-pi"

[[site]]
id = "seibu"
name = {ja = "西部", en = "Seibu"}
place = {lat = 35.7200, lon = 139.6900}

[[site.unit]]
id = "seibu-unit-1"
name = {ja = "1号機", en = "Unit 1"}
edge = "seibu-pi"

[[site]]
id = "nanbu"
name = {ja = "南部", en = "Nanbu"}

[[site.unit]]
id = "nanbu-unit-1"
name = {ja = "1号機", en = "Unit 1"}
edge = "nanbu-pi"
"""


def town(*changes: tuple[str, str]) -> Facility:
    """The facility, with texts of its file replaced."""
    text = TOWN
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    facility = parse(text, Facility, "facility.toml")
    check(facility, "facility.toml")
    return facility


def north(**changes: object) -> Round:
    """The round, as in the town but with other values."""
    values: dict[str, object] = {"id": "north", "name": town().round[0].name, "vehicle": "truck"}
    return Round(**values | changes)  # type: ignore[arg-type]  # the tests change single fields by name


def trip(day: date = DAY) -> Trip:
    """The round on a day, by itself on Wednesday."""
    return Timetable(north(), working_days(town().calendar)).trip(day)


def candidate(asset: str = "tobu-unit-1", **changes: object) -> Candidate:
    """A unit with enough room, in an open centre."""
    values: dict[str, object] = {
        "asset": asset,
        "site": asset.split("-", 1)[0],
        "lat": 35.74,
        "lon": 139.72,
        "percent": 30.0,
        "percent_then": 35.0,
        "percent_high": 40.0,
        "confidence": 90.0,
        "kg": 3.2,
        "bags": 1,
        "full_by": trip().departs + 200 * HOUR,
        "hygiene_by": None,
    }
    return Candidate(**values | changes)  # type: ignore[arg-type]  # the tests change single fields by name


def derive(store: Store, asset: str, *, percent: float, hours: float, fault: int = 0, now: int = MORNING) -> None:
    """Put into the store that a unit is so full, and full in so many hours (early and median)."""
    readings = [
        Reading(asset, "Fill/Percent", now - MINUTE, percent),
        Reading(asset, "Fault/Code", now - MINUTE, fault),
    ]
    commit(store, readings, now)
    values = {"Fill/Estimate": percent, "Fill/Nappies": percent * 0.6, "Fill/Confidence": 90.0}
    values |= {"Forecast/Hours10": hours, "Forecast/Hours50": hours * 1.5, "Forecast/Hours90": hours * 2}
    store.put_derived(asset, 0, now, [Reading(asset, metric, now, value) for metric, value in values.items()])
