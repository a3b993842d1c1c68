"""A report as a file, made for whoever asks for it."""

from dataclasses import dataclass

from sukusuku_api.dependencies import Context
from sukusuku_api.reports.generate import WRITERS, asked, make
from sukusuku_api.reports.period import Period
from sukusuku_server.model.issued import ReportKind
from sukusuku_server.settings import Language


@dataclass(frozen=True, slots=True)
class File:
    """A file with its name."""

    name: str
    content: bytes


def file(context: Context, kind: ReportKind, period: Period, site: str | None, language: Language, ending: str) -> File:
    """Return a report as it may be handed out.

    `site` is a centre that whoever asks may see, None: all. Raises PeriodError, MissingError, DrawingError.
    """
    wanted = asked(kind, period, site, language, outward=True)
    made = make(context.whole, context.store.history, context.operations, wanted, context.clock())
    return File(f"{made.key}.{ending}", WRITERS[ending](made))
