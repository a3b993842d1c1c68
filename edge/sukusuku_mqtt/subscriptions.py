"""What a session has asked for, and asks for again where the broker refuses."""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from sukusuku_core.backoff import Backoff

FIRST = 1.0
LAST = 60.0
"""Seconds until it is asked again: a cluster that elects a leader refuses for a while, rules refuse for ever."""

_log = logging.getLogger("sukusuku_mqtt")


class Answer(Protocol):
    """What the broker says about one topic."""

    @property
    def is_failure(self) -> bool:
        """Whether it refuses."""
        ...


class Subscriptions:
    """`send` asks the broker and returns the number by which it answers; `later` does something after some seconds."""

    def __init__(
        self,
        send: Callable[[Sequence[str]], int | None],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self._send, self._later = send, later
        self._wanted = set[str]()
        self._asked = dict[int, Sequence[str]]()
        self._told = set[str]()
        self._pauses = Backoff(FIRST, LAST)

    def ask(self, filters: Sequence[str]) -> None:
        """Ask for topics."""
        self._wanted.update(filters)
        number = self._send(filters)
        if number is not None:
            self._asked[number] = filters

    def drop(self, filters: Iterable[str]) -> None:
        """Want topics no more."""
        self._wanted.difference_update(filters)

    def answered(self, number: int, answers: Iterable[Answer]) -> None:
        """Hear what the broker says; what it refuses is asked for again."""
        asked = self._asked.pop(number, ())
        refused = [item for item, answer in zip(asked, answers, strict=False) if answer.is_failure]
        if not refused:
            return
        if news := [item for item in refused if item not in self._told]:
            self._told.update(news)
            _log.warning("the broker refuses %s: check its rules; it is asked again", ", ".join(news))
        self._later(self._pauses.next(), lambda: self._again(refused))

    def _again(self, refused: Sequence[str]) -> None:
        if wanted := [item for item in refused if item in self._wanted]:
            self.ask(wanted)
