"""Two centres of one operator, each with data of every kind, or one of them alone.

What somebody of one centre is answered must be the same whether the other centre is there or not: that judges ids,
names, counts and sums at once, without a list of what could leak.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.api import two_centres
from tests.api.conftest import NOW
from tests.support.databases import both
from tests.support.stores import commit

from sukusuku_core.model import Reading
from sukusuku_core.settings import parse
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_start
from sukusuku_server.db import Operations
from sukusuku_server.db.bookings import BookingRecords
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.findings import Findings
from sukusuku_server.db.forecasts import Forecasts
from sukusuku_server.db.issued_reports import IssuedReports
from sukusuku_server.db.modes import ModeKind, Modes
from sukusuku_server.db.rooms import RoomRecords
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.db.stock import Stock, StockKind
from sukusuku_server.db.visit_requests import Requests
from sukusuku_server.model.bookings import Booked, Bookings, Cover
from sukusuku_server.model.collection import (
    Calibration,
    Correction,
    CorrectionKind,
    Emptying,
    Evidence,
    Finding,
    FindingName,
    Forecast,
    Method,
    Outcome,
)
from sukusuku_server.model.issued import IssuedReport, ReportKind
from sukusuku_server.model.rounds import Answer, Person, Plan, Reason, Run, Stop
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries.sqlite import SqliteStore

TODAY = date(2026, 11, 18)
MIDNIGHT = day_start(TODAY)
OCTOBER = day_start(date(2026, 10, 5))
KANJI = {"tobu": "東", "seibu": "西"}
CLERK = {"tobu": "東野", "seibu": "西野"}
"""Who enters things at a centre."""
PLACES = {"tobu": (35.731, 139.731), "seibu": (35.725, 139.685)}
ROUND = "main"
"""The round to every centre; each has one of its own besides."""

_OPERATOR = """
[operator]
id = "toshima"
name = { ja = "としま市", en = "Toshima City" }
[web]
url = "http://sukusuku.example"
[[depot]]
id = "yard"
name = { ja = "車庫", en = "Yard" }
lat = 35.75
lon = 139.71
[[vehicle]]
id = "van"
name = { ja = "バン", en = "Van" }
depot = "yard"
[[round]]
id = "main"
name = { ja = "定期回収", en = "Main round" }
vehicle = "van"
[routing]
seconds = 0.02
[bookings]
folder = "bookings"
"""
_ROUND = """
[[round]]
id = "{site}-round"
name = {{ ja = "{kanji}部回収", en = "{site} round" }}
vehicle = "van"
sites = ["{site}"]
crew = [{{ name = "{kanji}山", mail = "crew@{site}.example" }}]
"""
_FEED = """
[[bookings.feed]]
id = "{site}-feed"
url = "https://{site}.example/bookings.csv"
room = "{site}-room"
"""
_SITE = """
[[site]]
id = "{site}"
opening = {{ {hours} }}
name = {{ ja = "{kanji}部こども家庭センター", en = "{site} Centre" }}
place = {{ lat = {lat}, lon = {lon} }}
[[site.unit]]
id = "{site}-unit-1"
name = {{ ja = "{kanji}圧縮機1", en = "{site} unit 1" }}
edge = "{site}-pi"
[[site.unit]]
id = "{site}-unit-2"
name = {{ ja = "{kanji}圧縮機2", en = "{site} unit 2" }}
edge = "{site}-pi"
[[site.room]]
id = "{site}-room"
name = {{ ja = "{kanji}保育室", en = "{site} room" }}
edge = "{site}-pi"
capacity = 10
[[site.room.change]]
date = 2026-10-12
note = {{ ja = "{kanji}の棚", en = "{site} shelves" }}
[[site.room.zone]]
id = "{site}-eating"
name = {{ ja = "食事", en = "Eating" }}
capacity = 4
"""


_HOURS = ", ".join(f'{day} = ["12:00-21:00"]' for day in ("mon", "tue", "wed", "thu", "fri"))


@dataclass(frozen=True, slots=True)
class Things:
    """The ids of what a centre has, by the names of the parameters of paths."""

    site: str
    ids: dict[str, int]

    @property
    def path(self) -> dict[str, object]:
        """Return a value for every parameter of a path."""
        site = self.site
        named = {"site_id": site, "site": site, "unit_id": f"{site}-unit-1", "room_id": f"{site}-room"}
        return {**named, "round_id": f"{site}-round", "day": "2026-11-20", **self.ids}


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The databases of a facility, and the ids of what each of its centres has."""

    facility: Facility
    store: SqliteStore
    operations: Operations
    things: dict[str, Things]


