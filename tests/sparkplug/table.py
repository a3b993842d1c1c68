"""Which test proves which requirement of Sparkplug 3.0, and which requirements do not concern us.

The ids are those of the specification without their prefix `tck-id-`.
"""

import csv
import importlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parent
DOCUMENT = FOLDER.parents[1] / "docs" / "sparkplug-conformance.md"
COMMAND = "python -m tests.sparkplug"
MARK = "sparkplug"

_CHAPTERS = {
    "1": "Introduction",
    "2": "Principles",
    "3": "Components",
    "4": "Topics and messages",
    "5": "Operational behaviour",
    "6": "Payloads",
    "10": "Conformance of servers and hosts",
}


@dataclass(frozen=True)
class Requirement:
    """One line of `requirements.csv`. `role` is edge, host or broker; `group` is an optional part, such as `alias`."""

    id: str
    chapter: str
    level: str
    role: str
    group: str


def requirements() -> list[Requirement]:
    """Every requirement, in the order of the specification."""
    with (FOLDER / "requirements.csv").open(encoding="utf-8", newline="") as file:
        return [Requirement(**row) for row in csv.DictReader(file)]


def not_applicable() -> dict[str, str]:
    """The reason by id. Raises ValueError when an id stands there twice."""
    text = (FOLDER / "not_applicable.toml").read_text(encoding="utf-8")
    reasons: dict[str, str] = {}
    for group in tomllib.loads(text)["group"]:
        for ident in group["ids"]:
            if ident in reasons:
                raise ValueError(f"{ident} stands in not_applicable.toml twice")
            reasons[ident] = group["reason"]
    return reasons


def tested() -> dict[str, list[str]]:
    """The tests by id, as the marks on the functions of this folder say."""
    found: dict[str, list[str]] = {}
    for path in sorted(FOLDER.glob("test_*.py")):
        module = importlib.import_module(f"{__package__}.{path.stem}")
        for name, ids in _marks(module):
            for ident in ids:
                found.setdefault(ident, []).append(f"{path.name}::{name}")
    return found


def _marks(module: ModuleType) -> Iterable[tuple[str, Sequence[str]]]:
    for name, item in vars(module).items():
        if name.startswith("test_"):
            for mark in getattr(item, "pytestmark", ()):
                if mark.name == MARK:
                    yield name, mark.args


def problems(known: Iterable[Requirement], tests: Mapping[str, Sequence[str]], reasons: Mapping[str, str]) -> list[str]:
    """What is wrong with the mapping, a line each; none when every id is mapped once."""
    ids = {requirement.id for requirement in known}
    return [
        *(f"{ident}: no test and no reason" for ident in sorted(ids - set(tests) - set(reasons))),
        *(f"{ident}: {tests[ident][0]} names it, the specification does not" for ident in sorted(set(tests) - ids)),
        *(f"{ident}: not_applicable.toml names it, the specification does not" for ident in sorted(set(reasons) - ids)),
        *(
            f"{ident}: not applicable, and yet tested by {tests[ident][0]}"
            for ident in sorted(set(tests) & set(reasons))
        ),
    ]


def document(known: Sequence[Requirement], tests: Mapping[str, Sequence[str]], reasons: Mapping[str, str]) -> str:
    """The page for people."""
    lines = [
        "# Sparkplug B 3.0: what is proved, and by which test",
        "",
        f"Written by `{COMMAND}` after all tests of [tests/sparkplug](../tests/sparkplug) have passed; do not edit.",
        "The tests look at the packets between the real programs (edge agent, collector) and a real Mosquitto.",
        "Ids are those of the specification without their prefix `tck-id-`.",
        "",
        "| role | requirements | tested | not applicable | unmapped |",
        "|---|---:|---:|---:|---:|",
    ]
    for role, name in (("edge", "edge node"), ("host", "host application"), ("broker", "MQTT server"), (None, "all")):
        own = [item.id for item in known if role in {None, item.role}]
        count = sum(ident in tests for ident in own), sum(ident in reasons for ident in own)
        lines.append(f"| {name} | {len(own)} | {count[0]} | {count[1]} | {len(own) - sum(count)} |")
    for chapter, title in _CHAPTERS.items():
        lines += ["", f"## {chapter} {title}", "", "| id | level | role | |", "|---|---|---|---|"]
        lines += [
            f"| {item.id} | {item.level} | {item.role} | {_how(item.id, tests, reasons)} |"
            for item in known
            if item.chapter == chapter
        ]
    return "\n".join(lines) + "\n"


def _how(ident: str, tests: Mapping[str, Sequence[str]], reasons: Mapping[str, str]) -> str:
    if ident in reasons:
        return f"not applicable because {reasons[ident]}"
    return "tested by " + ", ".join(f"`{name}`" for name in tests.get(ident, ())) if ident in tests else "**unmapped**"
