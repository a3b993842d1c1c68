"""Where something stands in the document: `site[tobu].unit[0].name`, by id (or name) or by place in its list."""

import re
from collections.abc import Mapping
from typing import Any

from sukusuku_core.errors import SukusukuError

Path = tuple[str | int, ...]
"""Keys, and places in lists; the document itself is the empty one."""

_STEP = re.compile(r"(?P<key>[A-Za-z0-9_-]+)|\"(?P<quoted>[^\"]+)\"|\[(?P<item>[^\]]+)\]")


class NoSuchPlaceError(SukusukuError):
    """The document has nothing at this place."""


def resolved(data: Mapping[str, Any], text: str) -> Path:
    """Return a path with each item of a list by its place. Its last key need not exist. Raises NoSuchPlaceError."""
    steps: list[str | int] = []
    here: Any = data
    for part, item in _steps(text):
        if not item:
            here = here.get(part) if isinstance(here, Mapping) else None
            steps.append(part)
        else:
            place = _place(here, part)
            if place is None:
                raise NoSuchPlaceError(f"{text}: there is no `{part}` in `{written(tuple(steps))}`")
            here = here[place]
            steps.append(place)
    return tuple(steps)


def written(path: Path) -> str:
    """Return a path as key paths are written everywhere."""
    parts = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(parts).lstrip(".")


def at(data: Any, path: Path) -> Any:
    """Return what stands at a path. Raises KeyError or IndexError when nothing does."""
    for step in path:
        data = data[step]
    return data


def _steps(text: str) -> list[tuple[str, bool]]:
    """Return the steps with whether each is an item of a list. Raises NoSuchPlaceError for what is no path."""
    found, after = [], 0
    for match in _STEP.finditer(text):
        if text[after : match.start()] not in {"", "."}:
            break
        after = match.end()
        found.append((match["item"] or match["key"] or match["quoted"], match["item"] is not None))
    if after != len(text):
        raise NoSuchPlaceError(f"`{text}` is no path; expected one such as site[tobu].unit[0].name")
    return found


def _place(items: Any, wanted: str) -> int | None:
    """Return the place of an item in a list, by its place, id or name."""
    if not isinstance(items, list):
        return None
    if wanted.isdigit():
        return int(wanted) if int(wanted) < len(items) else None
    named = [item.get("id", item.get("name")) if isinstance(item, Mapping) else None for item in items]
    return named.index(wanted) if wanted in named else None
