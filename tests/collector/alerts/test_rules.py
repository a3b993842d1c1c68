"""Film, weight and stock; a metric that nobody misses any more; and where the engine gets what it knows from."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_collector.alerts.context import RuleContext, SharedContext, Supply
from sukusuku_collector.alerts.context_loader import SLOW_MS, Surroundings
from sukusuku_collector.alerts.engine import AlertEngine
from sukusuku_collector.alerts.rules import SITE_WAIT_MS, WATCHES
from sukusuku_collector.alerts.state_machine import Observation, Open, Sign
from sukusuku_core.errors import ConfigError
from sukusuku_core.model import Quality, Reading
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.modes import Mode, ModeKind, Modes
from sukusuku_server.db.stock import Stock, StockKind
from sukusuku_server.model.collection import Emptying, Evidence
from sukusuku_server.model.rules import Rule
from sukusuku_server.model.series import Latest, Point
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.rounds.timetable import timetables
from sukusuku_server.settings import check
from tests.collector.alerts.alert_cases import (
    FACILITY,
    HOUR,
    MINUTE,
    ROOM,
    SITE,
    T0,
    UNIT,
    facility,
    values,
)
from tests.support.databases import both, operations

OBSERVE = {watch.rule: watch.observe for watch in WATCHES}
PLACES = facility()
ASSET = next(asset for asset in PLACES.assets() if asset.id == UNIT)
DAY = 24 * HOUR


def unit(
    rule: Rule, latest: dict[str, Latest], around: SharedContext | None = None, alert: Open | None = None
) -> Sign | None:
    derived = {} if around is None else around.derived.get(UNIT, {})
    seen = OBSERVE[rule](RuleContext(ASSET, PLACES.alerts, latest, 0, 0, T0, derived, around or SharedContext(), alert))
    return None if seen is None else seen.sign


def site(rule: Rule, around: SharedContext, text: str = FACILITY) -> Observation | None:
    places = facility(text)
    return OBSERVE[rule](RuleContext(places.site[0], places.alerts, {}, 0, 0, T0, {}, around))


OPEN = Open(firing=True, since=T0 - HOUR, raised=T0 - HOUR)
OUTBREAK = SharedContext(modes=(Mode(1, ModeKind.OUTBREAK, SITE, 0, None, "佐藤", ""),))


@pytest.mark.parametrize(
    ("film", "expected"),
    [(100, Sign.GONE), (25, Sign.GONE), (24, Sign.BETWEEN), (16, Sign.BETWEEN), (15, Sign.PRESENT)],
)
def test_film_is_low_until_there_is_a_new_cassette(film: float, expected: Sign) -> None:
    assert unit(Rule.FILM_LOW, values(T0, {"Film/Remaining": film})) is expected


def test_film_is_low_sooner_in_an_outbreak() -> None:
    assert unit(Rule.FILM_LOW, values(T0, {"Film/Remaining": 30}), OUTBREAK) is Sign.PRESENT


def test_without_a_film_sensor_the_cycles_left_decide() -> None:
    left = SharedContext(derived={UNIT: {"Film/CyclesLeft": Point(T0, 50.0, Quality.GOOD)}})

    assert unit(Rule.FILM_LOW, {}, left) is Sign.PRESENT
    assert unit(Rule.FILM_LOW, {}) is None


def test_film_that_is_used_up_is_a_fault_and_no_second_incident() -> None:
    out = values(T0, {"Film/Remaining": 0, "Fault/Code": 2})

    assert unit(Rule.FILM_LOW, out) is None
    assert unit(Rule.FILM_LOW, out, alert=OPEN) is Sign.PRESENT
    assert unit(Rule.UNIT_FAULT, out) is Sign.PRESENT


@pytest.mark.parametrize(("kg", "expected"), [(7.9, None), (8.0, (1, "near")), (9.9, (1, "near")), (10.0, (2, "over"))])
def test_the_weight_of_a_day_comes_near_to_what_the_ward_takes(kg: float, expected: tuple[int, str] | None) -> None:
    seen = site(Rule.KG_LIMIT, SharedContext(kg_today={SITE: kg}))

    assert seen is not None
    assert ((seen.stage, seen.reason) if seen.sign is Sign.PRESENT else None) == expected
    assert seen.threshold == 10.0


def test_the_weight_limit_is_a_setting_and_may_be_unknown() -> None:
    text = FACILITY.replace("[alerts]\n", "[alerts]\nkg_per_day = 50\nkg_near = 50\n")
    seen = site(Rule.KG_LIMIT, SharedContext(kg_today={SITE: 24.0}), text)

    assert seen is not None
    assert seen.sign is Sign.GONE
    assert site(Rule.KG_LIMIT, SharedContext()) is None


@pytest.mark.parametrize(
    ("supplies", "expected"),
    [
        ((Supply("film", 3, 60.0), Supply("bag", 40, None)), None),
        ((Supply("film", 1, 13.0), Supply("bag", 40, 30.0)), "film"),
        ((Supply("film", 1, 13.0), Supply("bag", 3, 2.0)), "bag"),
        ((Supply("film", 0, None),), "film"),
    ],
)
def test_the_shelf_does_not_last(supplies: tuple[Supply, ...], expected: str | None) -> None:
    seen = site(Rule.STOCK_LOW, SharedContext(supplies={SITE: supplies}))

    assert seen is not None
    assert (seen.reason if seen.sign is Sign.PRESENT else None) == expected


def test_a_shelf_of_which_nobody_has_said_anything_is_not_missed() -> None:
    assert site(Rule.STOCK_LOW, SharedContext(supplies={SITE: ()})) is None


def test_a_sensor_that_was_taken_away_for_good_is_no_longer_missed(tmp_path: Path) -> None:
    store = operations(tmp_path)
    engine = AlertEngine(FacilitySchedules(PLACES), store)
    dead = values(T0, {"Fill/Percent": 40.0})

    def at(minutes: int, around: SharedContext | None = None) -> None:
        now = T0 + minutes * MINUTE
        latest = {UNIT: dead | values(now, {"Cycles/Total": minutes})}
        engine.evaluate(latest, now, [UNIT], around=around or SharedContext())

    for minutes in (0, 10, 31, 40):
        at(minutes)
    [alert] = store.alerts(open_only=True)
    assert (alert.rule, alert.reason) == ("asset_silent", "Fill/Percent")

    retired = Modes(store).start(
        ModeKind.RETIRED, f"{UNIT}/Fill/Percent", now=T0 + HOUR, until=None, who="佐藤", reason="撤去"
    )
    at(61, SharedContext(modes=(retired,)))
    assert store.alerts(open_only=True) == []
    assert store.mails()[0].mail.subject.endswith("Nappy unit 1 the fill level is no longer monitored")

    dead = values(T0 + 2 * HOUR, {"Fill/Percent": 40.0})  # it is back, and fails again
    for minutes in (121, 130, 151, 160):
        at(minutes, SharedContext(modes=(retired,)))
    assert [alert.reason for alert in store.alerts(open_only=True)] == ["Fill/Percent"]
    store.close()


ROUNDS = """
[[depot]]
id = "yard"
name = {ja = "清掃事務所", en = "Yard"}
lat = 35.7
lon = 139.7
[[vehicle]]
id = "van"
name = {ja = "1号車", en = "Van 1"}
depot = "yard"
[[round]]
id = "mwf"
name = {ja = "月水金", en = "Mon, Wed, Fri"}
vehicle = "van"
days = ["tue", "fri"]
departs = "13:00"
returns = "17:00"
"""


PLACED = FACILITY.replace("[[site.unit]]", "place = {lat = 35.73, lon = 139.73}\n[[site.unit]]", 1)


class World:
    """The real store and operations data."""

    def __init__(self, folder: Path, text: str = PLACED + ROUNDS) -> None:
        self.store, self.operations = both(folder)
        self.surroundings = Surroundings(
            FacilitySchedules(facility(text)), timetables(facility(text)), self.store, self.operations
        )


def comes(world: World, now: int) -> dict[str, int]:
    """When the next round departs, by unit."""
    return {unit: visit.departs for unit, visit in world.surroundings.at(now).next_round.items()}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.store.close()
    made.operations.close()


def emptying(time: int, nappies: float) -> Emptying:
    return Emptying(UNIT, time, nappies / 0.6, nappies, (Evidence.LEVEL,), 0.9)


def test_what_is_around_comes_from_store_operations_and_settings(world: World) -> None:
    noon = T0 + 2 * HOUR
    world.store.put_derived(UNIT, T0 - 1, T0, [Reading(UNIT, "Fill/Estimate", T0, 40.0)])
    mode = Modes(world.operations).start(ModeKind.OUTBREAK, SITE, now=T0, until=None, who="佐藤", reason="")
    book = Emptyings(world.operations)
    book.replace_detected(UNIT, T0 - 2 * DAY, noon, [emptying(T0 - DAY, 50), emptying(T0, 20), emptying(T0 + HOUR, 30)])
    [wrong] = [item for item in book.of(UNIT, T0 + HOUR, noon) if item.nappies == 30]
    book.reject(wrong.id, "佐藤", noon)
    stock = Stock(world.operations)
    stock.count(SITE, StockKind.BAG, 9, "佐藤", T0 - 2 * DAY)
    around = world.surroundings.at(noon)

    assert around.derived[UNIT]["Fill/Estimate"].value == 40.0
    assert around.modes == (mode,)
    assert around.kg_today == {SITE: pytest.approx(20 * 0.15)}
    assert comes(world, noon) == {UNIT: T0 + 2 * DAY + 3 * HOUR + 19 * MINUTE}
    assert [(item.kind, item.count) for item in around.supplies[SITE]] == [("bag", 7)]


def test_a_round_that_departed_without_a_plan_comes_to_nobody(world: World) -> None:
    departs = T0 + 2 * DAY + 3 * HOUR + 19 * MINUTE

    assert comes(world, departs) == comes(world, departs + 5 * HOUR) == {UNIT: departs + 3 * DAY}


def test_a_round_that_comes_while_the_centre_is_closed_does_not_count(tmp_path: Path) -> None:
    text = PLACED.replace("[[site.unit]]", "[site.opening]\nclosed = [2026-11-24]\n[[site.unit]]", 1) + ROUNDS
    world = World(tmp_path, text)

    assert comes(world, T0) == {UNIT: T0 + 5 * DAY + 3 * HOUR + 19 * MINUTE}
    world.store.close()
    world.operations.close()


def test_modes_are_seen_at_once_and_the_rest_once_a_minute(world: World) -> None:
    world.surroundings.at(T0)
    Emptyings(world.operations).replace_detected(UNIT, T0 - HOUR, T0, [emptying(T0 - 1, 20)])
    Modes(world.operations).start(ModeKind.OUTBREAK, SITE, now=T0, until=None, who="佐藤", reason="")
    soon, later = world.surroundings.at(T0 + SLOW_MS - 1), world.surroundings.at(T0 + SLOW_MS)

    assert len(soon.modes) == 1
    assert soon.kg_today[SITE] == 0.0
    assert later.kg_today[SITE] == pytest.approx(3.0)


def test_an_alert_of_a_site_lives_like_any_other(tmp_path: Path) -> None:
    store = operations(tmp_path)
    engine = AlertEngine(FacilitySchedules(PLACES), store)
    for now, kg in (
        (T0, 8.4),
        (T0 + SITE_WAIT_MS, 8.4),
        (T0 + HOUR, 12.0),
        (T0 + 2 * HOUR, 12.0),
        (T0 + DAY, 0.0),
        (T0 + 2 * DAY, 0.0),
    ):
        latest = {UNIT: values(now, {"State": 0}), ROOM: values(now, {"Occupancy/Children": 0})}
        engine.evaluate(latest, now, around=SharedContext(kg_today={SITE: kg}))

    [alert] = store.alerts(open_only=False)
    assert (alert.rule, alert.site, alert.asset, alert.stage, alert.resolved) == ("kg_limit", SITE, SITE, 2, T0 + DAY)
    english = [row.mail.subject for row in reversed(store.mails()) if row.mail.language == "en"]
    assert english == [
        "[Sukusuku] East Child and Family Centre: 8.4 kg today, close to the ward's limit (10 kg)",
        "[Sukusuku] East Child and Family Centre: 12.0 kg today, the ward's limit (10 kg) is reached",
    ]
    store.close()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("repeat_after = 30", r"alerts.repeat_after: found 30, allowed: 60 or more"),
        ('urgent = ["collection", "collection"]', r"alerts.urgent: collection is named twice"),
        ('urgent = ["fill_level"]', r"alerts.urgent"),
        ("outbreak = { fill = 1.5 }", r"alerts.outbreak.fill"),
        ("outbreak = { film = 0.5 }", r"alerts.outbreak.film"),
        ("kg_per_day = 0", r"alerts.kg_per_day"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change: str, message: str) -> None:
    head, _, tail = FACILITY.partition("urgent = [")
    text = f"{head}{change}\n{tail.partition(']')[2]}"

    with pytest.raises(ConfigError, match=message):
        check(facility(text), "facility.toml")
