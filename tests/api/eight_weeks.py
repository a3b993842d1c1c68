"""Eight weeks of collection for the tests: two units that fill by themselves, emptyings, a round with answers."""

from dataclasses import replace
from datetime import date

from sukusuku_core.model import Reading
from sukusuku_core.time import DAY_MS, day_start
from sukusuku_server.db import Operations
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.findings import Findings
from sukusuku_server.db.forecasts import Forecasts
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.model.collection import Emptying, Evidence, Finding, FindingName, Forecast, Method, Outcome
from sukusuku_server.model.rounds import Plan, Reason, Run, Stop
from sukusuku_server.timeseries.sqlite import SqliteStore

HOUR = 3_600_000
TODAY = date(2026, 11, 18)
MIDNIGHT = day_start(TODAY)
"""The Wednesday of `conftest.NOW`."""
UNITS = ("tobu-unit-1", "tobu-unit-2")
WEEKS = 8
PER_HOUR = 1.5
"""Nappies that come in each open hour, 9-18 o'clock except on Sundays."""

ROUNDS = """
[[depot]]
id = "yard"
name = { ja = "車庫", en = "Yard" }
lat = 35.73
lon = 139.71
[[vehicle]]
id = "van"
name = { ja = "バン", en = "Van" }
depot = "yard"
[[round]]
id = "main"
name = { ja = "定期回収", en = "Main round" }
vehicle = "van"
"""


def live(store: SqliteStore, operations: Operations) -> None:
    """Fill and empty each unit every fourth day at 15 o'clock, as a derivation would have stored it."""
    for unit in UNITS:
        points, emptyings, inside = [], [], 0.0
        for day in range(-7 * WEEKS, 1):
            for hour in range(24):
                time = MIDNIGHT + day * DAY_MS + hour * HOUR
                if (day, hour) > (0, 20):
                    break
                if 9 <= hour < 18 and (day + 2) % 7 != 6:
                    inside += PER_HOUR
                left = max(0.0, (60 - inside) / PER_HOUR / 9 * 24)
                points += [
                    Reading(unit, "Fill/Nappies", time, inside),
                    Reading(unit, "Fill/Estimate", time, inside / 0.6),
                    Reading(unit, "Fill/Confidence", time, 96.0),
                    Reading(unit, "Forecast/Hours10", time, 0.8 * left),
                    Reading(unit, "Forecast/Hours50", time, left),
                    Reading(unit, "Forecast/Hours90", time, 1.3 * left),
                    Reading(unit, "Bag/Age", time, ((day + 4 * 99 + 1) % 4) * 24.0 + hour - 15),
                    Reading(unit, "Bag/HoursLeft", time, 72 - ((day + 4 * 99 + 1) % 4) * 24.0 - hour + 15),
                    Reading(unit, "Film/CyclesLeft", time, 320.0),
                    Reading(unit, "Film/DaysLeft", time, 41.0),
                ]
                if day % 4 == 3 and hour == 15:
                    taken = Emptying(unit, time, inside / 0.6, inside, (Evidence.LEVEL, Evidence.LID), 0.98)
                    emptyings.append(taken)
                    inside = 0.0
        start = MIDNIGHT - 7 * WEEKS * DAY_MS - 1
        store.put_derived(unit, start, MIDNIGHT + DAY_MS, points)
        Emptyings(operations).replace_detected(unit, start, MIDNIGHT + DAY_MS, emptyings)


def stuffed(operations: Operations) -> Finding:
    """Somebody presses nappies in by hand."""
    found = Finding(UNITS[0], FindingName.HAND_STUFFED, MIDNIGHT + 9 * HOUR, None, "level +12 % without cycles")
    Findings(operations).replace(UNITS[0], MIDNIGHT, MIDNIGHT + DAY_MS, [found])
    return found


def planned(operations: Operations, days: int = 1) -> Run:
    """The main round so many days from today: one unit is visited, the other one is not."""
    begins = MIDNIGHT + days * DAY_MS
    goes = Stop(
        asset=UNITS[0],
        site="tobu",
        joined=True,
        reason=Reason.BEFORE_NEXT,
        position=1,
        arrives=begins + 14 * HOUR,
        deadline=begins + 20 * HOUR,
        percent=62.0,
        percent_then=71.0,
        confidence=96.0,
        bags=1,
        kg=7.2,
    )
    skips = replace(
        goes,
        asset=UNITS[1],
        joined=False,
        reason=Reason.ENOUGH_ROOM,
        position=None,
        arrives=None,
        deadline=None,
        percent=31.0,
        percent_then=40.0,
    )
    plan = Plan(
        "main",
        date.fromordinal(TODAY.toordinal() + days),
        begins + 8 * HOUR,
        begins + 13 * HOUR,
        begins + 17 * HOUR,
        "van",
        (goes, skips),
        11.4,
        47.0,
        "one stop; ways: great circle x 1.35 at 22 km/h",
    )
    return Rounds(operations).put(plan)


def forecast(operations: Operations) -> None:
    """A fortnight of forecasts at noon: the model is an hour off, the simple rules are five and ten."""
    issued, outcomes = [], []
    for day in range(-14, 0):
        time = MIDNIGHT + day * DAY_MS + 12 * HOUR
        issued += [
            Forecast(UNITS[0], time, Method.MODEL, 50.0, 20.0, 31.0, 40.0),
            Forecast(UNITS[0], time, Method.LINEAR_24H, 50.0, None, 25.0, None),
            Forecast(UNITS[0], time, Method.LAST_WEEK, 50.0, None, 40.0, None),
        ]
        outcomes.append(Outcome(UNITS[0], time, 30.0 if day < -1 else 41.0))
    Forecasts(operations).replace(UNITS[0], MIDNIGHT - 15 * DAY_MS, MIDNIGHT, issued, outcomes)
