"""Pages for people: wall, collection, rooms, vacancy, bookings, reports, settings, sign-in, answers; their design."""

from fastapi import FastAPI

from sukusuku_api.web import notes, rooms
from sukusuku_api.web.account import page as account
from sukusuku_api.web.account import single_sign_on
from sukusuku_api.web.alert_links import page as alert_links
from sukusuku_api.web.alerts import page as alerts
from sukusuku_api.web.bookings import page as bookings
from sukusuku_api.web.collection import caches
from sukusuku_api.web.collection import page as collection
from sukusuku_api.web.design import page as design
from sukusuku_api.web.people import page as people
from sukusuku_api.web.reports import page as reports
from sukusuku_api.web.rounds import accounts, application, links, opening
from sukusuku_api.web.security import page as security
from sukusuku_api.web.settings import adoption_page, history_page
from sukusuku_api.web.settings import page as settings
from sukusuku_api.web.sign_in import page as sign_in
from sukusuku_api.web.sign_in import provider, sign_out
from sukusuku_api.web.site import page as site
from sukusuku_api.web.start import page as start
from sukusuku_api.web.unit import page as unit
from sukusuku_api.web.vacancy import page as vacancy
from sukusuku_api.web.wall import page as views

__all__ = ["install", "prepare"]


def install(app: FastAPI) -> None:
    """Add all pages."""
    notes.install(app)
    views.install(app)
    collection.install(app)
    rooms.install(app)
    vacancy.install(app)
    design.install(app)
    bookings.install(app)
    reports.install(app)
    opening.install(app)
    application.install(app)
    links.install(app)
    accounts.install(app)
    sign_in.install(app)
    provider.install(app)
    sign_out.install(app)
    account.install(app)
    single_sign_on.install(app)
    alerts.install(app)
    alert_links.install(app)
    people.install(app)
    security.install(app)
    unit.install(app)
    site.install(app)
    start.install(app)
    settings.install(app)
    history_page.install(app)
    adoption_page.install(app)


def prepare(app: FastAPI) -> None:
    """Give the pages what they keep for the data to which the application has just been connected."""
    caches.prepare(app)
    rooms.prepare(app)
    vacancy.prepare(app)
    links.prepare(app)
    provider.prepare(app)
