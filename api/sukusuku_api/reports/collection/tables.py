"""From the accounts of a period to the report on collection. Pure."""

from collections.abc import Iterator, Sequence

from sukusuku_api.reports import frame
from sukusuku_api.reports.collection import centre, overview, summary
from sukusuku_api.reports.collection.accounts import Accounts
from sukusuku_api.reports.collection.columns import DEFINITIONS
from sukusuku_api.reports.collection.read import Facts, Headlines
from sukusuku_api.reports.model import Report, Section
from sukusuku_api.reports.period import is_running
from sukusuku_api.reports.request import Asked
from sukusuku_core.time import local_day
from sukusuku_server.rooms.schedule import FacilitySchedules


def report(
    index: FacilitySchedules, told: Sequence[Headlines], facts: Facts, asked: Asked, now: int, *, simulated: bool
) -> Report:
    """Return the whole report, made at `now` (UTC ms). `told` is the period, then those with which it is compared."""
    begun = [day for _, day in asked.period.parts() if day <= local_day(now)]
    accounts = Accounts(index, told[0], told[1:], facts, asked, begun)
    translate = asked.translate
    notes = [
        *frame.common_notes(asked, now, simulated=simulated, running=is_running(asked.period, now)),
        translate("Weights are not weighed: they are the number of nappies times the weight of one in the settings."),
    ]
    title, empty = translate("Collection of used nappies"), not told[0].days
    sections = () if empty else _sections(accounts)
    return frame.framed(index.facility, asked, title, now, notes, sections, DEFINITIONS, empty=empty)


def _sections(accounts: Accounts) -> Iterator[Section]:
    translate, language = accounts.asked.translate, accounts.asked.language
    yield Section(translate("Summary"), (summary.summary(accounts),))
    yield Section(translate("All centres"), tuple(overview.tables(accounts)))
    compared = overview.compared(accounts)
    if compared is not None:
        yield Section(translate("Distance, CO₂ and cost"), (compared,))
    yield Section(translate("Forecasts"), (overview.forecasts(accounts),))
    for site in accounts.index.facility.site:
        if site.unit:
            yield Section(site.name[language], tuple(centre.tables(accounts, site)))
