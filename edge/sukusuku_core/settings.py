"""TOML settings into frozen msgspec structs, with errors that a person can act on: all of them at once.

Every settings file of the project is described by `Settings` subclasses; bounds stand beside the field as
`Annotated[..., msgspec.Meta(...)]`. A type whose constructor takes a text may stand there as well: it raises ValueError
for a wrong one. Unknown keys are errors. A string that starts with `env:` is read from that
environment variable, so that secrets stay out of files.
"""

import difflib
import enum
import os
import re
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from sukusuku_core import toml_text
from sukusuku_core.errors import Mistake, WrongSettingsError
from sukusuku_core.topics import ID_PATTERN


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every table in a settings file."""


ID_RULE = "letters, digits, `_`, `.`, `-`; at most 63; a letter or digit first"
"""What an id may be, for messages."""
Id = Annotated[str, msgspec.Meta(pattern=ID_PATTERN, description=ID_RULE)]
LAST_PORT = 65_535
Port = Annotated[int, msgspec.Meta(ge=0, le=LAST_PORT)]
PositiveSeconds = Annotated[float, msgspec.Meta(gt=0, le=31_536_000)]
Percent = Annotated[float, msgspec.Meta(ge=0, le=100)]

SECRETS = frozenset({"client_secret", "key", "password", "token"})
"""Keys whose values are never shown, whatever is wrong with them."""

S = TypeVar("S", bound=Settings)

_PATH = re.compile(r" - at `(?P<path>\$[^`]*)`$")
_STEP = re.compile(r"\.(?P<key>[^.\[\]]+)|\[(?P<index>\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"unknown field `(?P<key>[^`]+)`")


def load(path: Path, kind: type[S], environ: Mapping[str, str] = os.environ) -> S:
    """Return the settings in a TOML file.

    Raises WrongSettingsError with the file and, of each mistake, the line (syntax) or key path (content), what was
    found and what is allowed.
    """
    return parse(read_text(path), kind, str(path), environ)


def read_text(path: Path) -> str:
    """Return what a settings file says. Raises WrongSettingsError."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSettingsError.of(str(path), f"cannot be read: {error}") from error


def parse(text: str, kind: type[S], name: str, environ: Mapping[str, str] = os.environ) -> S:
    """Return the settings in a TOML text; `name` stands for the file in errors. Raises WrongSettingsError."""
    try:
        given = toml_text.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongSettingsError.of(name, f"not valid TOML: {error}") from error
    wrong: list[Mistake] = []
    data = _from_environment(given, wrong, environ)
    try:
        found = msgspec.convert(data, kind, dec_hook=_from_text)
    except msgspec.ValidationError as error:
        mistakes = _mistakes(data, kind) or [_explain(str(error), data, kind)]
        known = {mistake.where for mistake in wrong}
        more = [mistake for mistake in mistakes if mistake.where not in known]
        raise WrongSettingsError(name, [*wrong, *more]) from error
    if wrong:
        raise WrongSettingsError(name, wrong)
    return found


def _from_text(kind: type, value: Any) -> Any:
    """Make a value of a type of our own, whose constructor takes a text and raises ValueError for a wrong one."""
    if not isinstance(value, str):
        raise TypeError(f"Expected `str`, got `{type(value).__name__}`")
    return kind(value)


