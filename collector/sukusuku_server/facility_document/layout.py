"""Where the tables and keys of a TOML text stand in it, so that an edit touches their lines and no others.

A library that writes documents anew moves comments and blank lines when tables come and go. Here a text is cut into
statements (headers, keys with their values) with their positions, and an edit replaces a piece of the text.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sukusuku_server.facility_document.paths import Path

_QUOTES = ('"""', "'''", '"', "'")
_OPENING, _CLOSING = "[{", "]}"


@dataclass(frozen=True, slots=True)
class Statement:
    """A key with its value. `start` and `end` are positions of its lines, the comment behind it among them."""

    path: Path
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A header with what stands under it; the first one has none. `lead`: where the comment right above it begins.

    `body` is where its own lines end: behind the last key, and the comment that follows it without a blank line.
    """

    path: Path
    lead: int
    start: int
    body: int
    statements: tuple[Statement, ...]


def sections(text: str) -> list[Section]:
    """Return the sections of a TOML text, which must be right, in its order."""
    in_order: list[Section] = []
    path: Path = ()
    start, statements, counts = 0, list[Statement](), Counter[Path]()
    after_header = 0
    for at, end, is_header in _pieces(text):
        piece = text[at:end]
        if not is_header:
            statements.append(Statement((*path, *_key(piece)), at, end, piece))
            continue
        in_order.append(_section(text, path, start, after_header, statements))
        path, start, statements, after_header = _header(piece, counts), at, [], end
    in_order.append(_section(text, path, start, after_header, statements))
    return in_order


def _section(text: str, path: Path, start: int, after_header: int, statements: Sequence[Statement]) -> Section:
    body = statements[-1].end if statements else after_header
    while body and body < len(text) and (line := _line(text, body)).lstrip(" \t").startswith("#"):
        body += len(line)
    return Section(path, _lead(text, start), start, body, tuple(statements))


def _lead(text: str, start: int) -> int:
    """Return where the comment right above a header begins, unless it belongs to the lines above it."""
    at = start
    while at:
        before = text.rfind("\n", 0, at - 1) + 1
        line = text[before:at].strip()
        if not line.startswith("#"):
            return at if not line else start
        at = before
    return at


def _line(text: str, at: int) -> str:
    end = text.find("\n", at)
    return text[at:] if end < 0 else text[at : end + 1]


def _pieces(text: str) -> Iterator[tuple[int, int, bool]]:
    """Yield start and end of each statement, whole lines, and whether it is a header."""
    at = 0
    while at < len(text):
        line = _line(text, at)
        begins = line.lstrip(" \t")
        if not begins.strip() or begins.startswith("#"):
            at += len(line)
            continue
        is_header = begins.startswith("[")
        end = at + len(line) if is_header else _end(text, at)
        yield at, end, is_header
        at = end


def _end(text: str, at: int) -> int:
    """Return where the lines of a key and its value end."""
    depth = 0
    while at < len(text):
        quote = next((quote for quote in _QUOTES if text.startswith(quote, at)), None)
        char = text[at]
        if quote is not None:
            at = _behind_string(text, at, quote)
            continue
        if char == "#":
            at += len(_line(text, at).rstrip("\r\n"))
            continue
        at += 1
        depth += (char in _OPENING) - (char in _CLOSING)
        if char == "\n" and depth == 0:
            break
    return at


def _behind_string(text: str, at: int, quote: str) -> int:
    at += len(quote)
    while not text.startswith(quote, at):
        at += 2 if text[at] == "\\" and quote[0] == '"' else 1
    at += len(quote)
    while len(quote) == 3 and text.startswith(quote[0], at):  # noqa: PLR2004 - up to two quotes may stand before the end
        at += 1
    return at


def _header(piece: str, counts: Counter[Path]) -> Path:
    """Return the path of a header; `counts` are the items so far of each list of tables."""
    is_item = piece.lstrip(" \t").startswith("[[")
    keys = list(_keys(tomllib.loads(piece)))
    path: Path = ()
    for n, key in enumerate(keys):
        path = (*path, key)
        if is_item and n == len(keys) - 1:
            counts[path] += 1
        if counts[path]:
            path = (*path, counts[path] - 1)
    return path


def _keys(data: Any) -> Iterator[str]:
    while data:
        if isinstance(data, list):
            data = data[-1]
            continue
        (key,) = data
        yield key
        data = data[key]


def _key(piece: str) -> list[str]:
    """Return the keys before the `=` of a statement."""
    at = 0
    while piece[at] != "=":
        quote = next((quote for quote in ('"', "'") if piece.startswith(quote, at)), None)
        at = at + 1 if quote is None else _behind_string(piece, at, quote)
    data: Any = tomllib.loads(f"{piece[:at]}= 0")
    found = []
    while isinstance(data, dict):
        (key,) = data
        found.append(key)
        data = data[key]
    return found
