"""Answers that take long to find, kept for a while: a page that many people look at asks for them once a minute."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from cachetools import TTLCache, cached

T = TypeVar("T")

_MOST = 1000
"""Answers in one cache; then the ones that were not asked for the longest give way."""


class TtlCache:
    """Keeps what was made under a key for `seconds`. Safe to use from several threads; errors are not kept.

    Who asks for what is being made waits for it instead of making it, too.
    """

    def __init__(self, seconds: float, timer: Callable[[], float] = time.monotonic) -> None:
        @cached(TTLCache[Hashable, Any](_MOST, seconds, timer), _key, condition=threading.Condition())
        def get(_: Hashable, make: Callable[[], Any]) -> Any:
            return make()

        self._get = get

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Answer what was made under this key not long ago, or what `make` gives now."""
        answer: T = self._get(key, make)
        return answer

    def forget(self) -> None:
        """Make everything anew."""
        self._get.cache_clear()


def _key(key: Hashable, _: Callable[[], Any]) -> Hashable:
    return key
