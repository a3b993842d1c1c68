"""Pages for people: the wall, collection, and the answers to round mails."""

from fastapi import FastAPI

from sukusuku_api.web import answers, collection, views

__all__ = ["install"]


def install(app: FastAPI) -> None:
    """Add all pages."""
    views.install(app)
    collection.install(app)
    answers.install(app)
