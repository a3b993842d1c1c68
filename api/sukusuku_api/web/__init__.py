"""Pages for people: the wall, collection, rooms, vacancy, bookings, reports, and the answers to round mails."""

from fastapi import FastAPI

from sukusuku_api.web import rooms
from sukusuku_api.web.bookings import page as bookings
from sukusuku_api.web.collection import page as collection
from sukusuku_api.web.reports import page as reports
from sukusuku_api.web.round_links import page
from sukusuku_api.web.vacancy import page as vacancy
from sukusuku_api.web.wall import page as views

__all__ = ["install", "prepare"]


def install(app: FastAPI) -> None:
    """Add all pages."""
    views.install(app)
    collection.install(app)
    rooms.install(app)
    vacancy.install(app)
    bookings.install(app)
    reports.install(app)
    page.install(app)


def prepare(app: FastAPI) -> None:
    """Give the pages what they keep for the data to which the application has just been connected."""
    collection.prepare(app)
    rooms.prepare(app)
    vacancy.prepare(app)
    page.prepare(app)
