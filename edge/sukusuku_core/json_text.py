"""JSON as strangers' devices write it: read what can be read without doubt. Pure.

Home-made modules and bridges add small blemishes: a zero byte at the end of a buffer, a byte order mark, `nan` or
nothing at all where a sensor has failed, a comma too many, a text in the wrong encoding, the form that Python prints,
JSON inside a JSON string. None of them makes the good fields beside it worthless.
"""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from sukusuku_core.errors import DecodeError

_BLANK = b" \t\r\n\0\x02\x03\x04\x1a"
"""Also the signs that begin and end a message on a serial line."""
_MARK = b"\xef\xbb\xbf"
_MARKS_16 = (b"\xff\xfe", b"\xfe\xff")
_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*+(?:"|\\?\Z))  # a text stays as it is; one without an end is read once only
    | '(?P<python>[^'"\\]*+)'
    | (?P<comma>,)(?=\s*[}\]])
    | (?P<nothing>:)(?=\s*[,}])
    | (?P<key>\b[A-Za-z_]\w*)(?=\s*:)
    | :\s*(?P<decimal>[-+]?\d+,\d+)(?=\s*[,}])
    | (?P<word>[^\s"'\[\]{},:]++)
    """,
    re.VERBOSE | re.DOTALL,
)
_BETWEEN = re.compile(r"\}[ \t\r]*\n\s*\{")
"""What stands between two messages that have a line each."""
_WORDS = {"true": "true", "false": "false", "null": "null", "none": "null"}
_BEYOND_SIGNS = re.compile(rb"[\x80-\xaf\xb1\xb4\xb6-\xff]")
"""Bytes that are neither ASCII nor the signs for degrees, squares, cubes and micro in Latin 1."""
_NO_TEXT = frozenset(range(0x20)) | {0x7F} | frozenset(range(0x80, 0xC2))
"""Bytes with which no text begins."""


def trimmed(payload: bytes) -> bytes:
    """Return a message without what devices put around it. A zero byte ends it, as it does in the device's memory."""
    if payload.startswith(_MARKS_16):
        payload = payload.decode("utf-16", errors="replace").encode()
    return payload.removeprefix(_MARK).lstrip(_BLANK).partition(b"\0")[0].rstrip(_BLANK)


def text_of(payload: bytes) -> str:
    """Return the text in a message, by the encoding that it is most likely in.

    A second byte of Shift JIS may look like a backslash, which would end a text too late.
    """
    encoding = "cp932" if _BEYOND_SIGNS.search(payload) else "latin-1"
    for name in ("utf-8", encoding):
        try:
            return payload.decode(name)
        except UnicodeDecodeError:
            continue
    return payload.decode("utf-8", errors="replace")


def read(payload: bytes) -> Any:
    """Return the value of a message, or a list of them when each has a line; what is not a number in it is NaN.

    Raises DecodeError (`json`) when it is no JSON even so.
    """
    try:
        return opened(msgspec.json.decode(payload))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        found = _mended(payload)
        if found is None:
            raise DecodeError("json", _why(payload, error)) from error
    return opened(found)


def opened(found: Any) -> Any:
    """Return the object or the list that a text holds, where it holds one; else what was found."""
    if not isinstance(found, str) or not found.lstrip().startswith(("{", "[")):
        return found
    try:
        return msgspec.json.decode(found)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return found


def _mended(payload: bytes) -> Any:
    """Return what an object or a list with blemishes says; None when nobody can know."""
    if not payload.startswith((b"{", b"[")):
        return None
    text = _TOKEN.sub(_token, text_of(payload))
    for form in (text, f"[{_BETWEEN.sub('},{', text)}]"):
        try:
            return json.loads(form, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _token(token: re.Match[str]) -> str:
    match token.lastgroup:
        case "python" | "key":
            return json.dumps(token[token.lastgroup], ensure_ascii=False)
        case "decimal":  # whether 1,752 is a number is for the point to say
            return f': "{token["decimal"]}"'
        case "comma":
            return ""
        case "nothing":
            return ": null"
        case "word":
            return _word(token["word"])
        case _:
            return token[0]


def _word(word: str) -> str:
    """Return what stands where a value belongs, as JSON: `05` and `+5` are 5, `1.#QNAN` and `--` are no number."""
    known = _WORDS.get(word.lower())
    if known is not None:
        return known
    try:
        number = Decimal(word)
    except InvalidOperation:
        return "NaN"
    return str(number) if number.is_finite() else "NaN"


def _why(payload: bytes, error: Exception) -> str:
    if payload and payload[0] in _NO_TEXT:
        return (
            f"expected JSON, found bytes that are no text (the first is 0x{payload[0]:02x}): CBOR, MessagePack or "
            "something compressed? Let the device send JSON"
        )
    return f"{error}: let the device send JSON"
