"""What a report is to be."""

from collections.abc import Mapping
from dataclasses import dataclass

from sukusuku_api.reports.period import Period
from sukusuku_server.i18n import Translate
from sukusuku_server.model.collection import CorrectionKind
from sukusuku_server.model.issued import ReportKind
from sukusuku_server.settings import Language


@dataclass(frozen=True, slots=True)
class Asked:
    """About what, of which period, of one centre or all, in which language; `outward`: small counts are withheld."""

    kind: ReportKind
    period: Period
    site: str | None
    outward: bool
    language: Language
    translate: Translate
    corrections: Mapping[CorrectionKind, str]
    """What corrections are called."""
