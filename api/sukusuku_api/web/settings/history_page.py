"""Who changed the settings, when, why and what; and taking one change back."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI, Path, Response
from fastapi.responses import HTMLResponse

from sukusuku_api import routes
from sukusuku_api.dependencies import Context, SettingsContext
from sukusuku_api.problems import ProblemError
from sukusuku_api.settings_changes import traced
from sukusuku_api.web import base
from sukusuku_api.web.settings.changing import (
    PATH,
    STEP,
    NotPossibleError,
    Refusal,
    TypedForm,
    changed,
    first,
    rendered,
    source_of,
)
from sukusuku_api.web.settings.explained import explained
from sukusuku_api.web.settings.texts import ORIGINS
from sukusuku_core.time import japan_time
from sukusuku_server.facility_document.source import FacilitySource, Origin
from sukusuku_server.facility_document.undoing import undone
from sukusuku_server.i18n import N_
from sukusuku_server.settings import Language

SHOWN = 50
"""Versions on the page, the newest."""

router = APIRouter(include_in_schema=False, prefix=f"{PATH}/history")


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version. `can_undo`: it is known what was there before it."""

    number: int
    time: str
    by: str
    why: str
    origin: str
    changes: tuple[str, ...]
    can_undo: bool


def install(app: FastAPI) -> None:
    """Add the page."""
    routes.add(app, router)


@router.get("")
def history(context: SettingsContext, lang: base.Lang = "ja") -> HTMLResponse:
    """Return the newest versions, each with what it changed."""
    return _shown(context, lang)


@router.post("/{number}")
def undo(
    context: SettingsContext,
    number: Annotated[int, Path(ge=1, lt=2**31)],
    typed: TypedForm,
    lang: base.Lang = "ja",
) -> Response:
    """Show what taking a change back would change, or take it back. Later changes stay."""
    source = source_of(context)
    if first(typed, STEP) == "edit":
        return _shown(context, lang)
    try:
        before, after = source.text_of(number - 1), source.text_of(number)
    except KeyError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no version {number}, or none before it.") from error

    def make(text: str) -> str:
        made = undone(before, after, text)
        if made is None:
            raise NotPossibleError(N_("Later changes have changed the same; take those back first."))
        return made

    title = base.texts(lang).gettext("Take back version %(n)s") % {"n": number}
    return changed(context, lang, typed, title, make, lambda it: _shown(context, lang, it), Origin.UNDONE)


def _shown(context: Context, language: Language, refusal: Refusal | None = None) -> HTMLResponse:
    source, translate = source_of(context), base.texts(language).gettext
    error = ""
    if refusal is not None:
        error = refusal.text or translate("It would be wrong now, because later changes need what it brought.")
        if refusal.now is not None:
            error = translate("The settings were changed meanwhile. Please look at the newest version first.")
    values = {
        "versions": _versions(source, language),
        "version": source.read().version,
        "error": error,
        "mistakes": [] if refusal is None else [explained(item, translate).text for item in refusal.mistakes],
    }
    status = HTTPStatus.OK if refusal is None else refusal.status
    return rendered(context, language, "settings_history.html", values, status)


def _versions(source: FacilitySource, language: Language) -> list[VersionLine]:
    translate = base.texts(language).gettext
    return [
        VersionLine(
            it.version.number,
            f"{japan_time(it.version.time):%Y-%m-%d %H:%M}",
            it.version.by or "",
            it.version.why,
            translate(ORIGINS[it.version.origin.value]),
            it.changes or (),
            it.changes is not None,
        )
        for it in traced(source, SHOWN, language)
    ]
