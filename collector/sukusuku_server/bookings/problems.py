"""What is wrong with a file of bookings, line by line, in words that a person can act on."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from gettext import NullTranslations
from typing import Any, Literal

from sukusuku_core.errors import SukusukuError
from sukusuku_server.i18n import N_

MOST = 50
"""So many problems are told; who has more has the wrong file."""
SHOWN = 20
"""Characters of a cell that are shown."""
_TOLD = {"line": N_("line %(line)d: %(said)s"), "event": N_("event %(line)d: %(said)s")}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a line (of a table) or event (of a calendar), counted from 1; 0: in the file.

    `text` is an English message id with places for `values`, among them what was found. `kind` says the same in a
    word, for the log, which never shows what stands in a file.
    """

    line: int
    kind: str
    text: str
    values: dict[str, Any] = field(default_factory=dict)
    part: Literal["line", "event"] = "line"

    def told(self, texts: NullTranslations) -> str:
        """Return it in the language of the reader."""
        said = texts.gettext(self.text) % self.values
        return texts.gettext(_TOLD[self.part]) % {"line": self.line, "said": said} if self.line else said


class BookingsError(SukusukuError):
    """A file of bookings cannot be taken; nothing of it was."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems[:MOST])
        self.more = max(0, len(problems) - MOST)
        kinds = ", ".join(
            f"{item.part} {item.line} {item.kind}" if item.line else item.kind for item in self.problems[:5]
        )
        super().__init__(f"{len(problems)} problems: {kinds}")

    def told(self, texts: NullTranslations) -> list[str]:
        """Return every problem in the language of the reader."""
        lines = [problem.told(texts) for problem in self.problems]
        if self.more:
            lines.append(texts.gettext("and %(n)d more") % {"n": self.more})
        return lines


class CellError(Exception):
    """A cell cannot be read. `text` is the message id of what is expected."""

    def __init__(self, kind: str, text: str, found: str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.text = text
        self.found = found[:SHOWN]
