"""How far the figures of a unit are off the truth."""

from tests.figures import second, second_units

from bench.figures import goals, rounds
from bench.figures.off import off
from bench.figures.world import World
from sukusuku_core.time import DAY_MS
from sukusuku_server.kpi.intervals import both, hours
from sukusuku_server.kpi.queries import KpiQueries


def judged(world: World, unit: str) -> dict[str, float]:
    """Return how far each figure of a unit is off; random rounds are planned and answered first."""
    rounds.plan(world, unit)
    books = KpiQueries(world.index, world.store, world.operations, world.end)
    files = second.Files(world.folder / "readings.db", world.folder / "operations.db")
    (kpi,) = (kpi for kpi in books.kpis(world.start, world.end)[1] if kpi.asset == unit)
    quiet = world.quiet.get(unit, ())
    full = world.truth.integral(
        unit, dict(books.open_times([unit], world.start, world.end))[unit].known, lambda percent: float(percent >= 100)
    )
    opened = world.index.hours[unit].spans(world.start, world.end)
    silent = sum(hours(both([span], opened)) for span in quiet)

    def heard(time: int) -> bool:
        return not any(since <= time < until + DAY_MS for since, until in quiet)

    real = [nappies for time, nappies in world.truth.emptied.get(unit, []) if heard(time)]
    mine = [nappies for time, _, nappies in files.emptied(unit) if heard(time)]
    own = second_units.figures(files, unit, world.start, world.end)
    pairs = (
        (kpi.known_hours, own.known),
        (kpi.overflow_hours, own.over),
        (kpi.open_hours, own.open),
        (kpi.availability or 0.0, own.availability or 0.0),
        (kpi.kg, own.kg),
        (0.0 if kpi.level is None else kpi.level.mean, own.level or 0.0),
        (0.0 if kpi.wait_hours is None else kpi.wait_hours.mean, own.wait or 0.0),
        *((kpi.visits[kind], own.visits.get(kind.value, 0)) for kind in kpi.visits),
    )
    return {
        goals.OVER_FULL.name: off(kpi.overflow_hours, full),
        goals.KNOWN.name: off(kpi.known_hours, hours(opened) - silent),
        goals.WEIGHT.name: off(sum(mine), sum(real)),
        goals.EMPTYINGS.name: off(len(mine), len(real)),
        goals.STOPS.name: float(rounds.otherwise(world, unit, books, files)),
        goals.DIFFERENCES.name: float(sum(abs(one - other) > 1e-6 for one, other in pairs)),
    }
