"""Which test proves which requirement of Sparkplug 3.0, and which requirements do not concern us.

The ids are those of the specification without their prefix `tck-id-`.
"""

import csv
import importlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, ModuleType

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
    return _reasons("not_applicable.toml")


def deviations() -> dict[str, str]:
    """Why a recommendation is not followed, by id. Raises ValueError when an id stands there twice."""
    return _reasons("deviations.toml")


def _reasons(name: str) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for group in tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))["group"]:
        for ident in group["ids"]:
            if ident in reasons:
                raise ValueError(f"{ident} stands in {name} twice")
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


def problems(
    known: Iterable[Requirement],
    tests: Mapping[str, Sequence[str]],
    reasons: Mapping[str, str],
    not_followed: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:
    """What is wrong with the mapping, a line each; none when every id is mapped once."""
    levels = {requirement.id: requirement.level for requirement in known}
    ids = set(levels)
    return [
        *(f"{ident}: no test and no reason" for ident in sorted(ids - set(tests) - set(reasons) - set(not_followed))),
        *(
            f"{ident}: a {levels.get(ident, 'requirement that is unknown')} is not followed"
            for ident in sorted(not_followed)
            if not levels.get(ident, "").startswith("SHOULD")
        ),
        *(
            f"{ident}: not followed, and yet tested or not applicable"
            for ident in sorted(set(not_followed) & (set(tests) | set(reasons)))
        ),
        *(f"{ident}: {tests[ident][0]} names it, the specification does not" for ident in sorted(set(tests) - ids)),
        *(f"{ident}: not_applicable.toml names it, the specification does not" for ident in sorted(set(reasons) - ids)),
        *(
            f"{ident}: not applicable, and yet tested by {tests[ident][0]}"
            for ident in sorted(set(tests) & set(reasons))
        ),
    ]


def document(
    known: Sequence[Requirement],
    tests: Mapping[str, Sequence[str]],
    reasons: Mapping[str, str],
    not_followed: Mapping[str, str],
    kit: Sequence[str],
) -> str:
    """The page for people; `kit` is its section about the official test kit."""
    lines = [
        "# Sparkplug B 3.0: what is proved, and by which test",
        "",
        f"Written by `{COMMAND}` after all tests of [tests/sparkplug](../tests/sparkplug) have passed; do not edit.",
        "The tests look at the packets between the real programs (edge agent, collector) and a real Mosquitto.",
        "Ids are those of the specification without their prefix `tck-id-`.",
        "",
        "With `acknowledge = false` in `edge.toml` an edge agent sends data at QoS 1, against `topics-ndata-mqtt` and",
        "`topics-ddata-mqtt`; see [gateways.md](gateways.md).",
        "",
        "With a key of the node (`[uplink]` in `edge.toml`) an offline STATE is obeyed only when the host does not",
        "prove within seconds that it is there (`operational-behavior-edge-node-termination-host-offline`), a node",
        "that waits believes an online STATE that is older than another one",
        "(`message-flow-edge-node-birth-publish-phid-wait-timestamp`), and a rebirth that is asked for within five",
        "seconds of the last one waits for their end; see [wire-security.md](wire-security.md).",
        "",
        "| role | requirements | tested | not applicable | not followed | unmapped |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for role, name in (("edge", "edge node"), ("host", "host application"), ("broker", "MQTT server"), (None, "all")):
        own = [item.id for item in known if role in {None, item.role}]
        count = [sum(ident in mapped for ident in own) for mapped in (tests, reasons, not_followed)]
        lines.append(f"| {name} | {len(own)} | {' | '.join(map(str, count))} | {len(own) - sum(count)} |")
    lines += ["", *kit]
    for chapter, title in _CHAPTERS.items():
        lines += ["", f"## {chapter} {title}", "", "| id | level | role | |", "|---|---|---|---|"]
        lines += [
            f"| {item.id} | {item.level} | {item.role} | {_how(item.id, tests, reasons, not_followed)} |"
            for item in known
            if item.chapter == chapter
        ]
    return "\n".join(lines) + "\n"


def _how(
    ident: str, tests: Mapping[str, Sequence[str]], reasons: Mapping[str, str], not_followed: Mapping[str, str]
) -> str:
    if ident in reasons:
        return f"not applicable because {reasons[ident]}"
    if ident in not_followed:
        return f"**not followed**: {not_followed[ident]}"
    return "tested by " + ", ".join(f"`{name}`" for name in tests.get(ident, ())) if ident in tests else "**unmapped**"
