"""`[[gateway]]`: patterns, and mistakes that are told with their place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.errors import ConfigError
from sukusuku_core.settings import parse
from sukusuku_server import settings
from sukusuku_server.settings import Facility
from sukusuku_server.settings.gateways import NamePattern, filled, key_of
from tests.collector.small_facility import FACILITY

GATEWAY = '\n[[gateway]]\nid = "bms"\nnode = "Edge Node 1"\n'
RULE = '[[gateway.metric]]\ndevice = "plc"\nname = "Level"\nasset = "unit-1"\nmetric = "Fill/Percent"\n'


def facility(text: str) -> Facility:
    found = parse(FACILITY.format(port=1883) + text, Facility, "facility.toml")
    settings.check(found, "facility.toml")
    return found


@pytest.mark.parametrize(
    ("pattern", "name", "stars"),
    [
        ("Level", "Level", ()),
        ("Level", "Levels", None),
        ("Level", "level", None),
        ("Unit */Level", "Unit 7/Level", ("7",)),
        ("Unit */Level", "Unit 7/a/Level", None),
        ("*/*", "a/b", ("a", "b")),
        ("*", "a/b", None),
        ("*", "", None),
        ("**/Level", "Site/Hall 2/Level", ()),
        ("Zone*", "Zone", None),
        ("a.b", "axb", None),
        ("部屋*/人数", "部屋2/人数", ("2",)),
    ],
)
def test_patterns(pattern: str, name: str, stars: tuple[str, ...] | None) -> None:
    assert NamePattern(pattern).match(name) == stars


PART = st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="*/"), min_size=1, max_size=4)


@given(st.lists(PART, min_size=1, max_size=5))
def test_what_the_stars_stand_for_makes_the_name_again(parts: list[str]) -> None:
    name = "/".join(parts)
    pattern = "/".join("*" for _ in parts)
    found = NamePattern(pattern).match(name)
    assert found == tuple(parts)
    assert filled(pattern, found) == name


@pytest.mark.parametrize(
    ("value", "key"), [(True, "true"), (False, "false"), (3, "3"), (3.0, "3"), (2.5, "2.5"), ("RUN", "RUN"), (-1, "-1")]
)
def test_a_value_has_one_key(value: float | str, key: str) -> None:
    assert key_of(value) == key


def test_a_gateway_is_read() -> None:
    (gateway,) = facility(GATEWAY + RULE + "scale = 0.1\noffset = -5\n").gateway
    assert (gateway.id, gateway.wire_node) == ("bms", "Edge Node 1")
    assert (gateway.metric[0].scale, gateway.metric[0].offset, gateway.metric[0].name.stars) == (0.1, -5.0, 0)
    assert facility('[[gateway]]\nid = "bms"\n').gateway[0].wire_node == "bms"
    assert facility(GATEWAY).edges() == ["tobu-pi", "seibu-pi", "bms"]


@pytest.mark.parametrize(
    "text",
    [
        'device = "plc-*"\nname = "Zone */Count"\nasset = "r*m"\nmetric = "Zones/*/Count"\n',
        'name = "**"\nasset = "unit-1"\nmetric = "State"\nvalues = { RUN = 3, "0" = 0 }\n',
        'name = "Lid"\nasset = "unit-1"\nmetric = "Lid/Open"\ntrue_values = ["open", 1]\n',
        'name = "A/*"\nasset = "unit-*"\nmetric = "Fill/Percent"\n',
        'name = "A/*"\nasset = "unit-1"\nmetric = "Fill/Percent"\n',
    ],
)
def test_right_rules_are_taken(text: str) -> None:
    assert facility(GATEWAY + "[[gateway.metric]]\n" + text).gateway


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GATEWAY + GATEWAY, "gateway[1].id: `bms` is already that of gateway[0]"),
        (GATEWAY + '[[gateway]]\nid = "x"\nnode = "edge node 1"\n', "gateway[1].node: `edge node 1` is already"),
        ('[[gateway]]\nid = "unit-1"\n', "gateway[0].id: `unit-1` is the id of a site, unit or room already"),
        (GATEWAY + RULE + RULE, "gateway[0].metric[1]: metric[0] matches the same names before it"),
        (GATEWAY + RULE.replace("unit-1", "unit-9"), "gateway[0].metric[0].asset: no unit or room `unit-9`; there"),
        (GATEWAY + RULE.replace("Fill/Percent", "Fill/Level"), "metric[0].metric: `Fill/Level` is not a metric"),
        (GATEWAY + RULE.replace("unit-1", "unit-*"), "have 1 `*`, `device` and `name` have 0"),
        (GATEWAY + RULE + "scale = 0", "metric[0].scale: found 0 for Fill/Percent"),
        (GATEWAY + RULE + "true_values = [1]", "true_values: Fill/Percent is DOUBLE"),
        (GATEWAY + RULE + 'values = { RUN = "x" }', "values.RUN: found 'x'; Fill/Percent is DOUBLE"),
        (GATEWAY + RULE + "scale = 2.0\nvalues = { RUN = 1 }", "give one of `values`, `true_values`, and `scale`"),
        (GATEWAY + RULE.replace('"Level"', '""'), "metric[0].name: a name of 1 to 255 printable characters"),
        (GATEWAY.replace("Edge Node 1", "a/b"), "gateway[0].node"),
        (GATEWAY + RULE.replace("name =", "nme ="), "unknown key `nme`; did you mean `name`?"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_place(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        facility(text)
    assert said in str(caught.value)
