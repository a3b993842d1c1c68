"""Pages for people: the wall, and the answers to round mails."""

from fastapi import FastAPI

from sukusuku_api.web import answers, views

__all__ = ["install"]


def install(app: FastAPI) -> None:
    """Add all pages."""
    views.install(app)
    answers.install(app)
