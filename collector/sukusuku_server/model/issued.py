"""A report that was issued: what was handed in stays as it was, whatever is learnt later."""

from dataclasses import dataclass
from enum import StrEnum

from sukusuku_core.errors import SukusukuError


class ReportKind(StrEnum):
    """What a report is about."""

    ROOMS = "rooms"
    COLLECTION = "collection"


class UnknownReportError(SukusukuError):
    """There is no issued report of that number, or none of that format."""


@dataclass(frozen=True, slots=True)
class IssuedReport:
    """An issued report. `settings` and `digest` are hashes (SHA-256) of the settings it rests on and of its cells.

    `kind` is what it is about, `period` is `2026-11` or `fy2026`; `site` None: all centres. `replaces` is the number of
    the issue that it corrects. `files` are the endings of what was kept; without `pdf`, none could be made then.
    """

    number: int
    kind: ReportKind
    period: str
    site: str | None
    language: str
    issued: int
    by: str
    note: str
    replaces: int | None
    settings: str
    digest: str
    files: tuple[str, ...] = ()
