"""Who gives answers that nobody gave beforehand: a person at the terminal, or the defaults."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from sukusuku_core.errors import ConfigError

T = TypeVar("T")
Check = Callable[[str], T]
"""Turns a text into what it means. Raises ValueError that says what is allowed."""
HELP = "?"


class Asker(Protocol):
    """Where answers come from."""

    def ask(self, text: str, default: str, check: Check[T], choices: Callable[[], str] | None = None) -> T:
        """Return the answer to a question. `choices` lists what can be chosen."""

    def secret(self, text: str) -> str:
        """Return an answer that is not shown."""


class Defaults:
    """Asks nobody: every question has its default."""

    def ask(self, text: str, default: str, check: Check[T], choices: Callable[[], str] | None = None) -> T:
        """See `Asker`. Raises ConfigError when the default is none."""
        del choices
        try:
            return check(default)
        except ValueError as error:
            raise ConfigError(f"{text}: {error}") from error

    def secret(self, text: str) -> str:
        """See `Asker`."""
        del text
        return ""


class Terminal:
    """A person. An empty line takes the default; what is wrong is asked again."""

    def __init__(
        self, read: Callable[[str], str], read_secret: Callable[[str], str], show: Callable[[str], None]
    ) -> None:
        self._read = read
        self._read_secret = read_secret
        self._show = show

    def ask(self, text: str, default: str, check: Check[T], choices: Callable[[], str] | None = None) -> T:
        """See `Asker`. Raises EOFError when there are no more lines."""
        while True:
            said = self._read(f"{text} [{default}]: ").strip()
            if said == HELP and choices is not None:
                self._show(choices())
                continue
            try:
                return check(said or default)
            except ValueError as error:
                self._show(f"  {error}")

    def secret(self, text: str) -> str:
        """See `Asker`."""
        return self._read_secret(f"{text}: ")
