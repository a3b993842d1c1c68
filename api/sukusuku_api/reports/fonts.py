"""Asks Pango, which sets the pages of a PDF, whether this computer has the characters of a text."""

import ctypes
import ctypes.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_LIBRARIES = {"pango": "pango-1.0", "pangoft2": "pangoft2-1.0", "gobject": "gobject-2.0"}
_POINTER = ctypes.c_void_p


def missing(text: str, family: str) -> str:
    """Return the characters of a text for which no installed font has a picture: they would be printed as boxes.

    `family` is what is asked for first. Raises OSError where Pango is not installed.
    """
    characters = "".join(sorted(set(text) - set("\t\r\n")))
    with _counting(family) as count:
        return "".join(character for character in characters if count(character)) if count(characters) else ""


@contextmanager
def _counting(family: str) -> Iterator[Callable[[str], int]]:
    """Give a function that tells how many characters of a text have no picture."""
    pango, pangoft2, gobject = (_load(name) for name in _LIBRARIES.values())

    def call(library: Any, name: str, *arguments: Any, gives: Any = _POINTER) -> Any:
        function = getattr(library, name)
        function.restype = gives
        return function(*arguments)

    fonts = _POINTER(call(pangoft2, "pango_ft2_font_map_new"))
    context = _POINTER(call(pango, "pango_font_map_create_context", fonts))
    description = _POINTER(call(pango, "pango_font_description_from_string", family.encode()))

    def count(text: str) -> int:
        layout = _POINTER(call(pango, "pango_layout_new", context))
        call(pango, "pango_layout_set_font_description", layout, description, gives=None)
        encoded = text.encode()
        call(pango, "pango_layout_set_text", layout, encoded, ctypes.c_int(len(encoded)), gives=None)
        found = call(pango, "pango_layout_get_unknown_glyphs_count", layout, gives=ctypes.c_int)
        call(gobject, "g_object_unref", layout, gives=None)
        return int(found)

    try:
        yield count
    finally:  # they hold megabytes, and nothing of Python
        call(pango, "pango_font_description_free", description, gives=None)
        call(gobject, "g_object_unref", context, gives=None)
        call(gobject, "g_object_unref", fonts, gives=None)


def _load(name: str) -> ctypes.CDLL:
    """Return a library. Raises OSError when it is not there."""
    try:
        return ctypes.CDLL(f"lib{name}.so.0")
    except OSError:  # it is called otherwise on other systems
        return ctypes.CDLL(ctypes.util.find_library(name) or name)
