"""Plans and figures that pages of collection keep for a while, as they take some seconds with many units."""

from typing import cast

from fastapi import FastAPI, Request

from sukusuku_api.cache import TtlCache

PLAN_SECONDS = 60.0
FIGURES_SECONDS = 600.0
"""Figures of months and weeks change slowly."""


def prepare(app: FastAPI) -> None:
    """Begin with nothing calculated."""
    app.state.plans, app.state.figures = TtlCache(PLAN_SECONDS), TtlCache(FIGURES_SECONDS)


def plans(request: Request) -> TtlCache:
    """Return the plans that are kept."""
    return cast("TtlCache", request.app.state.plans)


def figures(request: Request) -> TtlCache:
    """Return the figures that are kept."""
    return cast("TtlCache", request.app.state.figures)


def forget(request: Request) -> None:
    """Make all of them again: a person has just said something."""
    plans(request).forget()
    figures(request).forget()
