"""Which reports whoever looks at a page can have: about what, of which period and centre."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sukusuku_api.access.view import View
from sukusuku_api.dependencies import Context
from sukusuku_api.reports import period
from sukusuku_api.reports.generate import WRITERS
from sukusuku_api.web import base
from sukusuku_core.time import local_day
from sukusuku_server.access.rights import Act
from sukusuku_server.i18n import N_
from sukusuku_server.model.issued import ReportKind
from sukusuku_server.settings import Language

OFFERED_MONTHS = 14
KINDS = {
    ReportKind.COLLECTION: N_("Collection of used nappies"),
    ReportKind.ROOMS: N_("Use of the temporary-childcare rooms"),
}
ALL = ""
"""Stands for all centres in a form."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be chosen, as pairs of value and text; `sites` has only one where there is nothing to choose."""

    kinds: Sequence[tuple[str, str]]
    periods: Sequence[tuple[str, str]]
    sites: Sequence[tuple[str, str]]
    endings: Sequence[str]

    def of(self, kind: str) -> "Offer":
        """Return the same with one kind only."""
        return Offer([item for item in self.kinds if item[0] == kind], self.periods, self.sites, self.endings)


def offer(context: Context, language: Language, act: Act = Act.VIEW_REPORTS) -> Offer | None:
    """Return what whoever asks may choose who has the right `act`; None: nothing."""
    if context.principal is None or not context.principal.rights.somewhere(act):
        return None
    view = context.scoped.of(context.principal.rights, act)
    facility, translate = view.index.facility, base.texts(language).gettext
    there = {
        ReportKind.COLLECTION: any(site.unit for site in facility.site),
        ReportKind.ROOMS: any(site.room for site in facility.site),
    }
    periods = [(item.key, item.name(translate, language)) for item in _periods(context.clock())]
    kinds = [(kind.value, translate(name)) for kind, name in KINDS.items() if there[kind]]
    return Offer(kinds, periods, _sites(view, language), tuple(WRITERS)) if kinds else None


def _sites(view: View, language: Language) -> list[tuple[str, str]]:
    """Return the centres; a sum of all is for whoever sees all of them."""
    sites = [(site.id, site.name[language]) for site in view.index.facility.site]
    every = [(ALL, base.texts(language).gettext("All centres"))]
    return every + (sites if len(sites) > 1 else []) if view.key is None else sites


def _periods(now: int) -> list[period.Period]:
    """Return the months that are over, the newest first, and the fiscal years that they belong to."""
    months, first = [], local_day(now).replace(day=1)
    for _ in range(OFFERED_MONTHS):
        first = (first - timedelta(days=1)).replace(day=1)
        months.append(period.month(f"{first:%Y-%m}"))
    years = sorted({item.fiscal_year for item in months}, reverse=True)
    return [*months, *(period.fiscal_year(str(year)) for year in years)]
