"""Whatever the official test kit fails or passes over is explained, and nothing else is."""

import pytest

from tests.sparkplug import table, tck
from tests.sparkplug.table import Requirement
from tests.sparkplug.tck import FAIL, NOT_FOLLOWED, PASS, Explained, Verdict


def test_every_failure_of_the_kit_and_its_silence_is_explained() -> None:
    found = tck.problems(tck.verdict(), table.requirements(), table.not_applicable(), table.deviations())
    assert found == []


def _kit(said: dict[str, str], faults: tuple[str, ...] = (), silent: tuple[str, ...] = ()) -> Verdict:
    return Verdict("", said, [Explained("fault", faults)], [Explained("why", silent)])


@pytest.mark.parametrize(
    ("kit", "problem"),
    [
        (_kit({"a": PASS}), []),
        (_kit({"a": FAIL}), ["a: the kit fails it, and nobody says whose fault it is"]),
        (_kit({"a": FAIL}, ("a",)), []),
        (_kit({"a": PASS}, ("a",)), ["a: a fault is named, but the kit does not fail it"]),
        (_kit({"a": NOT_FOLLOWED}), ["a: not followed, but not in deviations.toml"]),
        (_kit({}), ["a: the kit says nothing, and nobody says why"]),
        (_kit({}, (), ("a",)), []),
        (_kit({"a": PASS}, (), ("a",)), ["a: called silent, but the kit has spoken"]),
        (_kit({"a": PASS, "b": PASS}), ["b: the specification does not name it"]),
    ],
)
def test_a_gap_in_the_explanations_is_seen(kit: Verdict, problem: list[str]) -> None:
    assert tck.problems(kit, [Requirement("a", "1", "MUST", "edge", "")], (), ()) == problem
