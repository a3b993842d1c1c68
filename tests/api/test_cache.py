"""Answers that are kept for a while: made once, anew when they are old, and not twice at the same time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from sukusuku_api.cache import Kept


def test_what_was_made_is_kept_until_it_is_old_or_forgotten() -> None:
    kept, numbers = Kept(60), count()

    def ask(key: str, now: int) -> int:
        return kept.get(key, now, lambda: next(numbers))

    assert (ask("a", 0), ask("a", 59_999), ask("b", 59_999)) == (0, 0, 1)
    assert (ask("a", 60_000), ask("b", 60_000)) == (2, 1)
    assert ask("a", 0) == 3, "the clock was set back by a minute"
    kept.forget()
    assert ask("b", 60_000) == 4


def test_who_asks_for_what_is_being_made_waits_for_it() -> None:
    kept, made, begun, may_end = Kept(60), list[str](), threading.Event(), threading.Event()

    def slow() -> str:
        made.append("slow")
        begun.set()
        assert may_end.wait(30)
        return "slow"

    def late() -> str:
        made.append("late")
        return "late"

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(kept.get, "key", 0, slow)
        assert begun.wait(30)
        second = pool.submit(kept.get, "key", 1, late)
        assert kept.get("other", 1, lambda: "other") == "other", "what is asked for under other keys does not wait"
        may_end.set()
        assert (first.result(30), second.result(30)) == ("slow", "slow")
    assert made == ["slow"]


def test_an_error_is_told_and_not_kept() -> None:
    def wrong() -> str:
        raise ValueError("no answer")

    kept = Kept(60)
    with pytest.raises(ValueError, match="no answer"):
        kept.get("key", 0, wrong)
    assert kept.get("key", 0, lambda: "right") == "right"
