"""A lasting problem is logged once, and once more when it is over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.transition_log import TransitionLog
from tests.support.log_lines import Lines, logger


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def problems(lines: Lines) -> TransitionLog:
    return TransitionLog(logger(lines))


def test_a_problem_is_logged_once_and_its_end_once(problems: TransitionLog, lines: Lines) -> None:
    for _ in range(3):
        problems.problem("device", "no answer")
    for _ in range(3):
        problems.recovered("device", "answers again")
    problems.problem("device", "no answer")

    assert lines.said == [
        ("WARNING", "device: no answer"),
        ("INFO", "device: answers again"),
        ("WARNING", "device: no answer"),
    ]


def test_another_text_is_news_and_another_cause_is_not(problems: TransitionLog, lines: Lines) -> None:
    problems.problem("device", "no answer", TimeoutError("after 1 s"))
    problems.problem("device", "no answer", TimeoutError("after 2 s"))
    problems.problem("device", "refuses")

    assert lines.said == [("WARNING", "device: no answer: after 1 s"), ("WARNING", "device: refuses")]


def test_what_never_failed_does_not_recover(problems: TransitionLog, lines: Lines) -> None:
    problems.problem("one", "no answer")
    problems.recovered("other", "answers again")

    assert lines.said == [("WARNING", "one: no answer")]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(("", "no answer", "refuses")))))
def test_each_line_differs_from_the_last_one_of_its_subject(events: list[tuple[str, str]]) -> None:
    lines = Lines()
    problems = TransitionLog(logger(lines))
    changes, last = [], {"a": "", "b": ""}
    for subject, text in events:
        if text:
            problems.problem(subject, text)
        else:
            problems.recovered(subject, "fine")
        if text != last[subject]:
            changes.append(f"{subject}: {text or 'fine'}")
            last[subject] = text

    assert [message for _, message in lines.said] == changes
