"""What the page of settings shows: everything that is set, in words; what is wrong, what waits for a restart."""

from dataclasses import dataclass

from sukusuku_api.dependencies import Context
from sukusuku_api.queries.adoption import found as found_devices
from sukusuku_api.web.settings.wording import Hours, Listed, SettingsWording
from sukusuku_core.errors import WrongSettingsError
from sukusuku_core.time import local_day
from sukusuku_server.facility_document.words import may_be_secret
from sukusuku_server.i18n import Translate
from sukusuku_server.settings import Facility, Language, Site


@dataclass(frozen=True, slots=True)
class Centre:
    """A centre with its hours."""

    site: Site
    hours: Hours
    parents: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page. `editable`: the settings can be changed from here."""

    settings: Facility
    editable: bool
    mistakes: tuple[tuple[str, str], ...]
    restart: tuple[str, ...]
    centres: tuple[Centre, ...]
    contacts: tuple[Listed, ...]
    report_mails: tuple[Listed, ...]
    rounds: tuple[Listed, ...]
    vehicles: tuple[Listed, ...]
    depots: tuple[Listed, ...]
    levels: tuple[tuple[str, str], ...]
    waiting: int


def page(context: Context, language: Language, translate: Translate) -> Page:
    """Return the page. Where the document is wrong, it shows what is in use."""
    facility, mistakes = _now(context)
    told = SettingsWording(facility, language, translate, local_day(context.clock()))
    return Page(
        settings=facility,
        editable=context.source is not None,
        mistakes=mistakes,
        restart=context.document().waiting,
        centres=tuple(Centre(site, told.hours(site.opening), told.parents(site.parents)) for site in facility.site),
        contacts=told.contacts(),
        report_mails=told.report_mails(),
        rounds=told.rounds(),
        vehicles=told.vehicles(),
        depots=tuple(Listed(it.id, it.name[language], (f"{it.lat:.4f}, {it.lon:.4f}",)) for it in facility.depot),
        levels=told.levels(),
        waiting=len(found_devices(context)),
    )


def _now(context: Context) -> tuple[Facility, tuple[tuple[str, str], ...]]:
    """Return what the document says, or what is in use while that is wrong, with what is."""
    if context.source is None:
        return context.whole.facility, ()
    try:
        return context.source.check(context.source.read().text), ()
    except WrongSettingsError as error:
        shown = ((it.where, "" if may_be_secret(it.where) else it.text) for it in error.mistakes)
        return context.whole.facility, tuple(shown)
