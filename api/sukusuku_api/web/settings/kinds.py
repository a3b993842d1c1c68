"""What a field of a form takes: how a value of the document is shown to be typed over, and how what was typed is read.

A field is one or several inputs of the same name, so what is typed is a list of texts in their order. Pure.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sukusuku_core.topics import ID_PATTERN
from sukusuku_server.i18n import N_
from sukusuku_server.settings.mail_address import MailAddress

Typed = Sequence[str]
Options = tuple[tuple[str, str], ...]
"""Values with their names, in the reader's language."""


class WrongEntryError(Exception):
    """What was typed cannot be meant. `text` is a message id, `values` what it names."""

    def __init__(self, text: str, /, **values: object) -> None:
        super().__init__(text)
        self.text = text
        self.values = values


class Kind(Protocol):
    """A kind of field. `widget` is the name of its inputs in the template."""

    @property
    def widget(self) -> str:
        """Return which inputs it has."""

    def show(self, value: Any) -> list[str]:
        """Return what stands in its inputs for a value of the document; None: there is none."""

    def read(self, typed: Typed) -> Any:
        """Return the value that was typed; None: nothing. Raises WrongEntryError."""


def only(typed: Typed) -> str:
    """Return what was typed into the first input."""
    return typed[0].strip() if typed else ""


@dataclass(frozen=True, slots=True)
class Line:
    """A text of one line."""

    longest: int = 80
    widget: str = "text"

    def show(self, value: Any) -> list[str]:
        """See `Kind`."""
        return ["" if value is None else str(value)]

    def read(self, typed: Typed) -> Any:
        """See `Kind`."""
        text = only(typed)
        if len(text) > self.longest:
            raise WrongEntryError(N_("At most %(n)s characters."), n=self.longest)
        return text or None


class Ident(Line):
    """An id: it stays what it is, so it is typed once."""

    def read(self, typed: Typed) -> Any:
        """See `Kind`."""
        text = only(typed)
        if text and re.match(ID_PATTERN, text) is None:
            raise WrongEntryError(N_("Letters a to z, digits, “_”, “.” and “-” only, at most 63; no spaces."))
        return text or None


class Mail(Line):
    """A mail address."""

    def read(self, typed: Typed) -> Any:
        """See `Kind`."""
        text = only(typed)
        try:
            return str(MailAddress(text)) if text else None
        except ValueError as error:
            raise WrongEntryError(N_("Please enter a mail address like name@example.jp.")) from error


@dataclass(frozen=True, slots=True)
class Number:
    """A number. `unit` stands behind it; `factor` makes the document's unit out of it: minutes are kept as seconds."""

    least: float
    most: float
    unit: str = ""
    whole: bool = False
    factor: float = 1
    widget: str = "number"

    def show(self, value: Any) -> list[str]:
        """See `Kind`."""
        return ["" if value is None else f"{value / self.factor:.10g}"]

    def read(self, typed: Typed) -> Any:
        """See `Kind`."""
        text = only(typed)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError as error:
            raise WrongEntryError(N_("Please enter a number.")) from error
        if not self.least <= value <= self.most:
            raise WrongEntryError(
                N_("Please enter a number from %(least)s to %(most)s."), least=f"{self.least:g}", most=f"{self.most:g}"
            )
        value *= self.factor
        if self.whole and value != int(value):
            raise WrongEntryError(N_("Please enter a whole number."))
        return int(value) if value == int(value) else value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values."""

    options: Options
    widget: str = "choice"

    def show(self, value: Any) -> list[str]:
        """See `Kind`."""
        return ["" if value is None else str(value)]

    def read(self, typed: Typed) -> Any:
        """See `Kind`."""
        text = only(typed)
        if text and text not in {value for value, _ in self.options}:
            raise WrongEntryError(N_("Please choose one of the list."))
        return text or None


@dataclass(frozen=True, slots=True)
class Many:
    """Any number of values, in the order of the list."""

    options: Options
    widget: str = "many"

    def show(self, value: Any) -> list[str]:
        """See `Kind`."""
        return [str(item) for item in value or ()]

    def read(self, typed: Typed) -> Any:
        """See `Kind`."""
        if set(typed) - {value for value, _ in self.options}:
            raise WrongEntryError(N_("Please choose from the list."))
        return [value for value, _ in self.options if value in typed]


@dataclass(frozen=True, slots=True)
class Flag:
    """Yes or no."""

    widget: str = "flag"

    def show(self, value: Any) -> list[str]:
        """See `Kind`."""
        return ["yes"] if value else []

    def read(self, typed: Typed) -> Any:
        """See `Kind`."""
        return bool(typed)
