"""JSON as strangers' devices write it: read what can be read without doubt. Pure.

Home-made modules and bridges add small blemishes: a zero byte at the end of a buffer, a byte order mark, `nan` where a
sensor has failed, a comma too many, a text in the wrong encoding, JSON inside a JSON string. None of them makes the
good fields beside it worthless.
"""

import json
import re
from typing import Any

import msgspec

from sukusuku_core.errors import DecodeError

_BLANK = b" \t\r\n\0"
_MARK = b"\xef\xbb\xbf"
_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*+(?:"|\\?\Z))  # a text stays as it is; one without an end is read once only
    | (?P<number>[-+]?\b(?:nan|inf(?:inity)?|undefined)\b)
    | (?P<comma>,)(?=\s*[}\]])
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def trimmed(payload: bytes) -> bytes:
    """Return a message without what devices put around it. A zero byte ends it, as it does in the device's memory."""
    return payload.removeprefix(_MARK).lstrip(_BLANK).partition(b"\0")[0].rstrip(_BLANK)


def read(payload: bytes) -> Any:
    """Return the value of a message; what is not a number in it is NaN.

    Raises DecodeError (`json`) when it is no JSON even so.
    """
    try:
        return opened(msgspec.json.decode(payload))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        try:
            found = json.loads(_TOKEN.sub(_mended, payload.decode("utf-8", errors="replace")), strict=False)
        except (ValueError, RecursionError):
            raise DecodeError("json", str(error)) from error
    return opened(found)


def opened(found: Any) -> Any:
    """Return the object or the list that a text holds, where it holds one; else what was found."""
    if not isinstance(found, str) or not found.lstrip().startswith(("{", "[")):
        return found
    try:
        return msgspec.json.decode(found)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return found


def _mended(token: re.Match[str]) -> str:
    if token["number"]:
        return "NaN"
    return "" if token["comma"] else token[0]