def facility(sites: Sequence[str]) -> Facility:
    """The operator with these centres."""
    parts = [_OPERATOR]
    for part in (_FEED, _ROUND, _SITE):
        for site in sites:
            lat, lon = PLACES[site]
            parts.append(part.format(site=site, kanji=KANJI[site], lat=lat, lon=lon, hours=_HOURS))
    return parse("".join(parts), Facility, "facility.toml")


def make(folder: Path, sites: Sequence[str]) -> Neighbours:
    """The operator with these centres and their data: of the first one it is the same whether a second one follows."""
    store, operations = both(folder)
    things = {}
    for site in sites:
        ids = _fill(store, operations, site, bias=list(KANJI).index(site))
        if site == sites[0]:
            run = Rounds(operations).put(_plan(ROUND, sites, days=1))
        things[site] = Things(site, ids | {"common_run": run.id})
    _report(operations, None)
    return Neighbours(facility(sites), store, operations, things)


def _fill(store: SqliteStore, operations: Operations, site: str, bias: int) -> dict[str, int]:
    """`bias` makes the numbers of one centre other ones than those of another."""
    unit, second, room, who = f"{site}-unit-1", f"{site}-unit-2", f"{site}-room", CLERK[site]
    readings = [
        *two_centres.unit(unit, NOW - 12_000, level=57.0 + bias),
        *two_centres.unit(second, NOW - 4_000, level=84.0 + bias, film=8.0),
        *two_centres.room(room, NOW - 8_000, 9 + bias, 6 + bias, **{f"{site}-eating": 2}),
        Reading(f"{site}-pi", "Buffer/Rows", NOW - 5_000, 3 + bias),
    ]
    commit(store, readings, NOW)
    _derive(store, unit, room, f"{site}-eating", bias)
    fired = [
        two_centres.fire(operations, rule, asset, NOW - 20 * MINUTE_MS, 84.0 + bias)
        for rule, asset in (
            ("collection", second), ("room_over_capacity", room), ("stock_low", site), ("unit_fault", unit),
        )
    ]  # fmt: skip
    operations.acknowledge(fired[-1].id, who, NOW - 10 * MINUTE_MS)
    emptied = Emptyings(operations).replace_detected(unit, MIDNIGHT - 30 * DAY_MS, NOW, [_emptying(unit, 2, bias)])
    said = Emptyings(operations).replace_detected(second, MIDNIGHT - 30 * DAY_MS, NOW, [_emptying(second, 5, bias)])
    Emptyings(operations).confirm(said[0].id, who, NOW, f"{KANJI[site]}の袋")
    found = [(unit, FindingName.HAND_STUFFED), (room, FindingName.MORE_LEAVE)]
    for asset, name in found:
        detail = f"{KANJI[site]} {50 + bias} %"
        Findings(operations).replace(asset, MIDNIGHT, NOW, [Finding(asset, name, MIDNIGHT + HOUR_MS, None, detail)])
    forecast = Forecast(unit, MIDNIGHT - 3 * DAY_MS, Method.MODEL, 50.0, 20.0, 31.0, 40.0)
    outcome = Outcome(unit, MIDNIGHT - 3 * DAY_MS, 30.0 + bias)
    Forecasts(operations).replace(unit, MIDNIGHT - 9 * DAY_MS, MIDNIGHT, [forecast], [outcome])
    modes = [
        Modes(operations).start(kind, subject, now=NOW, until=NOW + DAY_MS, who=who, reason=f"{KANJI[site]}の工事")
        for kind, subject in (
            (ModeKind.SILENCE, unit), (ModeKind.SILENCE, room), (ModeKind.OUTBREAK, site),
            (ModeKind.RETIRED, f"{second}/Temperature"),
        )
    ]  # fmt: skip
    asked = Requests(operations).ask(unit, who, NOW - HOUR_MS)
    Stock(operations).count(site, StockKind.BAG, 40 + bias, who, NOW - 3 * DAY_MS)
    Stock(operations).deliver(site, StockKind.FILM, 4 + bias, who, NOW - 2 * DAY_MS)
    counted = RoomRecords(operations).enter(Calibration(room, NOW - HOUR_MS, 6, 2, who, f"{KANJI[site]}の数"), NOW)
    fixed = Correction(room, NOW - 2 * HOUR_MS, CorrectionKind.RESET, "children", 1, 0, f"{KANJI[site]}")
    RoomRecords(operations).replace(room, NOW - DAY_MS, NOW, [fixed])
    booked = Booked(room, MIDNIGHT + DAY_MS + 9 * HOUR_MS, MIDNIGHT + DAY_MS + 12 * HOUR_MS, 12 + bias)
    cover = Cover(room, MIDNIGHT + DAY_MS, MIDNIGHT + 2 * DAY_MS)
    taken = BookingRecords(operations).take(Bookings((booked,), (cover,), 1), "upload", who, NOW)
    assert taken is not None
    run = _told(operations, site)
    return {
        "alert_id": fired[0].id,
        "room_alert": fired[1].id,
        "emptying_id": emptied[0].id,
        "mode_id": modes[0].id,
        "room_mode": modes[1].id,
        "request_id": asked.id,
        "entry_id": next(item.id for item in Stock(operations).said() if item.site == site),
        "count_id": counted.id,
        "import_id": taken.id,
        "run": run.id,
        "stop_id": Rounds(operations).stops(run.id)[0].id,
        "number": _report(operations, site),
    }


