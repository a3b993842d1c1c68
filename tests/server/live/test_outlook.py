"""What is ahead of a unit: only what is fresh counts."""

from sukusuku_core.model import Quality
from sukusuku_server.live.outlook import ISSUED_MS, outlook
from sukusuku_server.model.series import Point
from sukusuku_server.settings import Collection, Text, Unit

NOW = 1_800_000_000_000
MINUTE, HOUR = 60_000, 3_600_000
UNIT = Unit(id="unit", name=Text(ja="機", en="unit"), edge="pi", collection=Collection(nappies_per_bag=60))


def points(age: int = 0, **values: float) -> dict[str, Point]:
    names = {"percent": "Fill/Estimate", "nappies": "Fill/Nappies", "confidence": "Fill/Confidence"}
    names |= {"early": "Forecast/Hours10", "median": "Forecast/Hours50", "hygiene": "Bag/HoursLeft"}
    return {names[key]: Point(NOW - age, value, Quality.GOOD) for key, value in values.items()}


def test_the_bag_is_counted_in_nappies() -> None:
    found = outlook(UNIT, points(percent=70.0, nappies=42.2, confidence=90.0), 60, NOW)

    assert found is not None
    assert (found.room, found.nappies, found.confidence) == (18, 42.2, 90.0)
    assert (found.full_at, found.empty_by) == (None, None)


def test_it_is_to_be_emptied_by_whatever_comes_first() -> None:
    fill = points(percent=70.0, nappies=42.0)
    full_first = outlook(UNIT, fill | points(early=2.0, hygiene=5.0), 60, NOW)
    age_first = outlook(UNIT, fill | points(early=6.0, hygiene=5.0), 60, NOW)

    assert full_first is not None
    assert full_first.empty_by == NOW + 2 * HOUR
    assert age_first is not None
    assert age_first.empty_by == NOW + 5 * HOUR


def test_an_overfull_bag_has_no_room_and_not_less() -> None:
    found = outlook(UNIT, points(percent=110.0, nappies=66.0), 60, NOW)

    assert found is not None
    assert found.room == 0


def test_what_is_old_is_not_told() -> None:
    assert outlook(UNIT, {}, 60, NOW) is None
    assert outlook(UNIT, points(7 * MINUTE, percent=70.0, nappies=42.0), 60, NOW) is None
    old_forecast = points(ISSUED_MS + 7 * MINUTE, median=3.0)
    found = outlook(UNIT, points(percent=70.0, nappies=42.0) | old_forecast, 60, NOW)
    assert found is not None
    assert found.full_at is None


def test_what_was_expected_of_the_bag_before_is_not_told() -> None:
    hour_ago = points(HOUR, median=3.0, early=2.0, hygiene=4.0)
    new_bag = points(percent=4.0, nappies=2.0) | {"Bag/Age": Point(NOW, 0.5, Quality.GOOD)}
    found = outlook(UNIT, new_bag | hour_ago, 2700, NOW)
    assert found is not None
    assert (found.full_at, found.hygiene_by) == (None, None)

    again = outlook(UNIT, new_bag | hour_ago | points(median=50.0), 2700, NOW)  # a deadline would have come with it
    assert again is not None
    assert (again.full_at, again.hygiene_by) == (NOW + 50 * HOUR, None)
