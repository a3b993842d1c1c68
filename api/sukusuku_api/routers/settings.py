"""The settings of the operator: what they say, who changed what, changing and taking back, adopting devices."""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Literal, cast

from sukusuku_api.dependencies import Context, SettingsContext, invalid
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.queries.adoption import found
from sukusuku_api.routes import resource
from sukusuku_api.schemas import settings as out
from sukusuku_api.settings_changes import propose, save, traced
from sukusuku_core import toml_text
from sukusuku_core.errors import Mistake, PermanentError, WrongSettingsError
from sukusuku_core.model import AssetKind
from sukusuku_core.time import japan_time
from sukusuku_server.facility_document.adoption import Candidate, adopted
from sukusuku_server.facility_document.difference import difference
from sukusuku_server.facility_document.editing import Add, Edit, EditError, Put, TakeOut, edited
from sukusuku_server.facility_document.paths import NoSuchPlaceError
from sukusuku_server.facility_document.source import (
    Change,
    ChangedMeanwhileError,
    FacilitySource,
    Origin,
)
from sukusuku_server.facility_document.undoing import undone
from sukusuku_server.facility_document.words import HIDDEN, may_be_secret
from sukusuku_server.settings import Language, Text

router = resource("/settings", "settings")

_STATUSES = documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
_SHOWN = 100
"""Versions in the history, the newest."""


@router.get("", summary="The settings", responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT))
def settings(context: SettingsContext) -> out.SettingsOut:
    """Return the document as it is now, right or wrong, and its version."""
    document = _source(context).read()
    try:
        data = toml_text.loads(document.text)
    except tomllib.TOMLDecodeError as error:
        raise ProblemError(HTTPStatus.CONFLICT, f"The document is not valid TOML: {error}") from error
    return out.SettingsOut(version=document.version, settings=_public(data))


@router.get(
    "/history",
    summary="Who changed the settings, and what",
    responses=documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
def history(context: SettingsContext, lang: Literal["ja", "en"] = "ja") -> out.VersionsOut:
    """List the newest versions with what each changed, in words."""
    return out.VersionsOut(
        versions=[
            out.VersionOut(
                number=it.version.number,
                time=japan_time(it.version.time),
                by=it.version.by,
                why=it.version.why,
                origin=it.version.origin.value,
                changes=list(it.changes or ()),
            )
            for it in traced(_source(context), _SHOWN, lang)
        ]
    )


@router.post("/edits", summary="Change the settings", responses=_STATUSES)
def change(context: SettingsContext, body: out.ChangeIn, lang: Literal["ja", "en"] = "ja") -> out.ChangedOut:
    """Make all edits, or none. 409: the settings were changed meanwhile. 422: every mistake with its key path."""
    edits = [_edit(edit) for edit in body.edits]
    return _change(context, body, lambda text: edited(text, edits), lang)


@router.post("/undo", summary="Take back a change of the settings", responses=_STATUSES)
def undo(context: SettingsContext, body: out.UndoIn, lang: Literal["ja", "en"] = "ja") -> out.ChangedOut:
    """Take back what one version changed; later changes stay. 409: later ones have changed the same."""
    source = _source(context)
    try:
        before, after = source.text_of(body.number - 1), source.text_of(body.number)
    except KeyError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no version {body.number}, or none before it.") from error

    def without(text: str) -> str:
        made = undone(before, after, text)
        if made is None:
            raise ProblemError(HTTPStatus.CONFLICT, "Later changes have changed the same; take those back first.")
        return made

    return _change(context, body, without, lang, Origin.UNDONE)


@router.get("/unassigned", summary="Devices that nobody has assigned")
def unassigned(context: SettingsContext) -> out.CandidatesOut:
    """List the devices that edge nodes report and the settings have no place for, with their newest values."""
    return out.CandidatesOut(devices=[_candidate(item) for item in found(context)])


@router.post("/adopt", summary="Give a device its place", responses=_STATUSES)
def adopt(context: SettingsContext, body: out.AdoptIn, lang: Literal["ja", "en"] = "ja") -> out.ChangedOut:
    """Make a device a unit or room of a centre. Its readings that wait are stored within seconds."""
    every = {(item.edge, item.device): item for item in found(context)}
    candidate = every.get((body.edge, body.device))
    if candidate is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "Nothing of this device waits.", available=[it[1] for it in every])
    if body.kind is not None:
        candidate = replace(candidate, kind=AssetKind(body.kind))
    if body.site and body.site not in context.index.sites:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"There is no centre {body.site!r}.", available=[*context.index.sites])
    try:
        name = Text(ja=body.ja or body.device, en=body.en or body.ja or body.device)
        edits = adopted(candidate, context.facility, body.site, name, body.capacity)
    except ValueError as error:
        raise invalid("body", str(error)) from error
    return _change(context, body, lambda text: edited(text, edits), lang)


# ------------------------------------------------------------ inside


def _source(context: Context) -> FacilitySource:
    if context.source is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "The settings of this server cannot be changed from here.")
    return context.source


def _change(
    context: Context,
    body: out.ChangeIn | out.UndoIn | out.AdoptIn,
    make: Callable[[str], str],
    language: Language,
    origin: Origin = Origin.SAVED,
) -> out.ChangedOut:
    source = _source(context)
    by = context.name(body.by)
    try:
        proposal = propose(context, source, body.version, make)
        saved = save(context, source, proposal, Change(by, body.why, origin))
    except NoSuchPlaceError as error:
        raise ProblemError(HTTPStatus.NOT_FOUND, str(error)) from error
    except EditError as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from error
    except ChangedMeanwhileError as error:
        raise _meanwhile() from error
    except WrongSettingsError as error:
        raise _wrong(error.mistakes) from error
    except PermanentError as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from error
    changes = difference(proposal.before.text, proposal.text, language)
    return out.ChangedOut(version=saved.version, changes=changes, restart=list(proposal.waiting))


def _meanwhile() -> ProblemError:
    return ProblemError(
        HTTPStatus.CONFLICT, "The settings were changed meanwhile. Look at what has changed, then change them again."
    )


def _wrong(mistakes: Sequence[Mistake]) -> ProblemError:
    errors = [(item.where, "" if may_be_secret(item.where) else item.text) for item in mistakes]
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "The settings would be wrong.", errors=errors)


def _edit(edit: out.PutIn | out.AddIn | out.TakeOutIn) -> Edit:
    match edit:
        case out.PutIn():
            return Put(edit.path, edit.value)
        case out.AddIn():
            return Add(edit.path, edit.item)
        case _:
            return TakeOut(edit.path)


def _public(data: Any, key: str = "") -> Any:
    """Return the document as JSON, without what may be secret."""
    if key in HIDDEN:
        return None
    if isinstance(data, dict):
        return {name: _public(item, name) for name, item in data.items()}
    if isinstance(data, list):
        return [_public(item) for item in data]
    return data if isinstance(data, str | int | float | bool) else str(data)


def _candidate(item: Candidate) -> out.CandidateOut:
    return out.CandidateOut(
        edge=item.edge,
        device=item.device,
        reason=item.reason,
        first=japan_time(item.first),
        last=japan_time(item.last),
        kind=None if item.kind is None else cast("Literal['unit', 'room']", item.kind.value),
        metrics=[
            out.SeenOut(
                name=seen.name, value=seen.value, time=japan_time(seen.time), unit=seen.unit, ja=seen.ja, en=seen.en
            )
            for seen in item.metrics
        ],
        zones=list(item.zones),
    )
