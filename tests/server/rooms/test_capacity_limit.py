"""The limit of a room: which rule limits, by hand-computed examples and by laws."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.errors import ConfigError
from sukusuku_core.settings import parse
from sukusuku_server.rooms.capacity_limit import (
    Rule,
    room_limit,
    staff_needed,
    zone_limits,
)
from sukusuku_server.rooms.standards import national
from sukusuku_server.settings import AGES, Facility, Room, Standards, Text, Zone, check

NAME = Text(ja="室", en="room")
MIXED = Standards(effective_m2=40.0, ages={"1": 4, "3": 13})


def test_the_area_example_of_four_small_and_thirteen_big_children() -> None:
    limit = room_limit(20, MIXED, 2, national())
    assert limit.parts == {Rule.PLACES: 20, Rule.AREA: 17, Rule.STAFF: 22}
    assert (limit.children, limit.limited_by) == (17, (Rule.AREA,))
    assert limit.m2_per_child == pytest.approx((4 * 3.3 + 13 * 1.98) / 17)
    assert staff_needed(17, MIXED, national()) == 2  # 4/6 + 13/15 = 1.53


def test_every_rule_can_bite_and_two_can_bite_together() -> None:
    assert room_limit(10, MIXED, 2, national()).limited_by == (Rule.PLACES,)
    assert room_limit(17, MIXED, 2, national()).limited_by == (Rule.PLACES, Rule.AREA)
    babies = Standards(ages={"0": 1})
    assert room_limit(10, babies, 2, national()).children == 6
    assert room_limit(10, babies, 2, national()).limited_by == (Rule.STAFF,)
    assert room_limit(10, babies, 1, national()).children == 0, "one alone may not look after children"


def test_what_is_not_known_does_not_limit() -> None:
    assert room_limit(10, Standards(), 2, national()).parts == {Rule.PLACES: 10, Rule.AREA: None, Rule.STAFF: None}
    assert room_limit(10, MIXED, None, national()).parts[Rule.STAFF] is None


@pytest.mark.parametrize(("fractions", "needed"), [("sum_up", 3), ("sum_nearest", 2), ("each_up", 4)])
def test_fractions_are_rounded_as_set(fractions: str, needed: int) -> None:
    standards = Standards(ages={"0": 1, "1": 7, "3": 10}, fractions=fractions)  # type: ignore[arg-type]  # a Literal
    assert staff_needed(18, standards, national()) == needed  # 1/3 + 7/6 + 10/15 = 2.17


def test_local_rules_are_stricter() -> None:
    strict = Standards(effective_m2=33.0, ages={"0": 1}, under_2="baby", m2={"0": 3.3})
    assert room_limit(30, strict, None, national()).children == 10
    assert room_limit(30, Standards(effective_m2=33.0, ages={"0": 1}, under_2="baby"), None, national()).children == 20


AGE_MIX = st.dictionaries(st.sampled_from(AGES), st.integers(0, 20), min_size=1).filter(
    lambda mix: sum(mix.values()) > 0
)
STANDARDS = st.builds(
    Standards,
    effective_m2=st.none() | st.floats(1, 500),
    ages=AGE_MIX,
    fractions=st.sampled_from(["sum_up", "sum_nearest", "each_up"]),
    staff_least=st.integers(0, 3),
)


@given(st.integers(0, 60), STANDARDS, st.integers(0, 12))
def test_the_limit_keeps_every_rule_and_one_more_child_breaks_one(places: int, own: Standards, staff: int) -> None:
    limit = room_limit(places, own, staff, national())
    assert limit.children == min(part for part in limit.parts.values() if part is not None)
    assert limit.limited_by
    assert limit.m2_per_child is not None

    def allowed(children: int) -> bool:
        area = own.effective_m2 is None or limit.m2_per_child * children <= own.effective_m2 + 1e-6  # type: ignore[operator]  # asserted above
        enough = staff >= own.staff_least or children == 0
        return (
            children <= places
            and area
            and enough
            and (children == 0 or staff_needed(children, own, national()) <= staff)
        )

    assert allowed(limit.children)
    assert limit.children == 1000 or not allowed(limit.children + 1)


@given(AGE_MIX, st.integers(1, 100))
def test_rounding_each_age_never_needs_less_than_rounding_the_sum(mix: dict[str, int], children: int) -> None:
    needs = [
        staff_needed(children, Standards(ages=mix, fractions=rule, staff_least=0), national())  # type: ignore[arg-type]  # Literals
        for rule in ("sum_nearest", "sum_up", "each_up")
    ]
    assert needs == sorted(needs)
    assert needs[1] - needs[0] <= 1
    assert needs[1] <= ceil(children / 3)


def test_zone_limits_are_those_of_the_house() -> None:
    room = Room(
        id="r", name=NAME, edge="e", capacity=9, zone=(Zone(id="eat", name=NAME, capacity=4), Zone(id="run", name=NAME))
    )
    assert [(limit.zone, limit.children) for limit in zone_limits(room)] == [("eat", 4), ("run", None)]


def test_the_tables_name_their_source_and_date() -> None:
    tables = national()
    assert tables.read.year == 2026
    assert "第32条" in tables.area.source
    assert "第33条" in tables.staff.source
    assert set(tables.staff.children) == set(AGES)


HEAD = """
[operator]
id = "toshima"
name = {ja = "豊島区", en = "Toshima"}
[[site]]
id = "tobu"
name = {ja = "東部", en = "Tobu"}
[[site.room]]
id = "room"
name = {ja = "室", en = "room"}
edge = "pi"
capacity = 10
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[site.room.standards]\nages = {"1" = 0}\n', "room[0].standards.ages: the shares must not all be 0"),
        ('[site.room.standards]\nages = {"7" = 1}\n', "room[0].standards.ages"),
        (
            "[site.room.standards]\neffective_m2 = 40\n",
            "room[0].standards.ages: missing; effective_m2 limits only with",
        ),
        ('[[site.room.shift]]\nslot = "17:00-09:00"\ncount = 2\n', 'shift[0].slot: "17:00-09:00" must end after'),
        ('[site.room.counting]\npeople = ["flow", "flow"]\n', "counting.people: found ['flow', 'flow']; name each"),
        ('[site.room.counting]\npeople = ["wifi"]\n', "counting.people[0]: found 'wifi'. Allowed: "),
    ],
)
def test_wrong_rooms_are_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check(parse(HEAD + text, Facility, "facility.toml"), "facility.toml")
    assert message in str(caught.value)
