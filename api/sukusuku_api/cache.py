"""Answers that take long to find, kept for a while: a page that many people look at asks for them once a minute."""

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Kept:
    """Keeps what was made under a key for `seconds`. Safe to use from several threads; errors are not kept.

    Who asks for what is being made waits for it instead of making it, too.
    """

    def __init__(self, seconds: float) -> None:
        self._ms = seconds * 1000
        self._lock = threading.Lock()
        self._found: dict[Hashable, tuple[int, Any]] = {}
        self._making: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, now: int, make: Callable[[], T]) -> T:
        """What was made under this key not long before `now` (UTC ms), or what `make` gives now."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                kept = self._found.get(key)
            if kept is not None and abs(now - kept[0]) < self._ms:
                value: T = kept[1]
                return value
            value = make()
            with self._lock:
                self._found[key] = (now, value)
            return value

    def forget(self) -> None:
        """Make everything anew."""
        with self._lock:
            self._found.clear()
