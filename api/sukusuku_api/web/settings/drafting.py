"""From what was typed into a form to edits of the document, and back. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sukusuku_api.web.settings.kinds import Kind, WrongEntryError
from sukusuku_api.web.settings.things import FROM, Field, Thing, default
from sukusuku_server.facility_document.editing import Add, Edit, Put, TakeOut
from sukusuku_server.facility_document.paths import NoSuchPlaceError
from sukusuku_server.i18n import N_

Typed = Mapping[str, Sequence[str]]
"""What was typed, by the key of its field."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a thing is in a document, or would be: its key path, what it says now, and the items that it belongs to."""

    path: str
    item: Mapping[str, Any]
    is_new: bool
    owners: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """The edits that were typed, and what cannot be meant by its key; with a mistake there are no edits."""

    edits: tuple[Edit, ...]
    wrong: Mapping[str, WrongEntryError]


def names_of(items: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return by what the items of a list are addressed: id or name, and a number behind one that is there twice."""
    found: list[str] = []
    for item in items:
        name = plain = str(item.get("id", item.get("name", "")))
        number = 1
        while name in found:
            number += 1
            name = f"{plain} ({number})"
        found.append(name)
    return found


def spot(thing: Thing, data: Mapping[str, Any], names: Sequence[str]) -> Spot:
    """Return where a thing is. `names` are those of the items on the way; without the last one it is a new item.

    Raises NoSuchPlaceError.
    """
    here: Any = data
    path, rest = "", list(names)
    owners: list[Mapping[str, Any]] = []
    for part in thing.place:
        key = part.removesuffix("[]")
        path = f"{path}.{key}".lstrip(".")
        here = here.get(key, [] if part.endswith("[]") else {})
        if part.endswith("[]"):
            if not isinstance(here, list) or not all(isinstance(item, Mapping) for item in here):
                raise NoSuchPlaceError(f"{path} is no list of tables")
            if not rest and part == thing.place[-1]:
                return Spot(f"{path}[{len(here)}]", {}, is_new=True, owners=tuple(owners))
            known = names_of(here)
            if not rest or rest[0] not in known:
                raise NoSuchPlaceError(f"there is no such item in {path}")
            place = known.index(rest.pop(0))
            path, here = f"{path}[{place}]", here[place]
            owners.append(here)
        elif not isinstance(here, Mapping):
            raise NoSuchPlaceError(f"{path} is no table")
    if rest:
        raise NoSuchPlaceError(f"there is nothing like that below {path}")
    return Spot(path, here, is_new=False, owners=tuple(owners[:-1] if thing.is_item else owners))


def value(thing: Thing, field: Field, item: Mapping[str, Any], day: date) -> Any:
    """Return what holds for a field on a day; None: nothing."""
    own = _at(item, field.key)
    found = default(thing.model, field.key) if own is None else own
    if field.dated:
        for later in _later(item):
            if later["from"] <= day and field.key in later:
                found = later[field.key]
    return list(found) if isinstance(found, tuple) else found


def shown(kind: Kind, found: Any) -> list[str]:
    """Return what a field shows of a value, also of one that somebody has written wrongly."""
    try:
        return kind.show(found)
    except (TypeError, ValueError, AttributeError):
        return [str(found)]


def drafted(thing: Thing, fields: Sequence[Field], at: Spot, typed: Typed, today: date) -> Draft:
    """Return the edits that make the document say what was typed; what was left as it is makes none."""
    read, wrong = _read(fields, at, typed)
    try:
        since = _since(typed)
    except WrongEntryError as error:
        wrong[FROM], since = error, None
    if wrong:
        return Draft((), wrong)
    if at.is_new:
        return Draft((_added(thing, fields, at, read),), {})
    plain: list[Edit] = []
    dated: dict[str, Any] = {}
    for field in fields:
        if field.key not in read or read[field.key] == value(thing, field, at.item, today):
            continue
        if field.dated and read[field.key] is not None:
            dated[field.key] = read[field.key]
        else:
            plain += _changed(at, field.key, read[field.key])
    return Draft((*plain, *_dated(at, dated, since, today)), {})


def _read(fields: Sequence[Field], at: Spot, typed: Typed) -> tuple[dict[str, Any], dict[str, WrongEntryError]]:
    read: dict[str, Any] = {}
    wrong: dict[str, WrongEntryError] = {}
    for field in fields:
        if field.key == "id" and not at.is_new:
            continue
        try:
            read[field.key] = field.kind.read(typed.get(field.key, ()))
        except WrongEntryError as error:
            wrong[field.key] = error
            continue
        if field.required and read[field.key] in (None, []):
            wrong[field.key] = WrongEntryError(N_("Please fill this in."))
    return read, wrong


def without(at: Spot) -> Edit:
    """Return the edit that takes a thing out."""
    return TakeOut(at.path)


def _since(typed: Typed) -> date | None:
    text = next((item.strip() for item in typed.get(FROM, ()) if item.strip()), "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise WrongEntryError(N_("“%(text)s” is not a day such as 2027-04-01."), text=text) from error


def _added(thing: Thing, fields: Sequence[Field], at: Spot, read: Mapping[str, Any]) -> Edit:
    item: dict[str, Any] = {}
    for field in fields:
        found = read[field.key]
        known = default(thing.model, field.key)
        if found is None or found == (list(known) if isinstance(known, tuple) else known) or found == {}:
            continue
        holder = item
        *above, last = field.key.split(".")
        for key in above:
            holder = holder.setdefault(key, {})
        holder[last] = found
    return Add(re.sub(r"\[\d+\]$", "", at.path), item)


def _changed(at: Spot, key: str, found: Any) -> list[Edit]:
    before = _at(at.item, key)
    path = f"{at.path}.{key}"
    if isinstance(found, Mapping):
        old = before if isinstance(before, Mapping) else {}
        gone = [TakeOut(f"{path}.{name}") for name in old if name not in found]
        return [*gone, *(Put(f"{path}.{name}", new) for name, new in found.items() if old.get(name) != new)]
    if found is None:
        return [] if before is None else [TakeOut(path)]
    return [Put(path, found)]


def _dated(at: Spot, changed: Mapping[str, Any], since: date | None, today: date) -> list[Edit]:
    """Return the edits for what holds from a day on; without a day: what was always so, and was written wrongly."""
    if not changed:
        return []
    later = _later(at.item)
    if since is None:
        edits: list[Edit] = []
        for key, new in changed.items():
            holding = [n for n, item in enumerate(later) if item["from"] <= today and key in item]
            edits.append(Put(f"{at.path}.later[{holding[-1]}].{key}" if holding else f"{at.path}.{key}", new))
        return edits
    same = next((n for n, item in enumerate(later) if item["from"] == since), None)
    if same is not None:
        return [Put(f"{at.path}.later[{same}].{key}", new) for key, new in changed.items()]
    # They must be in order of their days, and an item is added behind the others: those that come after make room.
    after = [n for n, item in enumerate(later) if item["from"] > since]
    return [
        *(TakeOut(f"{at.path}.later[{n}]") for n in reversed(after)),
        Add(f"{at.path}.later", {"from": since, **changed}),
        *(Add(f"{at.path}.later", later[n]) for n in after),
    ]


def _later(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = item.get("later")
    if not isinstance(found, list):
        return []
    return [entry for entry in found if isinstance(entry, Mapping) and isinstance(entry.get("from"), date)]


def _at(item: Mapping[str, Any], key: str) -> Any:
    here: Any = item
    for part in key.split("."):
        here = here.get(part) if isinstance(here, Mapping) else None
    return here
