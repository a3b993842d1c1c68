"""Edits of the document as text: add, change, take out. Pure; every line that an edit is not about stays as it was.

`tomlkit` writes values, and changes what stands inside one (an inline table, a list) with its comments. Which lines
change is decided here: tomlkit itself moves comments and blank lines when tables come and go.
"""

import contextlib
import copy
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Item

from sukusuku_core import toml_text
from sukusuku_core.errors import SukusukuError
from sukusuku_server.facility_document import layout, paths
from sukusuku_server.facility_document.layout import Section, Statement
from sukusuku_server.facility_document.paths import NoSuchPlaceError, Path


@dataclass(frozen=True, slots=True)
class Put:
    """Give a key a value, whether it has one or not: `site[tobu].room[0].capacity`."""

    path: str
    value: Any


@dataclass(frozen=True, slots=True)
class Add:
    """Add an item to a list of tables, behind the others: `site[tobu].unit`."""

    path: str
    item: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TakeOut:
    """Take out a key, a table, or an item of a list with all that is in it: `site[tobu].unit[tobu-unit-1]`."""

    path: str


Edit = Put | Add | TakeOut


class EditError(SukusukuError):
    """An edit cannot be made in this text; nothing was changed."""


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return the text after some edits, one after the other. Whether it is right is for the checks to say.

    Raises NoSuchPlaceError, and EditError when the text cannot be edited.
    """
    for edit in edits:
        text = _edited(text, edit)
    return text


def _edited(text: str, edit: Edit) -> str:
    try:
        data = toml_text.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EditError(f"the document is not valid TOML, so only a person can mend it: {error}") from error
    path = paths.resolved(data, edit.path)
    wanted = copy.deepcopy(data)
    match edit:
        case Put(value=value):
            _put(wanted, path, _plain(value))
            made = _with_value(text, path, _plain(value))
        case Add(item=item):
            _add(wanted, path, _plain(item))
            made = _with_item(text, path, _plain(item))
        case TakeOut():
            _take(wanted, path)
            made = _without(text, path)
    if not _is(made, wanted, path):
        raise EditError(f"{edit.path}: the file is laid out in a way that pages cannot edit; please edit it by hand")
    return made


def _is(text: str, wanted: Any, path: Path) -> bool:
    """Whether a text says what is wanted. A list without items at the path is as good as none."""
    try:
        found = toml_text.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    for data in (found, wanted):
        with contextlib.suppress(KeyError, IndexError, TypeError):
            if isinstance(path[-1], int) and paths.at(data, path[:-1]) == []:
                del paths.at(data, path[:-2])[path[-2]]
    return bool(found == wanted)


# ------------------------------------------------------------ the same on data


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _put(data: Any, path: Path, value: Any) -> None:
    for step in path[:-1]:
        data = data[step] if isinstance(step, int) else data.setdefault(step, {})
    data[path[-1]] = value


def _add(data: Any, path: Path, item: Any) -> None:
    for step in path[:-1]:
        data = data[step] if isinstance(step, int) else data.setdefault(step, {})
    data.setdefault(path[-1], []).append(item)


def _take(data: Any, path: Path) -> None:
    try:
        holder = paths.at(data, path[:-1])
        del holder[path[-1]]
    except (KeyError, IndexError, TypeError) as error:
        raise NoSuchPlaceError(f"there is no {paths.written(path)} in the document") from error


# ------------------------------------------------------------ the same on text


def _with_value(text: str, path: Path, value: Any) -> str:
    found = layout.sections(text)
    statement = _statement(found, path)
    if statement is not None:
        return _spliced(text, statement.start, statement.end, _changed(statement, path, value))
    if [section for section in found if section.path[: len(path)] == path] and path:
        raise EditError(f"{paths.written(path)} is a table with a header of its own; change its keys one by one")
    own = next((section for section in found if section.path == path[:-1]), None)
    if own is not None:
        return _inserted(text, own.body, f"{_key(path[-1])} = {_value(value)}\n")
    return _with_section(text, path, value, found)


def _with_section(text: str, path: Path, value: Any, found: Sequence[Section]) -> str:
    """Add a header for the table of a key, where there is none: in front of its parts, or behind what it belongs to."""
    table = path[:-1]
    body = f"{_header(table)}\n{_key(path[-1])} = {_value(value)}\n"
    parts = [section for section in found if section.path[: len(table)] == table]
    if parts:
        return _spliced(text, parts[0].lead, parts[0].lead, f"{body}\n")
    within = table[: max((n + 1 for n, step in enumerate(table) if isinstance(step, int)), default=0)]
    if within and _statement(found, table) is None:
        owner = next((section for section in found if section.path == within), None)
        if owner is None:  # an item of an inline list
            raise EditError(f"{paths.written(table)} is in one line with others; please edit it by hand")
        return _inserted(text, owner.body, f"\n{body}")
    return _inserted(text, len(text), f"\n{body}")


def _with_item(text: str, path: Path, item: Mapping[str, Any]) -> str:
    sections = layout.sections(text)
    statement = _statement(sections, path)
    if statement is not None:
        return _spliced(text, statement.start, statement.end, _changed(statement, path, item, append=True))
    keys = "".join(f"{_key(key)} = {_value(value)}\n" for key, value in item.items())
    body = f"{_header(path, is_item=True)}\n{keys}"
    items = [section for section in sections if section.path[: len(path)] == path]
    if items:
        return _inserted(text, items[-1].body, f"\n{body}")
    within = path[: max((n + 1 for n, step in enumerate(path) if isinstance(step, int)), default=0)]
    owners = [section for section in sections if section.path[: len(within)] == within]
    if within and not owners:
        raise EditError(f"{paths.written(within)} is in one line with others; please edit it by hand")
    return _inserted(text, owners[-1].body if within else len(text), f"\n{body}")


def _without(text: str, path: Path) -> str:
    found = layout.sections(text)
    statement = _statement(found, path)
    if statement is not None:
        if statement.path == path:
            return _spliced(text, statement.start, statement.end, "")
        return _spliced(text, statement.start, statement.end, _changed(statement, path, None))
    for section in reversed(found):
        if section.path[: len(path)] == path:
            text = _spliced(text, section.lead, _past_blank(text, section.lead, section.body), "")
    below = [item for section in reversed(layout.sections(text)) for item in section.statements[::-1]]
    for item in below:
        if item.path[: len(path)] == path and not isinstance(path[-1], int):
            text = _spliced(text, item.start, item.end, "")  # dotted keys of the table
    return text


def _past_blank(text: str, start: int, end: int) -> int:
    """Take the blank lines behind a section with it, where there are some before it as well, or nothing is."""
    if start and not text[:start].endswith(("\n\n", "\n\r\n")):
        return end
    while (rest := text[end:]).startswith(("\n", "\r\n")):
        end += 1 if rest.startswith("\n") else 2
    return end


def _statement(found: Sequence[Section], path: Path) -> Statement | None:
    """Return the key whose value is at a path, or has it in it."""
    every = (statement for section in found for statement in section.statements)
    return next((item for item in every if path[: len(item.path)] == item.path), None)


def _changed(statement: Statement, path: Path, value: Any, *, append: bool = False) -> str:
    """Return a key with another value, or with another one inside it; None takes it out."""
    try:
        document = tomlkit.parse(statement.text)
        keys = [step for step in statement.path if isinstance(step, str)]
        own = keys[-_depth(document) :]
        holder: Any = document
        inner = [*own, *path[len(statement.path) :]]
        for step in inner[:-1]:
            holder = holder[step]
        if append:
            holder[inner[-1]].append(tomlkit.value(_value(value)))
        elif value is None:
            del holder[inner[-1]]
        else:
            old = holder.get(inner[-1]) if isinstance(holder, Mapping) else holder[inner[-1]]
            new = tomlkit.value(_value(value))
            if isinstance(old, Item):
                new.trivia.indent, new.trivia.comment_ws = old.trivia.indent, old.trivia.comment_ws
                new.trivia.comment, new.trivia.trail = old.trivia.comment, old.trivia.trail
            holder[inner[-1]] = new
        return tomlkit.dumps(document)
    except (TOMLKitError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise EditError(f"{paths.written(path)}: cannot be changed in its line; please edit it by hand") from error


def _depth(document: Any) -> int:
    """Return how many keys stand before the `=` of the only statement of a document."""
    depth, holder = 0, document
    while isinstance(holder, Mapping) and len(holder) == 1 and not isinstance(holder, tomlkit.items.InlineTable):
        depth += 1
        holder = next(iter(holder.values()))
    return depth


def _inserted(text: str, at: int, lines: str) -> str:
    if at and not text[:at].endswith("\n"):
        lines = f"\n{lines}"
    return _spliced(text, at, at, lines if at or not lines.startswith("\n") else lines.lstrip("\n"))


def _spliced(text: str, start: int, end: int, lines: str) -> str:
    """Return the text with a piece replaced, its line ends like those of the rest."""
    if "\r\n" in text:
        lines = lines.replace("\r\n", "\n").replace("\n", "\r\n")
    return text[:start] + lines + text[end:]


def _header(path: Path, *, is_item: bool = False) -> str:
    name = ".".join(_key(step) for step in path if isinstance(step, str))
    return f"[[{name}]]" if is_item else f"[{name}]"


def _key(step: str | int) -> str:
    return tomlkit.key(str(step)).as_string()


def _value(value: Any) -> str:
    """Return a value as the document writes it: tables in one line."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return str(tomlkit.item(value).as_string())
