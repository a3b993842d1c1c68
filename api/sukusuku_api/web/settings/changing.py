"""One change of the settings on the page: typed, its difference shown, saved. What can stop it stands in `Refusal`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from sukusuku_api.dependencies import Context
from sukusuku_api.problems import ProblemError
from sukusuku_api.settings_changes import Proposal, propose, save
from sukusuku_api.web import base, desk, forms
from sukusuku_core.errors import Mistake, PermanentError, SukusukuError, WrongSettingsError
from sukusuku_server.facility_document.difference import difference
from sukusuku_server.facility_document.editing import EditError
from sukusuku_server.facility_document.paths import NoSuchPlaceError
from sukusuku_server.facility_document.source import Change, ChangedMeanwhileError, Document, FacilitySource, Origin
from sukusuku_server.i18n import Translate
from sukusuku_server.settings import Language

PATH = "/settings"
STEP, VERSION, OF, BY, WHY = "step", "version", "of", "by", "why"
"""Fields of every form beside those of its thing: what to do, which version was seen, what it is about, who and why."""
_OWN = frozenset({STEP, BY, WHY})
_LONGEST_NAME, _LONGEST_WHY = 80, 200


async def _typed(request: Request) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, text in (await request.form()).multi_items():
        if isinstance(text, str):
            found.setdefault(key, []).append(forms.line(text))
    return found


TypedForm = Annotated[Mapping[str, list[str]], Depends(_typed)]


class NotPossibleError(SukusukuError):
    """A change cannot be made; the message is a message id."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a change was not made: mistakes, the document has changed meanwhile, or a text in the reader's words."""

    text: str = ""
    mistakes: tuple[Mistake, ...] = ()
    now: Document | None = None

    @property
    def status(self) -> HTTPStatus:
        """Return the status of the page that says so."""
        return HTTPStatus.CONFLICT if self.now is not None else HTTPStatus.UNPROCESSABLE_ENTITY


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What others have changed since a version was seen. `base` is what that said; None: nobody knows it any more."""

    by: tuple[str, ...]
    changes: tuple[str, ...]
    base: str | None


def first(typed: Mapping[str, Sequence[str]], key: str) -> str:
    """Return what was typed into the only input of a name."""
    return next(iter(typed.get(key, ())), "")


def source_of(context: Context) -> FacilitySource:
    """Return where the settings come from. Raises ProblemError where they cannot be changed."""
    if context.source is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "The settings of this server cannot be changed from here.")
    return context.source


def meanwhile(source: FacilitySource, seen: str, now: Document, language: Language) -> Meanwhile:
    """Return what was changed since a version was seen, by whom."""
    by: list[str] = []
    for version in source.history():
        if version.version == seen:
            text = source.text_of(version.number)
            return Meanwhile(tuple(dict.fromkeys(by)), tuple(difference(text, now.text, language)), text)
        if version.by:
            by.append(version.by)
    return Meanwhile((), (), None)


def changed(
    context: Context,
    language: Language,
    typed: Mapping[str, list[str]],
    title: str,
    make: Callable[[str], str],
    refused: Callable[[Refusal], Response],
    origin: Origin = Origin.SAVED,
) -> Response:
    """Show what a change would do, or save it when that has been seen; `refused` answers when it cannot be."""
    translate, source = base.texts(language).gettext, source_of(context)
    proposal = _proposed(context, source, first(typed, VERSION), make, translate)
    if isinstance(proposal, Refusal):
        return refused(proposal)
    if first(typed, STEP) != "save":
        return _preview(context, language, typed, title, proposal)
    by = forms.by(context, first(typed, BY))
    if not by:
        return _preview(context, language, typed, title, proposal, translate("Please enter your name."))
    try:
        saved = save(context, source, proposal, Change(by[:_LONGEST_NAME], first(typed, WHY)[:_LONGEST_WHY], origin))
    except ChangedMeanwhileError as error:
        return refused(Refusal(now=error.now))
    except PermanentError:
        text = translate("This server has no right to write the settings, see docs/settings.md. Nothing was changed.")
        return _preview(context, language, typed, title, proposal, text)
    number = next((item.number for item in source.history() if item.version == saved.version), 0)
    where = f"{PATH}?lang={language}&saved={number}"
    return RedirectResponse(where, HTTPStatus.SEE_OTHER, headers=forms.HEADERS)


def _proposed(
    context: Context, source: FacilitySource, seen: str, make: Callable[[str], str], translate: Translate
) -> Proposal | Refusal:
    try:
        proposal = propose(context, source, seen, make)
    except ChangedMeanwhileError as error:
        return Refusal(now=error.now)
    except WrongSettingsError as error:
        return Refusal(mistakes=error.mistakes)
    except NotPossibleError as error:
        return Refusal(text=translate(str(error)))
    except (EditError, NoSuchPlaceError):
        return Refusal(
            text=translate("The file is laid out in a way that this page cannot edit. Please edit it by hand.")
        )
    if proposal.text == proposal.before.text:
        return Refusal(text=translate("Nothing would be different."))
    return proposal


def _preview(
    context: Context,
    language: Language,
    typed: Mapping[str, list[str]],
    title: str,
    proposal: Proposal,
    error: str = "",
) -> Response:
    values = {
        "title": title,
        "changes": difference(proposal.before.text, proposal.text, language),
        "restart": proposal.waiting,
        "typed": [(key, text) for key, texts in typed.items() if key not in _OWN for text in texts],
        "wants_name": context.principal is None or context.principal.shared,
        "by": first(typed, BY),
        "why": first(typed, WHY),
        "error": error,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
    return rendered(context, language, "settings_change.html", values, status)


def rendered(
    context: Context,
    language: Language,
    template: str,
    values: Mapping[str, object],
    status: HTTPStatus = HTTPStatus.OK,
) -> HTMLResponse:
    """Return a page of the settings."""
    return desk.page(context, language, template, PATH, values, status)
