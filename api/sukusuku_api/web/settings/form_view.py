"""What the form of a thing shows: its fields with what stands in them, what is wrong beside each, what is new."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any

from sukusuku_api.problems import ProblemError
from sukusuku_api.web.settings.changing import Meanwhile
from sukusuku_api.web.settings.drafting import Spot, shown, spot, value
from sukusuku_api.web.settings.explained import explained, sorted_by_field
from sukusuku_api.web.settings.kinds import Kind, Number, WrongEntryError
from sukusuku_api.web.settings.kinds_of_time import Day
from sukusuku_api.web.settings.things import FROM, Field, Named, Thing
from sukusuku_core import toml_text
from sukusuku_core.errors import Mistake
from sukusuku_server.facility_document.paths import NoSuchPlaceError
from sukusuku_server.i18n import Translate
from sukusuku_server.settings import Language

Typed = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field: what stands in its inputs, what is wrong with it, and what others have written there meanwhile."""

    key: str
    label: str
    hint: str
    kind: Kind
    typed: tuple[str, ...]
    required: bool
    fixed: bool = False
    error: str = ""
    now: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class FormView:
    """The form. `since` is the field for the day from which on dated values hold; None: there are none."""

    word: str
    title: str
    told: str
    names: tuple[str, ...]
    version: str
    groups: tuple[tuple[str, tuple[FieldView, ...]], ...]
    since: FieldView | None
    errors: tuple[str, ...]
    removable: bool
    meanwhile: Meanwhile | None