def _from_environment(value: Any, wrong: list[Mistake], environ: Mapping[str, str], where: str = "") -> Any:
    """Return the value with what the environment gives in it. What is not set or unusable stays; `wrong` gets why."""
    if isinstance(value, dict):
        return {key: _from_environment(item, wrong, environ, _below(where, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_from_environment(item, wrong, environ, f"{where}[{n}]") for n, item in enumerate(value)]
    if isinstance(value, str) and "\0" in value:  # no path, name or text holds it, and libraries raise what they like
        wrong.append(Mistake(where, "found the character U+0000, which is allowed nowhere"))
    if isinstance(value, str) and value.startswith("env:"):
        variable = value.removeprefix("env:")
        if variable not in environ:
            wrong.append(Mistake(where, f"the environment variable {variable} is not set"))
            return value
        return environ[variable]
    return value


def _below(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _mistakes(data: Any, kind: Any, where: str = "") -> list[Mistake]:
    """Return everything that msgspec, which stops at the first mistake, would find one after the other."""
    mistakes: list[Mistake] = []
    table, item = _table_of(kind), _item_of(kind)
    if table is not None and isinstance(data, dict):
        fields = {field.encode_name: field for field in msgspec.structs.fields(table)}
        for key, value in data.items():
            if key in fields:
                mistakes += _mistakes(value, fields[key].type, _below(where, key))
            else:
                mistakes.append(_explain(f"Object contains unknown field `{key}`", data, table, where))
        missing = [key for key, field in fields.items() if field.required and key not in data]
        mistakes += [Mistake(_below(where, key), "missing, and it is required") for key in missing]
    elif item is not None and isinstance(data, list):
        for n, value in enumerate(data):
            mistakes += _mistakes(value, item, f"{where}[{n}]")
    if not mistakes:  # a single value, or what holds between the parts of a table
        try:
            msgspec.convert(data, kind, dec_hook=_from_text)
        except msgspec.ValidationError as error:
            mistakes = [_explain(str(error), data, kind, where)]
    return mistakes


def _table_of(kind: Any) -> type[msgspec.Struct] | None:
    """Return the one kind of table that may stand there; None: there is a choice, or it is something else."""
    bare = _struct_of(kind)
    choice = len([arg for arg in typing.get_args(kind) if _is_struct(arg)]) > 1
    return bare if _is_struct(bare) and not choice else None


def _item_of(kind: Any) -> Any:
    """Return the type of each item of a list of any length; None: it is none."""
    bare = _struct_of(kind)
    arguments = typing.get_args(bare)
    many = typing.get_origin(bare) is tuple and len(arguments) == 2 and arguments[1] is ...  # noqa: PLR2004
    return arguments[0] if many else None


def _explain(message: str, data: Any, kind: Any, above: str = "") -> Mistake:
    """Return the message with key path, found value and, for an unknown key, the keys that are allowed.

    `above` is the key path of `data`.
    """
    match = _PATH.search(message)
    path = match["path"] if match else "$"
    what = _PATH.sub("", message).replace(f" matching regex {ID_PATTERN!r}", f", an id: {ID_RULE}")
    value, table = _walk(path, data, kind)
    own = path.removeprefix("$")
    where = (above + own if above else own.lstrip(".")) or "top level"
    unknown = _UNKNOWN.search(what)
    if unknown:
        allowed = sorted(msgspec.structs.fields(table), key=lambda field: field.name) if _is_struct(table) else []
        keys = [field.encode_name for field in allowed]
        near = difflib.get_close_matches(unknown["key"], keys, n=1)
        hint = f"; did you mean `{near[0]}`?" if near else "."
        return Mistake(where, f"unknown key `{unknown['key']}`{hint} Allowed: {', '.join(keys)}")
    if choices := _choices(table):
        return Mistake(where, f"found {value!r}. Allowed: {', '.join(choices)}")
    hidden = value is None or isinstance(value, dict | list) or where.rpartition(".")[2] in SECRETS
    shown = "" if hidden else f", found {value!r}"
    return Mistake(where, f"{what[:1].lower()}{what[1:]}{shown}")


def _choices(kind: Any) -> list[str]:
    """Return the values of an enumeration or a Literal."""
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return [str(item.value) for item in kind]
    return [str(item) for item in typing.get_args(kind)] if typing.get_origin(kind) is Literal else []


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _walk(path: str, data: Any, kind: Any) -> tuple[Any, Any]:
    """Return the value and its declared type at msgspec's path."""
    for step in _STEP.finditer(path):
        kind = _struct_of(kind)
        if step["key"] is not None:
            data = data.get(step["key"]) if isinstance(data, dict) else None
            hints = typing.get_type_hints(kind, include_extras=True) if _is_struct(kind) else {}
            names = {field.encode_name: field.name for field in msgspec.structs.fields(kind)} if hints else {}
            kind = hints.get(names.get(step["key"], ""))
        elif step["index"] == "...":
            return None, None
        else:
            index = int(step["index"])
            data = data[index] if isinstance(data, list) and index < len(data) else None
            kind = next((arg for arg in typing.get_args(kind) if arg is not ...), None)
    return data, _struct_of(kind)


def _struct_of(kind: Any) -> Any:
    """Return the type inside Annotated[...] and `X | None`."""
    while True:
        origin = typing.get_origin(kind)
        if origin is Annotated:
            kind = typing.get_args(kind)[0]
        elif origin in {typing.Union, types.UnionType}:
            kind = next((arg for arg in typing.get_args(kind) if arg is not type(None)), None)
        else:
            return kind
