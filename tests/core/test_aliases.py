"""Which metric an alias stands for, by the births of one edge node's session."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core import sparkplug
from sukusuku_core.aliases import Aliases
from sukusuku_core.errors import DecodeError


def metrics(*pairs: tuple[str, int | None]) -> list[Any]:
    body = sparkplug.PayloadMessage()
    for name, alias in pairs:
        metric = body.metrics.add()
        if name:
            metric.name = name
        if alias is not None:
            metric.alias = alias
    return list(body.metrics)


def named(aliases: Aliases, device: str | None, *pairs: tuple[str, int | None]) -> list[str]:
    found = metrics(*pairs)
    aliases.name(device, found)
    return [metric.name for metric in found]


def session() -> Aliases:
    aliases = Aliases()
    aliases.declare(None, metrics(("bdSeq", None), ("Uptime", 0)))
    aliases.declare("unit-1", metrics(("Level", 1), ("State", 2)))
    aliases.declare("unit-2", metrics(("Level", 3)))
    return aliases


def test_data_by_alias_by_name_and_by_both_is_named() -> None:
    assert named(session(), "unit-1", ("", 1), ("State", None), ("Level", 1)) == ["Level", "State", "Level"]
    assert named(session(), None, ("", 0)) == ["Uptime"]


def test_an_alias_of_another_device_or_of_none_names_nothing() -> None:
    assert named(session(), "unit-2", ("", 1), ("", 99)) == ["", ""]
    assert named(session(), None, ("", 1)) == [""]


def test_a_name_that_is_not_the_one_of_its_alias_is_not_believed() -> None:
    assert named(session(), "unit-1", ("State", 1), ("Level", 3)) == ["", ""]


def test_a_name_with_an_alias_that_no_birth_declared_is_read_by_the_name() -> None:
    assert named(session(), "unit-1", ("State", 77)) == ["State"]


@pytest.mark.parametrize(
    ("device", "pairs"),
    [
        ("unit-3", [("Level", 7), ("State", 7)]),
        ("unit-3", [("Level", 1)]),
        ("unit-3", [("Level", 0)]),
        ("unit-1", [("Level", 3)]),
    ],
    ids=["twice in a birth", "of another device", "of the node", "of another device, at a device's new birth"],
)
def test_one_alias_for_two_metrics_is_refused_and_said(device: str, pairs: list[tuple[str, int]]) -> None:
    aliases = session()
    with pytest.raises(DecodeError, match=f"alias {pairs[0][1]} stands for") as caught:
        aliases.declare(device, metrics(*pairs))
    assert caught.value.reason == "alias"
    assert named(aliases, device, ("", 2)) == [""], "nothing of a refused birth holds"


def test_a_metric_may_stand_twice_in_its_birth() -> None:
    aliases = Aliases()
    aliases.declare("unit-1", metrics(("Level", 1), ("Level", 1)))
    assert named(aliases, "unit-1", ("", 1)) == ["Level"]


def test_a_device_that_is_born_again_has_its_new_aliases_only() -> None:
    aliases = session()
    aliases.declare("unit-1", metrics(("Level", 2), ("State", 9)))
    assert named(aliases, "unit-1", ("", 1), ("", 2), ("", 9)) == ["", "Level", "State"]
    assert named(aliases, "unit-2", ("", 3)) == ["Level"]


def test_the_aliases_of_a_dead_device_are_free_again() -> None:
    aliases = session()
    aliases.release("unit-1")
    aliases.declare("unit-9", metrics(("Temperature", 1)))
    assert named(aliases, "unit-9", ("", 1)) == ["Temperature"]


@given(st.data())
def test_what_the_births_declare_is_what_data_is_read_as(data: st.DataObject) -> None:
    """Against a plain dictionary: any births of any devices in any order, refused ones included."""
    aliases, truth = Aliases(), dict[int, tuple[str, str]]()
    for _ in range(data.draw(st.integers(1, 8))):
        device = data.draw(st.sampled_from("ab"))
        pairs = data.draw(st.lists(st.tuples(st.sampled_from(["x", "y", "z"]), st.integers(0, 5)), max_size=4))
        truth = {alias: owned for alias, owned in truth.items() if owned[0] != device}
        claims = {(alias, (device, name)) for name, alias in pairs} | set(truth.items())
        if len(claims) != len({alias for alias, _ in claims}):
            with pytest.raises(DecodeError):
                aliases.declare(device, metrics(*pairs))
            continue
        aliases.declare(device, metrics(*pairs))
        truth |= {alias: (device, name) for name, alias in pairs}
        for asked in "ab":
            expected = [truth[n][1] if n in truth and truth[n][0] == asked else "" for n in range(6)]
            assert named(aliases, asked, *(("", n) for n in range(6))) == expected