def _derive(store: SqliteStore, unit: str, room: str, zone: str, bias: int) -> None:
    points = []
    for hour in range(-12 * 24, 20):
        time = MIDNIGHT + hour * HOUR_MS
        inside = float((hour + bias) % 48)
        points += [
            Reading(unit, "Fill/Nappies", time, inside),
            Reading(unit, "Fill/Estimate", time, inside / 0.6),
            Reading(unit, "Fill/Confidence", time, 96.0),
            Reading(unit, "Forecast/Hours10", time, 20.0 + bias),
            Reading(unit, "Forecast/Hours50", time, 30.0),
            Reading(unit, "Forecast/Hours90", time, 40.0),
            Reading(unit, "Bag/Age", time, inside),
        ]
    store.put_derived(unit, MIDNIGHT - 13 * DAY_MS, NOW, points)
    people = []
    for day in (*range(12), *range(36, 45)):
        for minute in range(12 * 60, 18 * 60, 30):
            time, count = OCTOBER + day * DAY_MS + minute * MINUTE_MS, float(7 + bias + day % 2)
            told = {
                "Occupancy/ChildrenCorrected": count,
                "Occupancy/Completeness": 100.0,
                f"Zones/{zone}/Corrected": 2.0,
            }
            people += [Reading(room, metric, time, value) for metric, value in told.items()]
    store.put_derived(room, OCTOBER - 1, NOW, people)


def _emptying(unit: str, days: int, bias: int) -> Emptying:
    time = MIDNIGHT - days * DAY_MS + 15 * HOUR_MS
    return Emptying(unit, time, 80.0 + bias, 48.0 + bias, (Evidence.LEVEL, Evidence.LID), 0.98)


def _told(operations: Operations, site: str) -> Run:
    """The round of one centre: its crew was told and accepted, and has answered for a stop."""
    book = Rounds(operations)
    crew = Person(0, 1, f"{KANJI[site]}山", f"crew@{site}.example", "ja", NOW)
    run = book.issue(_plan(f"{site}-round", [site], days=2), [crew], lambda _, __: (), NOW)
    assert run is not None
    book.accept(run.id, crew.name, NOW, run.people[0].id)
    book.answer(book.stops(run.id)[1].id, Answer.CANNOT, crew.name, NOW, f"{KANJI[site]}の門")
    return run


def _plan(name: str, sites: Sequence[str], days: int) -> Plan:
    begins, stops = MIDNIGHT + days * DAY_MS, []
    for place, site in enumerate(reversed(sites)):
        for n in (1, 2):
            goes = n == 1
            stops.append(
                Stop(
                    asset=f"{site}-unit-{n}",
                    site=site,
                    joined=goes,
                    reason=Reason.BEFORE_NEXT if goes else Reason.ENOUGH_ROOM,
                    position=place + 1 if goes else None,
                    arrives=begins + 14 * HOUR_MS if goes else None,
                    deadline=begins + 20 * HOUR_MS,
                    percent=62.0,
                    percent_then=71.0,
                    confidence=96.0,
                    bags=1,
                    kg=7.2,
                )
            )
    stops.sort(key=lambda stop: sites.index(stop.site))
    return Plan(
        name,
        date.fromordinal(TODAY.toordinal() + days),
        begins + 8 * HOUR_MS,
        begins + 13 * HOUR_MS,
        begins + 17 * HOUR_MS,
        "van",
        tuple(stops),
        11.4 * len(sites),
        47.0 * len(sites),
        f"{len(sites)} stops; ways: great circle x 1.35 at 22 km/h",
    )


def _report(operations: Operations, site: str | None) -> int:
    """A report that was issued. Its files are no more than what tells whose it is."""
    records, whose = IssuedReports(operations), CLERK.get(site or "", "本庁")
    kind, note = ReportKind.ROOMS, f"{whose}の報告"
    report = IssuedReport(0, kind, "2026-10", site, "ja", NOW, whose, note, None, "a" * 64, "b" * 64)
    number = records.reserve(report)
    content = f"report of {whose}".encode()
    records.issue(number, b"[]", {"csv": content, "xlsx": content}, whose, NOW)
    return number
