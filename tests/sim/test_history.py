import itertools
from collections import defaultdict
from importlib.resources import files
from pathlib import Path

import msgspec
import pytest

from sukusuku_core import catalogue
from sukusuku_core.model import AssetKind, Reading
from sukusuku_core.time import weekday
from sukusuku_sim import history, scenario
from sukusuku_sim.calendar import OpeningHours

DEMO = scenario.load(Path(str(files("sukusuku_sim").joinpath("scenarios/demo.toml"))))
END = 1_776_218_000_000  # a Wednesday morning in Japan
DAY = 86_400_000
KINDS = {unit.id: AssetKind.UNIT for unit in DEMO.unit} | {room.id: AssetKind.ROOM for room in DEMO.room}


@pytest.fixture(scope="module")
def eight_weeks() -> list[Reading]:
    return list(history.generate(DEMO, END - 56 * DAY, END))


def by_series(readings: list[Reading]) -> dict[tuple[str, str], list[Reading]]:
    found: dict[tuple[str, str], list[Reading]] = defaultdict(list)
    for reading in readings:
        found[reading.asset, reading.metric].append(reading)
    return found


def test_there_is_enough_to_look_at(eight_weeks: list[Reading]) -> None:
    assert 100_000 < len(eight_weeks) < 250_000
    metrics = {"Fill/Percent", "Cycles/Total", "State", "Fault/Code", "Film/Remaining", "Temperature"}
    totals = {f"{way}/{who}" for way in ("Entries", "Exits") for who in ("Total", "Children")}
    places = (
        {"Occupancy/Count", "Occupancy/Children"}
        | totals
        | {f"Zones/{zone}/{what}" for zone in ("eating", "play") for what in ("Count", "Children")}
    )
    expected = {(unit.id, metric) for unit in DEMO.unit for metric in metrics}
    expected |= {(room.id, metric) for room in DEMO.room for metric in places}
    assert set(by_series(eight_weeks)) == expected


def test_each_series_has_strictly_increasing_times_within_the_range(eight_weeks: list[Reading]) -> None:
    assert [reading.time for reading in eight_weeks] == sorted(reading.time for reading in eight_weeks)
    for series in by_series(eight_weeks).values():
        times = [reading.time for reading in series]
        assert all(a < b for a, b in itertools.pairwise(times))
        assert times[0] >= END - 56 * DAY
        assert times[-1] < END


def test_every_value_is_plausible_by_the_catalogue(eight_weeks: list[Reading]) -> None:
    for reading in eight_weeks:
        metric = catalogue.find(KINDS[reading.asset], reading.metric)
        assert metric is not None
        assert isinstance(reading.value, int | float)
        assert metric.low is None or metric.low <= reading.value
        assert metric.high is None or reading.value <= metric.high


def test_nothing_moves_while_the_centres_are_closed(eight_weeks: list[Reading]) -> None:
    hours = OpeningHours()
    for (_, metric), series in by_series(eight_weeks).items():
        for before, after in itertools.pairwise(series):
            closed = not hours.is_open(before.time - 1_200_000) and not hours.is_open(after.time)
            if closed and after.time - before.time < 4_000_000:
                if metric == "Cycles/Total":
                    assert before.value == after.value
                if metric.startswith(("Occupancy", "Zones")):
                    assert after.value == 0


def test_the_days_look_like_days_of_a_centre(eight_weeks: list[Reading]) -> None:
    cycles = [reading for reading in eight_weeks if (reading.asset, reading.metric) == ("tobu-unit-1", "Cycles/Total")]
    by_weekday: dict[int, int] = defaultdict(int)
    for before, after in itertools.pairwise(cycles):
        by_weekday[weekday(after.time)] += int(after.value or 0) - int(before.value or 0)

    assert by_weekday[6] == 0
    assert all(50 < by_weekday[day] < 300 for day in range(6))


def test_the_counter_rises_from_what_the_scenario_says_and_the_film_shrinks_with_it(eight_weeks: list[Reading]) -> None:
    series = by_series(eight_weeks)
    for unit in DEMO.unit:
        counts = [int(reading.value or 0) for reading in series[unit.id, "Cycles/Total"]]
        used = (counts[-1] - unit.cycles) * 100 / DEMO.unit_parameters(unit).film_cycles
        assert counts == sorted(counts)
        assert counts[0] == unit.cycles
        films = [float(reading.value or 0) for reading in series[unit.id, "Film/Remaining"]]
        assert films[0] == unit.film
        assert min(films) == pytest.approx(history.FILM_CHANGED, abs=0.6), "it is changed in good time"
        changes = sum(after > before + 30 for before, after in itertools.pairwise(films))
        assert films[0] - films[-1] == pytest.approx(used - (100 - history.FILM_CHANGED) * changes, abs=1)


def test_bags_are_filled_and_emptied(eight_weeks: list[Reading]) -> None:
    series = by_series(eight_weeks)
    for unit in DEMO.unit:
        fills = [float(reading.value or 0) for reading in series[unit.id, "Fill/Percent"]]
        emptied = [n for n in range(1, len(fills)) if fills[n - 1] - fills[n] > 20]
        assert 5 < len(emptied) < 60
        assert all(fills[n] < 10 for n in emptied)


def test_a_unit_is_brought_to_a_level_and_emptied_by_hand() -> None:
    past = history.UnitPast(DEMO, DEMO.unit[0], END - 3 * DAY, 300)
    past.advance(END - history.BUSY_MS)

    past.bring(79, END)
    assert past.unit.fill(DEMO.unit_parameters(DEMO.unit[0])) == pytest.approx(79, abs=3)
    assert past.now == END
    past.empty()
    assert past.unit.volume == 0
    fills = [reading for reading in past.told() if reading.metric == "Fill/Percent"]
    assert fills[-1].value == pytest.approx(0, abs=1)
    assert fills[-1].time == END + history.WORK_MS
    assert past.told() == [], "what was told is told once"


def test_the_same_seed_gives_the_same_past() -> None:
    def past(seed: int) -> list[Reading]:
        return list(history.generate(msgspec.structs.replace(DEMO, seed=seed), END - 3 * DAY, END))

    assert past(1) == past(1)
    assert past(1) != past(2)


def test_an_asset_has_the_same_past_whatever_else_the_scenario_holds() -> None:
    alone = msgspec.structs.replace(DEMO, unit=DEMO.unit[2:3], room=())
    own = [item for item in history.generate(DEMO, END - 3 * DAY, END) if item.asset == DEMO.unit[2].id]

    assert list(history.generate(alone, END - 3 * DAY, END)) == own
