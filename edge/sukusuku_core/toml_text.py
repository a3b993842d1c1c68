"""TOML texts that people write. Every text that `tomllib` cannot read raises the one error that says so."""

import tomllib
from typing import Any

DEEPEST = 50
"""Tables and lists in one another. Settings need six; each level costs whoever walks through them a call."""


def loads(text: str) -> dict[str, Any]:
    """Return what a text says. Raises tomllib.TOMLDecodeError, also for what is nested too deep or a number too long.

    Left to itself `tomllib` raises RecursionError and ValueError for these, which nobody expects of a wrong file.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except (RecursionError, ValueError) as error:
        raise tomllib.TOMLDecodeError(str(error)) from error
    level: list[Any] = [data]
    for _ in range(DEEPEST):
        level = [item for each in level for item in (each.values() if isinstance(each, dict) else each) if _holds(item)]
        if not level:
            return data
    raise tomllib.TOMLDecodeError(f"tables or lists are nested deeper than {DEEPEST}")


def _holds(item: Any) -> bool:
    return isinstance(item, dict | list)
