"""What is different between two versions of the document, in words. Pure."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sukusuku_core import toml_text
from sukusuku_server.facility_document.words import HIDDEN, KEYS, THINGS
from sukusuku_server.i18n import texts
from sukusuku_server.settings import Language

_NOTHING = object()
_NAMED_BY = ("id", "name", "year", "slot", "from", "date")
"""By what the items of a list are told apart; the first key that an item has."""
_LONGEST = 80
_LONGEST_INSIDE = 300


@dataclass(frozen=True, slots=True)
class _Change:
    """Something that has changed: its keys, the things on the way to it, and its value before and after."""

    keys: tuple[str, ...]
    names: tuple[tuple[tuple[str, ...], Any], ...]
    before: Any
    after: Any


def difference(before: str, after: str, language: Language) -> list[str]:
    """Return one line for each thing that was added, taken out or changed; values that may be secret are not shown."""
    gettext = texts("sukusuku_server", language).gettext
    if before == after:
        return []
    try:
        old, new = toml_text.loads(before), toml_text.loads(after)
    except tomllib.TOMLDecodeError:
        return [gettext("The text cannot be read as TOML, so its differences are not known.")]
    found = [_told(change, language) for change in _changes(old, new, (), ())]
    return found or [gettext("Only comments or the layout are different.")]


def _changes(old: Any, new: Any, keys: tuple[str, ...], names: tuple[Any, ...]) -> Iterator[_Change]:
    is_item = bool(names) and names[-1][0] == keys
    if old is _NOTHING and not is_item and isinstance(new, Mapping) and new and not _is_text(new):
        old = {}  # each key of a new table is told by itself
    if isinstance(old, Mapping) and isinstance(new, Mapping) and not _is_text(old) and not _is_text(new):
        for key in dict.fromkeys([*old, *new]):
            yield from _changes(old.get(key, _NOTHING), new.get(key, _NOTHING), (*keys, key), names)
    elif _is_list(old) and _is_list(new) and (old is not _NOTHING or new is not _NOTHING):
        mine, theirs = _named(old), _named(new)
        for name in dict.fromkeys([*mine, *theirs]):
            one, other = mine.get(name, _NOTHING), theirs.get(name, _NOTHING)
            thing = (keys, other if one is _NOTHING else one)
            yield from _changes(one, other, keys, (*names, thing))
    elif old != new or type(old) is not type(new):
        yield _Change(keys, names, old, new)


def _is_text(value: Mapping[str, Any]) -> bool:
    return set(value) == {"ja", "en"}


def _is_list(value: Any) -> bool:
    """Whether a value is a list of tables; no value at all may be one."""
    if value is _NOTHING:
        return True
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def _named(items: Any) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for n, item in enumerate(() if items is _NOTHING else items):
        name = next((str(item[key]) for key in _NAMED_BY if key in item), n)
        found[name if name not in found else (name, n)] = item
    return found


def _told(change: _Change, language: Language) -> str:
    gettext = texts("sukusuku_server", language).gettext
    where, before, after = _where(change, language), change.before, change.after
    if change.names and change.names[-1][0] == change.keys:  # a thing of a list as a whole
        inside = _inside(after, language) if before is _NOTHING else ""
        if inside:
            return gettext("%(what)s: added (%(inside)s)") % {"what": where, "inside": inside}
        return (gettext("%s: added") if before is _NOTHING else gettext("%s: taken out")) % where
    values = {"what": where, "before": _shown(change, before, language), "after": _shown(change, after, language)}
    if before is _NOTHING:
        return gettext("%(what)s: %(after)s (new)") % values
    if after is _NOTHING:
        return gettext("%(what)s: taken out (was %(before)s)") % values
    if values["before"] == values["after"]:
        return gettext("%(what)s: changed") % values
    return gettext("%(what)s: %(before)s → %(after)s") % values


def _inside(item: Mapping[str, Any], language: Language) -> str:
    """Return what a new thing says beside its name."""
    named = next((key for key in _NAMED_BY if key in item), "")
    shown = _plain({key: value for key, value in item.items() if key not in {named, "name"}}, language)
    return shown if len(shown) <= _LONGEST_INSIDE else f"{shown[:_LONGEST_INSIDE]}…"


def _where(change: _Change, language: Language) -> str:
    gettext = texts("sukusuku_server", language).gettext
    items, parts = dict(change.names), []
    for n, key in enumerate(change.keys):
        path = change.keys[: n + 1]
        word = gettext(THINGS[path]) if path in THINGS else _key(key, language)
        parts.append(f"{word} {_name(items[path], language)}" if path in items else word)
    return gettext(", ").join(parts)


def _key(key: str, language: Language) -> str:
    return texts("sukusuku_server", language).gettext(KEYS[key]) if key in KEYS else key


def _name(item: Any, language: Language) -> str:
    name = item.get("name")
    if isinstance(name, Mapping):
        name = name.get(language)
    if name is None:
        name = next((item[key] for key in _NAMED_BY if key in item), "")
    return f"「{name}」" if language == "ja" else f"“{name}”"


def _shown(change: _Change, value: Any, language: Language) -> str:
    if value is _NOTHING:
        return ""
    if change.keys[-1] in HIDDEN:
        return "•••"
    shown = _plain(value, language)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"


def _plain(value: Any, language: Language) -> str:
    gettext = texts("sukusuku_server", language).gettext
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, Mapping):
        if _is_text(value):
            return f"{value['ja']} / {value['en']}"
        inside = {key: "•••" if key in HIDDEN else _plain(item, language) for key, item in value.items()}
        return gettext(", ").join(f"{_key(key, language)} {shown}" for key, shown in inside.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return gettext(", ").join(_plain(item, language) for item in value) or gettext("none")
    return str(value)
