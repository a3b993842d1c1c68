"""Pages for people: the wall, collection, vacancy, and the answers to round mails."""

from fastapi import FastAPI

from sukusuku_api.web import answers, collection, vacancy, views

__all__ = ["install"]


def install(app: FastAPI) -> None:
    """Add all pages."""
    views.install(app)
    collection.install(app)
    vacancy.install(app)
    answers.install(app)
