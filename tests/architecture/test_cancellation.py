"""Nobody swallows the word to end: what catches a cancellation passes it on.

Awaiting a task that was cancelled raises its CancelledError, which looks like an own one. Code that suppresses it goes
on for ever when both come at once, so a process survives SIGTERM. `sukusuku_core.ending` waits for the end of tasks.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("edge", "collector", "api", "dashboards", "firmware-sim")
_SWALLOWED = {"CancelledError", "BaseException"}


def swallowed(source: str) -> list[int]:
    """Return the lines of a program that catch a cancellation and do not pass it on."""
    return sorted(_swallowed(ast.parse(source)))


def _swallowed(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) == "suppress" and any(map(_catches, node.args)):
            yield node.lineno
        if isinstance(node, ast.ExceptHandler) and (node.type is None or _catches(node.type)):
            last = node.body[-1]
            if not (isinstance(last, ast.Raise) and last.exc is None):
                yield node.lineno


def _catches(node: ast.AST) -> bool:
    return any(_name(part) in _SWALLOWED for part in ast.walk(node))


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@pytest.mark.parametrize(
    "source",
    [
        "with contextlib.suppress(asyncio.CancelledError):\n    await task",
        "with suppress(OSError, CancelledError):\n    await task",
        "try:\n    await task\nexcept asyncio.CancelledError:\n    pass",
        "try:\n    await task\nexcept (OSError, asyncio.CancelledError):\n    done = True",
        "try:\n    await task\nexcept BaseException as error:\n    raise ValueError from error",
        "try:\n    await task\nexcept:\n    return",
    ],
)
def test_the_pattern_is_found(source: str) -> None:
    assert swallowed(source)


@pytest.mark.parametrize(
    "source",
    [
        "with contextlib.suppress(OSError):\n    await task",
        "try:\n    await task\nexcept asyncio.CancelledError:\n    stop()\n    raise",
        "try:\n    await task\nexcept Exception:\n    pass",
    ],
)
def test_what_passes_it_on_is_not(source: str) -> None:
    assert not swallowed(source)


def test_no_program_swallows_a_cancellation() -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for folder in SOURCES
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in swallowed(path.read_text(encoding="utf-8"))
    }

    assert found == set(), "end tasks with sukusuku_core.ending; `raise` what is caught"
