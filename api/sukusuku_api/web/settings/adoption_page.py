"""Devices that edge nodes report and nobody has assigned: their live values, and giving each its place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, FastAPI, Query, Response
from fastapi.responses import HTMLResponse

from sukusuku_api import routes
from sukusuku_api.dependencies import Context, SettingsContext
from sukusuku_api.problems import ProblemError
from sukusuku_api.queries.adoption import found
from sukusuku_api.web import base, texts, value_texts
from sukusuku_api.web.settings.changing import (
    PATH,
    STEP,
    VERSION,
    Refusal,
    TypedForm,
    changed,
    first,
    rendered,
    source_of,
)
from sukusuku_api.web.settings.explained import explained
from sukusuku_api.web.settings.form_view import FieldView
from sukusuku_api.web.settings.kinds import Choice, Kind, Line, Number, WrongEntryError
from sukusuku_api.web.settings.texts import REASONS
from sukusuku_core.model import AssetKind
from sukusuku_core.time import SECOND_MS, japan_time
from sukusuku_server.facility_document.adoption import Candidate, Seen, adopted
from sukusuku_server.facility_document.editing import edited
from sukusuku_server.i18n import N_, Translate
from sukusuku_server.settings import Language, Text

router = APIRouter(include_in_schema=False, prefix=f"{PATH}/devices")

_KINDS = {"unit": N_("Unit"), "room": N_("Room")}
_Name = Annotated[str, Query(max_length=63)]


@dataclass(frozen=True, slots=True)
class Value:
    """The newest value of a metric, what it means, and how old it is."""

    name: str
    meaning: str
    value: str
    age: str


@dataclass(frozen=True, slots=True)
class Device:
    """A device that waits for its place."""

    edge: str
    device: str
    kind: str
    reason: str
    since: str
    values: tuple[Value, ...]


def install(app: FastAPI) -> None:
    """Add the pages."""
    routes.add(app, router)


@router.get("")
def devices(context: SettingsContext, lang: base.Lang = "ja") -> HTMLResponse:
    """Return the devices that nobody has assigned, with their newest values."""
    translate = base.texts(lang).gettext
    shown = [_device(item, context.clock(), lang, translate) for item in found(context)]
    values = {"devices": shown, "editable": context.source is not None}
    return rendered(context, lang, "settings_devices.html", values)


@router.get("/adopt")
def form(context: SettingsContext, edge: _Name = "", device: _Name = "", lang: base.Lang = "ja") -> HTMLResponse:
    """Return the form by which a device gets its place."""
    version = source_of(context).read().version
    return _shown(context, lang, _candidate(context, edge, device), _proposed(device), version)


@router.post("/adopt")
def adopt(context: SettingsContext, typed: TypedForm, lang: base.Lang = "ja") -> Response:
    """Show what giving a device its place changes, or save it."""
    candidate = _candidate(context, first(typed, "edge"), first(typed, "device"))
    translate, version = base.texts(lang).gettext, first(typed, VERSION)
    if first(typed, STEP) == "edit":
        return _shown(context, lang, candidate, typed, version)
    read, wrong = _read(context, candidate, typed, lang)
    if wrong:
        return _shown(context, lang, candidate, typed, version, wrong, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if read.get("kind"):
        candidate = replace(candidate, kind=AssetKind(str(read["kind"])))
    name = Text(ja=str(read.get("name.ja", "")), en=str(read.get("name.en", "")))
    capacity = read.get("capacity")

    def make(text: str) -> str:
        site = str(read.get("site", ""))
        places = capacity if isinstance(capacity, int) else None
        return edited(text, adopted(candidate, context.whole.facility, site, name, places))

    def refused(refusal: Refusal) -> Response:
        errors = [explained(item, translate).text for item in refusal.mistakes]
        if refusal.now is not None:
            errors = [translate("The settings were changed meanwhile. Please look whether this is still right.")]
        seen = version if refusal.now is None else refusal.now.version
        every = [refusal.text, *errors] if refusal.text else errors
        return _shown(context, lang, candidate, typed, seen, errors=every, status=refusal.status)

    title = translate("Give %(device)s its place") % {"device": candidate.device}
    return changed(context, lang, typed, title, make, refused)


def _read(
    context: Context, candidate: Candidate, typed: Mapping[str, Sequence[str]], language: Language
) -> tuple[Mapping[str, object], Mapping[str, str]]:
    """Return what was typed, and what is wrong with it, by the key of its field."""
    translate = base.texts(language).gettext
    read: dict[str, object] = {}
    wrong: dict[str, str] = {}
    for key, (_, kind, required) in _fields(context, candidate, language).items():
        try:
            read[key] = kind.read(typed.get(key, ()))
            if required and read[key] is None:
                wrong[key] = translate("Please fill this in.")
        except WrongEntryError as error:
            wrong[key] = translate(error.text) % error.values
    if read.get("kind") == AssetKind.ROOM.value and read.get("capacity", 0) is None:
        wrong["capacity"] = translate("A room needs its capacity.")
    return read, wrong


def _candidate(context: Context, edge: str, device: str) -> Candidate:
    candidate = next((item for item in found(context) if (item.edge, item.device) == (edge, device)), None)
    if candidate is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, "Nothing of this device waits.")
    return candidate


def _proposed(device: str) -> Mapping[str, Sequence[str]]:
    return {"name.ja": [device], "name.en": [device]}


def _fields(context: Context, candidate: Candidate, language: Language) -> Mapping[str, tuple[str, Kind, bool]]:
    """Return the fields that the place of a device needs: label, kind, whether it must be filled in."""
    if candidate.device in context.whole.assets:  # its new edge node or zones are known
        return {}
    sites = Choice(tuple((site.id, site.name[language]) for site in context.whole.facility.site))
    fields: dict[str, tuple[str, Kind, bool]] = {"site": (N_("Centre"), sites, True)}
    if candidate.kind is None:
        translate = base.texts(language).gettext
        kinds = Choice(tuple((value, translate(name)) for value, name in _KINDS.items()))
        fields["kind"] = (N_("What it is"), kinds, True)
    fields["name.ja"] = (N_("Name in Japanese"), Line(), True)
    fields["name.en"] = (N_("Name in English"), Line(), True)
    if candidate.kind is not AssetKind.UNIT:
        fields["capacity"] = (N_("Capacity (children)"), Number(0, 1000, whole=True), candidate.kind is AssetKind.ROOM)
    return fields


def _shown(
    context: Context,
    language: Language,
    candidate: Candidate,
    typed: Mapping[str, Sequence[str]],
    version: str,
    wrong: Mapping[str, str] | None = None,
    errors: Sequence[str] = (),
    status: HTTPStatus = HTTPStatus.OK,
) -> HTMLResponse:
    translate = base.texts(language).gettext
    fields = [
        FieldView(
            key, translate(label), "", kind, tuple(typed.get(key, ("",))), required, error=(wrong or {}).get(key, "")
        )
        for key, (label, kind, required) in _fields(context, candidate, language).items()
    ]
    values = {
        "device": _device(candidate, context.clock(), language, translate),
        "fields": fields,
        "version": version,
        "errors": errors,
    }
    return rendered(context, language, "settings_adopt.html", values, status)


def _device(item: Candidate, now: int, language: Language, translate: Translate) -> Device:
    return Device(
        item.edge,
        item.device,
        "" if item.kind is None else translate(_KINDS[item.kind.value]),
        translate(REASONS.get(item.reason, REASONS["unknown-asset"])),
        f"{japan_time(item.first):%Y-%m-%d %H:%M}",
        tuple(_value(seen, now, language, translate) for seen in item.metrics),
    )


def _value(seen: Seen, now: int, language: Language, translate: Translate) -> Value:
    text = value_texts.told(seen.value, seen.unit, translate)
    meaning = seen.ja if language == "ja" else seen.en
    return Value(seen.name, meaning, text, texts.age((now - seen.time) / SECOND_MS, translate))
