"""Answers that are kept for a while: made once, anew when they are old, and not twice at the same time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from sukusuku_api.cache import TtlCache
from tests.support.patience import PATIENCE


class Timer:
    """Seconds that only a test lets pass."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_what_was_made_is_kept_until_it_is_old_or_forgotten() -> None:
    timer, numbers = Timer(), count()
    kept = TtlCache(60, timer)

    def ask(key: str, seconds: float) -> int:
        timer.seconds = seconds
        return kept.get(key, lambda: next(numbers))

    assert (ask("a", 0), ask("a", 59.9), ask("b", 59.9)) == (0, 0, 1)
    assert (ask("a", 60), ask("b", 60)) == (2, 1)
    kept.forget()
    assert ask("b", 60) == 3


def test_nothing_that_is_made_is_taken_for_nothing_made() -> None:
    kept, made = TtlCache(60), list[None]()

    for _ in range(2):
        assert kept.get("key", lambda: made.append(None)) is None
    assert len(made) == 1


def test_who_asks_for_what_is_being_made_waits_for_it() -> None:
    kept, made, begun, may_end = TtlCache(60), list[str](), threading.Event(), threading.Event()

    def slow() -> str:
        made.append("slow")
        begun.set()
        assert may_end.wait(PATIENCE)
        return "slow"

    def late() -> str:
        made.append("late")
        return "late"

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(kept.get, "key", slow)
        assert begun.wait(PATIENCE)
        second = pool.submit(kept.get, "key", late)
        assert kept.get("other", lambda: "other") == "other", "what is asked for under other keys does not wait"
        may_end.set()
        assert (first.result(30), second.result(30)) == ("slow", "slow")
    assert made == ["slow"]


def test_an_error_is_told_and_not_kept() -> None:
    def wrong() -> str:
        raise ValueError("no answer")

    kept = TtlCache(60)
    with pytest.raises(ValueError, match="no answer"):
        kept.get("key", wrong)
    assert kept.get("key", lambda: "right") == "right"


def test_who_waited_for_an_error_makes_it_anew() -> None:
    kept, begun, may_end = TtlCache(60), threading.Event(), threading.Event()

    def wrong() -> str:
        begun.set()
        assert may_end.wait(PATIENCE)
        raise ValueError("no answer")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(kept.get, "key", wrong)
        assert begun.wait(PATIENCE)
        second = pool.submit(kept.get, "key", lambda: "right")
        may_end.set()
        assert isinstance(first.exception(30), ValueError)
        assert second.result(30) == "right"
