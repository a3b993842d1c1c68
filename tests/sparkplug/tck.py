"""What the official test kit of Sparkplug (TCK) has said of the programs, and whose fault each failure is.

The kit needs Java and a HiveMQ server, so it is run by hand; `tck.csv` keeps its word, `tck.toml` what we know of it.
"""

import csv
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.sparkplug import table
from tests.sparkplug.table import FOLDER, Requirement

PASS, FAIL, NOT_FOLLOWED = "pass", "fail", "not followed"
"""The kit's word for one requirement: the worst that a run has said of it. NOT_FOLLOWED is for recommendations."""

_PROFILES = {"edge": "edge node: `sukusuku-edge run`", "host": "host application: the collector"}


@dataclass(frozen=True)
class Explained:
    """One reason for several requirements."""

    reason: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What the runs have shown. `faults` explains failures, `silent` why the kit has said nothing."""

    runs: str
    said: Mapping[str, str]
    faults: Sequence[Explained]
    silent: Sequence[Explained]


def verdict() -> Verdict:
    """Read the two files."""
    known = tomllib.loads((FOLDER / "tck.toml").read_text(encoding="utf-8"))
    with (FOLDER / "tck.csv").open(encoding="utf-8", newline="") as file:
        said = {row["id"]: row["result"] for row in csv.DictReader(file)}
    return Verdict(
        known["runs"],
        said,
        *([Explained(item["reason"], tuple(item["ids"])) for item in known[kind]] for kind in ("fault", "silent")),
    )


def problems(
    kit: Verdict, known: Iterable[Requirement], reasons: Iterable[str], not_followed: Iterable[str]
) -> list[str]:
    """What is wrong with the explanations, a line each; none when every requirement passes or is explained once."""
    judged = {item.id for item in known if item.role in _PROFILES}
    failed, passed_over = _ids(kit, FAIL), _ids(kit, NOT_FOLLOWED)
    faults, silent = _explained(kit.faults), _explained(kit.silent)
    unheard = judged - set(kit.said) - set(reasons)
    return [
        *(f"{ident}: the specification does not name it" for ident in sorted((set(kit.said) | silent) - judged)),
        *(f"{ident}: the kit fails it, and nobody says whose fault it is" for ident in sorted(failed - faults)),
        *(f"{ident}: a fault is named, but the kit does not fail it" for ident in sorted(faults - failed)),
        *(f"{ident}: not followed, but not in deviations.toml" for ident in sorted(passed_over - set(not_followed))),
        *(f"{ident}: the kit says nothing, and nobody says why" for ident in sorted(unheard - silent)),
        *(f"{ident}: called silent, but the kit has spoken" for ident in sorted(silent & set(kit.said))),
    ]


def section(kit: Verdict, known: Sequence[Requirement], reasons: Iterable[str]) -> list[str]:
    """The lines for people."""
    lines = [
        "## The official test kit (TCK)",
        "",
        *kit.runs.strip().splitlines(),
        "",
        "It needs Java and is therefore run by hand; [tck.csv](../tests/sparkplug/tck.csv) keeps its word.",
        "",
        "| profile | requirements | pass | fail by a fault of the kit | fail by ours | not followed | not judged |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    faults = _explained(kit.faults)
    for role, name in _PROFILES.items():
        own = [item.id for item in known if item.role == role]
        said = [kit.said.get(ident) for ident in own]
        theirs = sum(ident in faults for ident in own)
        count = (said.count(PASS), theirs, said.count(FAIL) - theirs, said.count(NOT_FOLLOWED), said.count(None))
        lines.append(f"| {name} | {len(own)} | {' | '.join(map(str, count))} |")
    lines += ["", "What fails, and why that is a fault of the kit:", ""]
    lines += [_item(explained) for explained in kit.faults]
    aside = sum(item.role in _PROFILES and item.id not in kit.said and item.id in set(reasons) for item in known)
    lines += ["", f"What it does not judge: {aside} requirements that are not applicable (see below), and", ""]
    lines += [_item(explained) for explained in kit.silent]
    return lines


def document() -> str:
    """The whole page, as this working tree would write it."""
    known, reasons = table.requirements(), table.not_applicable()
    return table.document(known, table.tested(), reasons, table.deviations(), section(verdict(), known, reasons))


def _item(explained: Explained) -> str:
    return f"- {explained.reason}: {', '.join(f'`{ident}`' for ident in explained.ids)}"


def _ids(kit: Verdict, result: str) -> set[str]:
    return {ident for ident, said in kit.said.items() if said == result}


def _explained(groups: Iterable[Explained]) -> set[str]:
    return {ident for group in groups for ident in group.ids}
