"""What differs between a thing as we make it and as Grafana has it, as lines for people. Pure."""

import json
from collections.abc import Iterator, Mapping

Json = object
LINES = 12
"""So many differences of one thing are told."""
WIDTH = 70
"""So many characters of a value are told."""
_ABSENT = object()


def differences(actual: Json, wanted: Json, path: str = "") -> Iterator[str]:
    """Yield a line for each difference.

    What Grafana adds to an object, such as ids and defaults, is none; lists must be equally long. An empty value and
    none at all are the same.
    """
    if isinstance(wanted, Mapping) and isinstance(actual, Mapping):
        for key, value in wanted.items():
            yield from differences(actual.get(key, _ABSENT), value, f"{path}.{key}" if path else str(key))
    elif isinstance(wanted, list) and isinstance(actual, list) and len(wanted) == len(actual):
        for number, (old, new) in enumerate(zip(actual, wanted, strict=True)):
            yield from differences(old, new, f"{path}[{number}]")
    elif isinstance(wanted, list) and isinstance(actual, list):
        yield f"{path}: {len(actual)} -> {len(wanted)} entries"
    elif actual != wanted and not (_empty(actual) and _empty(wanted)):
        yield f"{path}: {_shown(actual)} -> {_shown(wanted)}"


def told(lines: list[str]) -> list[str]:
    """Return the first of them, and how many more there are."""
    rest = len(lines) - LINES
    return lines if rest <= 0 else [*lines[:LINES], f"... and {rest} more"]


def _empty(value: Json) -> bool:
    return value is _ABSENT or value is None or (isinstance(value, (str, list, Mapping)) and not value)


def _shown(value: Json) -> str:
    if value is _ABSENT:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."
