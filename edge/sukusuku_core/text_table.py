"""Columns of text for a terminal, in which Japanese characters take two places.

What devices and peers send may not move the cursor or colour the terminal: unprintable characters are replaced.
"""

from collections.abc import Sequence
from unicodedata import east_asian_width


def width(text: str) -> int:
    """How many places of a terminal a text takes."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def printable(text: str) -> str:
    """Replace what would move the cursor, colour the terminal or turn the direction of writing."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def pad(text: str, places: int) -> str:
    """Return the text made printable, with spaces after it up to so many places."""
    text = printable(text)
    return text + " " * max(0, places - width(text))


def columns(rows: Sequence[Sequence[str]], gap: str = "  ") -> str:
    """Rows of equal length as lines in which columns stand below each other."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        gap.join(pad(cell, places) for cell, places in zip(row, widths, strict=True)).rstrip() for row in rows
    )
