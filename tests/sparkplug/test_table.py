"""Every requirement of the specification is accounted for, and the document says so."""

import pytest

from tests.sparkplug import table, tck
from tests.sparkplug.table import Requirement


def test_every_requirement_is_tested_or_not_applicable_for_a_reason() -> None:
    found = table.problems(table.requirements(), table.tested(), table.not_applicable(), table.deviations())
    assert found == []


def test_all_requirements_are_listed_once() -> None:
    ids = [item.id for item in table.requirements()]
    assert len(ids) == len(set(ids)) == 299


def test_the_document_is_what_this_run_would_write() -> None:
    expected = tck.document()
    if not table.DOCUMENT.exists() or table.DOCUMENT.read_text(encoding="utf-8") != expected:
        pytest.fail(f"docs/{table.DOCUMENT.name} is not up to date; write it with: {table.COMMAND}")


@pytest.mark.parametrize(
    ("tests", "reasons", "problem"),
    [
        ({}, {}, "a: no test and no reason"),
        ({"a": ["t"], "b": ["t"]}, {}, "b: t names it, the specification does not"),
        ({"a": ["t"]}, {"b": "why"}, "b: not_applicable.toml names it, the specification does not"),
        ({"a": ["t"]}, {"a": "why"}, "a: not applicable, and yet tested by t"),
    ],
)
def test_a_gap_is_seen(tests: dict[str, list[str]], reasons: dict[str, str], problem: str) -> None:
    assert table.problems([Requirement("a", "1", "MUST", "edge", "")], tests, reasons) == [problem]


@pytest.mark.parametrize(
    ("level", "tests", "problem"),
    [
        ("MUST", {}, ["a: a MUST is not followed"]),
        ("MUST NOT", {}, ["a: a MUST NOT is not followed"]),
        ("SHOULD NOT", {}, []),
        ("SHOULD", {"a": ["t"]}, ["a: not followed, and yet tested or not applicable"]),
    ],
)
def test_only_a_recommendation_may_be_passed_over(level: str, tests: dict[str, list[str]], problem: list[str]) -> None:
    assert table.problems([Requirement("a", "1", level, "edge", "")], tests, {}, {"a": "why"}) == problem
