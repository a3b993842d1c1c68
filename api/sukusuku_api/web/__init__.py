"""Pages for people: the wall, collection, rooms, vacancy, and the answers to round mails."""

from fastapi import FastAPI

from sukusuku_api.web import answers, collection, rooms, vacancy, views

__all__ = ["install"]


def install(app: FastAPI) -> None:
    """Add all pages."""
    views.install(app)
    collection.install(app)
    rooms.install(app)
    vacancy.install(app)
    answers.install(app)
