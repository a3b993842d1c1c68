"""What the screens of the demo show when a bag has been changed: the new one at the second poll at the latest.

The units of the demo are played fast and polled as its edge agents do, without sockets; what they report goes
through the derivation. Wall, page, API and boards all show the derived fill level.
"""

from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from sukusuku_core import catalogue
from sukusuku_core.model import AssetKind, Quality, Reading
from sukusuku_core.time import MINUTE_MS
from sukusuku_edge.report_by_exception import Series
from sukusuku_server.settings.collection import Collection
from sukusuku_server.units.derivation import UnitDerivation
from sukusuku_server.units.evaluation.history import AlwaysOpen
from sukusuku_sim import scenario
from sukusuku_sim.scenario import UnitSettings
from sukusuku_sim.unit import Unit, UnitEvent, UnitParameters, fill_to, step
from sukusuku_sim.world import first, random_numbers

DEMO = scenario.load(Path(str(files("sukusuku_sim").joinpath("scenarios/demo.toml"))))
POLL_MS, REFRESH_MS, MINUTES = 400, 15_000, 20
SPEED, DEPOSITS_PER_HOUR = 20, 6.0
"""Simulated seconds per second of a poll, and how busy the units are: within some minutes each bag is changed."""
EMPTY_MM, FULL_MM = 900.0, 150.0


def shown_by(unit: Unit, parameters: UnitParameters, *, board: bool) -> dict[str, float]:
    """What a poll reads; the bought sensors of a unit without our board do not tell its state."""
    level = round((EMPTY_MM - round(unit.distance(parameters, EMPTY_MM, FULL_MM))) / (EMPTY_MM - FULL_MM) * 100, 1)
    values = {"Fill/Percent": max(level, 0.0), "Cycles/Total": unit.cycles}
    return values | {"State": int(unit.phase), "Lid/Open": unit.lid_shown(parameters)} if board else values


def polled(settings: UnitSettings) -> Iterator[tuple[int, list[Reading], bool]]:
    """Each poll: its time, what is reported of it, and whether the bag has been changed since the last one."""
    parameters = replace(DEMO.unit_parameters(settings), deposits_per_hour=DEPOSITS_PER_HOUR)
    rng = random_numbers(DEMO, settings.id)
    board = any(device.profile == "sukusuku-retrofit-board" for device in settings.device)
    unit, series = fill_to(first(settings), parameters, 60, rng)[0], dict[str, Series]()
    for poll in range(1, MINUTES * MINUTE_MS // POLL_MS):
        lived = round((poll - 1) * POLL_MS * SPEED)
        unit, events = step(unit, parameters, DEMO.start_ms + lived, POLL_MS / 1000 * SPEED, rng)
        time = DEMO.start_ms + poll * POLL_MS
        said = []
        for metric, value in shown_by(unit, parameters, board=board).items():
            row = catalogue.find(AssetKind.UNIT, metric)
            assert row is not None
            one = series.setdefault(metric, Series(settings.id, metric))
            reading = one.report(time, value, Quality.GOOD, row.deadband, REFRESH_MS)
            said += [] if reading is None else [reading]
        yield time, said, UnitEvent.EMPTIED in events


@pytest.mark.parametrize("settings", DEMO.unit, ids=lambda settings: settings.id)
def test_each_screen_shows_the_new_bag_within_two_polls(settings: UnitSettings) -> None:
    polls = list(polled(settings))
    changed = [time for time, _, emptied in polls if emptied]
    unit = UnitDerivation(settings.id, Collection(nappies_per_bag=settings.capacity), AlwaysOpen())
    readings = [reading for _, said, _ in polls for reading in said]
    advanced = unit.advance(unit.start(DEMO.start_ms), readings, (), polls[-1][0])
    shown = [(it.time, float(it.value or 0)) for it in advanced.points if it.metric == "Fill/Estimate"]
    assert changed
    for time in changed:
        [*_, (_, percent)] = [point for point in shown if point[0] <= time + 2 * POLL_MS]
        assert percent < 15