class Form:
    """The form of one thing of a document."""

    def __init__(
        self, word: str, thing: Thing, text: str, names: Sequence[str], language: Language, translate: Translate
    ) -> None:
        """`names` say which thing, see `drafting.spot`. Raises ProblemError when it is not there."""
        self.word, self.thing, self.names = word, thing, tuple(names)
        self._language, self.translate = language, translate
        self.at = self._spot(text)
        self._data = _data(text)
        self.fields = thing.fields(self._named(self._data))

    def title(self) -> str:
        """Return what the form is about."""
        owners = [_name(item, self._language) for item in self.at.owners]
        own = self.thing.adding if self.at.is_new else self.thing.title
        parts = [*owners, self.translate(own), "" if self.at.is_new else _name(self.at.item, self._language)]
        return " ".join(filter(None, parts))

    def untouched(self, today: date) -> dict[str, list[str]]:
        """Return what stands in the fields before anything is typed."""
        return {field.key: self._shown(field, self.at.item, today) for field in self.fields}

    def merged(self, typed: Typed, base: str | None, today: date) -> tuple[dict[str, list[str]], dict[str, str]]:
        """Return what was typed, with what others have changed where nothing was typed; and what they wrote elsewhere.

        `base` is the text that was seen; None: unknown, so all that differs counts as typed.
        """
        seen = None
        if base is not None:
            try:
                seen = self._spot(base).item
            except ProblemError:
                seen = None
        now = self.untouched(today)
        fields: dict[str, list[str]] = {FROM: list(typed.get(FROM, ()))}
        others: dict[str, str] = {}
        for field in self.fields:
            own, there = list(typed.get(field.key, ())), now[field.key]
            before = None if seen is None else self._shown(field, seen, today)
            if before is not None and _same(own, before):
                fields[field.key] = there
                continue
            fields[field.key] = own
            if not _same(own, there) and (before is None or not _same(before, there)):
                others[field.key] = self.translate(", ").join(filter(None, there)) or "–"
        return fields, others

    def view(
        self,
        typed: Typed,
        version: str,
        wrong: Mapping[str, WrongEntryError],
        mistakes: Sequence[Mistake] = (),
        text: str = "",
        others: Mapping[str, str] | None = None,
        meanwhile: Meanwhile | None = None,
    ) -> FormView:
        """Return what it shows: what was typed, and what is wrong with it."""
        told = {item: explained(item, self.translate) for item in mistakes}
        keys = [field.key for field in self.fields]
        beside, rest = sorted_by_field(told, self.at.path, keys, FROM, self._called)
        beside |= {key: self.translate(error.text) % error.values for key, error in wrong.items()}
        dated = not self.at.is_new and any(field.dated for field in self.fields)
        errors = [text] if text else []
        if FROM in beside and not dated:
            errors.append(beside[FROM])
        groups: dict[str, list[FieldView]] = {}
        for field in self.fields:
            group = self.translate(field.group) if field.group else ""
            found = self._field(field, typed, beside.get(field.key, ""), (others or {}).get(field.key, ""))
            groups.setdefault(group, []).append(found)
        return FormView(
            word=self.word,
            title=self.title(),
            told=self.translate(self.thing.told) if self.thing.told else "",
            names=self.names,
            version=version,
            groups=tuple((name, tuple(fields)) for name, fields in groups.items()),
            since=self._since(typed, beside.get(FROM, "")) if dated else None,
            errors=(*errors, *rest),
            removable=self.thing.removable and not self.at.is_new,
            meanwhile=meanwhile,
        )

    def _field(self, field: Field, typed: Typed, error: str, now: str) -> FieldView:
        fixed = field.key == "id" and not self.at.is_new
        return FieldView(
            key=field.key,
            label=self.translate(field.label),
            hint="" if fixed or not field.hint else self.translate(field.hint),
            kind=field.kind,
            typed=tuple([str(self.at.item.get("id", ""))] if fixed else typed.get(field.key, ())),
            required=field.required,
            fixed=fixed,
            error=error,
            now=now,
            unit=self.translate(field.kind.unit) if isinstance(field.kind, Number) and field.kind.unit else "",
        )

    def _since(self, typed: Typed, error: str) -> FieldView:
        label = self.translate("New values hold from")
        hint = self.translate("Figures of the days before remain as they were. Empty: the old values were wrong.")
        return FieldView(FROM, label, hint, Day(), tuple(typed.get(FROM, ())), required=False, error=error)

    def _shown(self, field: Field, item: Mapping[str, Any], today: date) -> list[str]:
        return shown(field.kind, value(self.thing, field, item, today))

    def _called(self, where: str) -> str:
        """Return the names of what a key path leads through; the path itself where nothing on it has one."""
        here: Any = self._data
        names: list[str] = []
        for key, place in re.findall(r"(\w+)(?:\[(\d+)\])?", where):
            here = here.get(key) if isinstance(here, Mapping) else None
            if place and isinstance(here, list) and int(place) < len(here):
                here = here[int(place)]
                names += [_name(here, self._language)] if isinstance(here, Mapping) else []
        return " ".join(filter(None, names)) or where

    def _spot(self, text: str) -> Spot:
        try:
            return spot(self.thing, _data(text), self.names)
        except NoSuchPlaceError as error:
            raise ProblemError(HTTPStatus.NOT_FOUND, str(error)) from error

    def _named(self, data: Mapping[str, Any]) -> Named:
        sites = _tables(data.get("site"))
        return Named(
            self.translate,
            sites=self._options(sites),
            rooms=self._options([room for site in sites for room in _tables(site.get("room"))]),
            vehicles=self._options(_tables(data.get("vehicle"))),
            depots=self._options(_tables(data.get("depot"))),
        )

    def _options(self, items: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
        return tuple((str(item.get("id", "")), _name(item, self._language)) for item in items)


def _data(text: str) -> Mapping[str, Any]:
    try:
        return toml_text.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProblemError(HTTPStatus.CONFLICT, f"The document is not valid TOML: {error}") from error


def _tables(items: Any) -> list[Mapping[str, Any]]:
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def _name(item: Mapping[str, Any], language: Language) -> str:
    name = item.get("name", item.get("id", ""))
    return str(name.get(language, "")) if isinstance(name, Mapping) else str(name)


def _same(one: Sequence[str], other: Sequence[str]) -> bool:
    return [text for text in one if text] == [text for text in other if text]
