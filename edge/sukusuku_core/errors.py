"""Errors that say what the caller should do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


class SukusukuError(Exception):
    """Base of every error this project raises on purpose."""


class ConfigError(SukusukuError):
    """A settings file is wrong. The message names file, key path, what was found and what is allowed.

    Command lines print it as it is and exit with status 2.
    """


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong in a settings file: the key path (empty: the whole file), what was found and what is allowed."""

    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text}" if self.where else self.text


class WrongSettingsError(ConfigError):
    """A settings file with all its mistakes. The message has one line for each, which begins with the file's name."""

    def __init__(self, name: str, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(f"{name}: {mistake}" for mistake in mistakes))
        self.mistakes = tuple(mistakes)

    @classmethod
    def of(cls, name: str, text: str) -> Self:
        """Return the error of a file that is wrong as a whole."""
        return cls(name, (Mistake("", text),))


class DecodeError(SukusukuError):
    """A message from outside cannot be read. Quarantine it, count it, go on.

    `reason` is a short stable word for counting; the message explains.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class TransientError(SukusukuError):
    """A transport failed in a way that may pass: try again later."""


class PermanentError(SukusukuError):
    """A transport refused for good: trying again with the same input is useless."""
