"""The judge of alerts per incident, and the engine clocked over a small simulated world."""

from dataclasses import replace

from bench.collection.derived import derive
from bench.collection.incidents import figures, judge, line
from bench.collection.true_incidents import Incident
from bench.collection.world import simulate

from sukusuku_server.db import Alert, AlertState
from tests.collector.alerts.alert_cases import HOUR, T0

BAG = Incident("unit-1", T0, T0 + 10 * HOUR, clear=True)
UNCLEAR = replace(BAG, start=T0 + 10 * HOUR, end=T0 + 20 * HOUR, clear=False)


def alert(hours: float, unit: str = "unit-1") -> Alert:
    at = T0 + round(hours * HOUR)
    state = AlertState.RESOLVED
    return Alert(1, "collection", "centre", unit, state, at, at, None, None, at + 1, 85.0, "", raised=at)


def test_each_alert_belongs_to_one_incident() -> None:
    good = judge("bags", [BAG, UNCLEAR], [alert(5)], {1: 1})
    assert (good.incidents, good.alerts, good.mails, good.per_incident, good.good) == (1, 1, 1, 1.0, True)

    both = judge("bags", [BAG, UNCLEAR], [alert(5), alert(15)], {})
    assert (both.incidents, both.per_incident, both.good) == (2, 1.0, True)


def test_what_is_missed_told_twice_or_about_nothing_is_seen() -> None:
    assert judge("bags", [BAG, UNCLEAR], [], {}).missed == (BAG,)
    assert judge("bags", [BAG], [alert(2), alert(5)], {}).doubled == (BAG,)
    wrong = [alert(30), alert(5, "unit-2")]
    assert judge("bags", [BAG], [alert(5), *wrong], {}).false == tuple(wrong)

    later = replace(BAG, start=T0 + 40 * HOUR, end=T0 + 50 * HOUR)
    balanced = judge("bags", [BAG, later], [alert(2), alert(5)], {})
    assert (balanced.per_incident, balanced.good) == (1.0, False)


def test_the_engine_tells_each_thing_of_a_small_world_once() -> None:
    world = simulate(seed=2, units=1, weeks=3)
    found = figures(world, {unit.id: derive(unit, world).points for unit in world.units})

    assert [item.kind for item in found] == ["bags", "faults", "silences"]
    assert [(item.missed, item.doubled, item.false) for item in found] == [((), (), ())] * 3, [*map(line, found)]
    assert found[0].incidents > 2
