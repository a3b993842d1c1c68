"""The JSON Schema of a settings file, by which editors complete and check it while somebody writes."""

import ast
import inspect
import itertools
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect as shapes

_DRAFT = "http://json-schema.org/draft-07/schema#"
"""The newest one that taplo knows, which most editors use for TOML."""
_NULL = {"type": "null"}
_BY_NAME = {"$defs", "properties"}
"""Where schemas stand under names that we have given."""


def schema(kind: Any) -> str:
    """Describe every key of a `Settings` type with its bounds, its default and what is said of it in the source."""
    found = msgspec.json.schema(kind, schema_hook=_text)
    for struct in dict.fromkeys(_structs(shapes.type_info(kind))):
        properties = found["$defs"][struct.__name__]["properties"]
        for name, said in _said(struct).items():
            own = properties[name].get("description")
            properties[name]["description"] = said if own is None else f"{said}\n\n{own}"
    return msgspec.json.format(msgspec.json.encode({"$schema": _DRAFT, **_portable(found)}), indent=2).decode()


def _text(kind: type) -> dict[str, Any]:
    """Describe a type whose constructor takes a text."""
    return {"type": "string", "description": inspect.getdoc(kind)}


def _structs(shape: shapes.Type) -> Iterator[type[msgspec.Struct]]:
    """Find the tables in a type, each as often as it occurs."""
    match shape:
        case shapes.StructType():
            yield shape.cls
            inner = [field.type for field in shape.fields]
        case shapes.UnionType():
            inner = list(shape.types)
        case shapes.CollectionType():
            inner = [shape.item_type]
        case shapes.TupleType():
            inner = list(shape.item_types)
        case shapes.DictType():
            inner = [shape.value_type]
        case shapes.Metadata():
            inner = [shape.type]
        case _:
            inner = []
    for each in inner:
        yield from _structs(each)


def _said(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Read the text below each key of a table, by name in the file."""
    names = {field.name: field.encode_name for field in msgspec.structs.fields(struct)}
    found: dict[str, str] = {}
    for owner in struct.__mro__[: struct.__mro__.index(msgspec.Struct)]:
        (table,) = ast.parse(inspect.getsource(owner)).body
        for key, text in itertools.pairwise(ast.iter_child_nodes(table)):
            match key, text:
                case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(said))):
                    found.setdefault(names[name], inspect.cleandoc(said))
    return found


def _portable(node: Any) -> Any:
    """Say the same in words that editors understand."""
    if isinstance(node, list):
        return [_portable(item) for item in node]
    if not isinstance(node, dict):
        return node
    found: dict[str, Any] = {
        key: {name: _portable(item) for name, item in value.items()} if key in _BY_NAME else _portable(value)
        for key, value in node.items()
    }
    if "prefixItems" in found:  # younger than draft 7
        found["items"] = found.pop("prefixItems")
    if isinstance(pattern := found.get("pattern"), str):  # `\Z` is Python's, and the environment may say what it is
        found["pattern"] = "^env:|" + pattern.replace(r"\Z", "$")
    if isinstance(text := found.get("description"), str):
        found["description"] = inspect.cleandoc(text)
    choices = found.get("anyOf", [])
    if _NULL in choices:  # TOML cannot say null: the key is left out
        choices.remove(_NULL)
        if len(choices) == 1:
            found = found.pop("anyOf")[0] | found
    if isinstance(found.get("default", ""), dict | type(None)):  # the keys of a table have their own
        del found["default"]
    return found
