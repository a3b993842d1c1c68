"""How every bench tells what it found: on the terminal, and in bench/RESULTS.md when `python -m bench` runs it.

A line is a figure with its goal and what was measured beside it in the same run. The page has a section for each bench,
which the bench replaces; what was never run is listed as such.
"""

import os
import platform
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from sukusuku_core.time import JAPAN

PAGE = Path(__file__).with_name("RESULTS.md")
VARIABLE = "SUKUSUKU_BENCH_RESULTS"
"""Environment variable with the page to write to; without it nothing is written."""
HEAD = """\
# What was measured

<!-- Written by `python -m bench`. -->

Each section is the newest run of one bench. Shares and counts do not depend on the machine; times, rates and processor
time do, and on what else runs there: the load average is beside them. Goals are those for two quiet cores.
"""
NOT_RUN = "Not run.\n"
LIBRARIES = ("msgspec", "paho-mqtt", "protobuf", "pymodbus", "fastapi")
PROGRAMS: Mapping[str, Sequence[str]] = {"Mosquitto": ("mosquitto", "-h")}
_SECTION = re.compile(r"^## ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Line:
    """A figure as people read it. `reached`: its goal; None: it has none. `beside`: the yardstick of the same run."""

    name: str
    found: str
    goal: str = ""
    reached: bool | None = None
    beside: str = ""


def at_most(name: str, value: float, goal: float, unit: str = "", beside: str = "") -> Line:
    """Return a figure that must not be higher than its goal."""
    return Line(name, _told(value, unit), f"<= {_told(goal, unit)}", value <= goal, beside)


def at_least(name: str, value: float, goal: float, unit: str = "", beside: str = "") -> Line:
    """Return a figure that must not be lower than its goal."""
    return Line(name, _told(value, unit), f">= {_told(goal, unit)}", value >= goal, beside)


def holds(name: str, found: str, *, reached: bool) -> Line:
    """Return something that must be so."""
    return Line(name, found, "", reached)


def conclude(lines: Iterable[Line]) -> int:
    """Print what a bench has found and write it to the page, when there is one. Return 1 when a goal is missed."""
    found = list(lines)
    width = max(len(line.name) for line in found)
    for line in found:
        goal, beside = (
            f"{word} {text}" if text else "" for word, text in (("goal", line.goal), ("beside", line.beside))
        )
        told = [f"{_verdict(line):6}  {line.name:{width}}  {line.found}", goal, beside]
        print("; ".join(part for part in told if part), flush=True)
    if page := os.environ.get(VARIABLE):
        keep(Path(page), command(), [under(), "", *table(found)])
    return int(any(line.reached is False for line in found))


def command() -> str:
    """Return how this bench was called."""
    spec = sys.modules["__main__"].__spec__
    module = "" if spec is None else spec.name.removesuffix(".__main__")
    return " ".join(["python -m", module, *sys.argv[1:]])


def keep(page: Path, title: str, body: Iterable[str]) -> None:
    """Put a section into the page, in the place of the last one of the same bench."""
    sections = read(page)
    sections[module_of(title)] = f"## `{title}`\n" + "\n".join(body) + "\n"
    write(page, sections)


def read(page: Path) -> dict[str, str]:
    """Return the sections of the page, by the module of the bench."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    found = [f"## {part.strip()}\n" for part in _SECTION.split(text)[1:]]
    return {module_of(part.partition("`")[2].partition("`")[0]): part for part in found}


def write(page: Path, sections: Mapping[str, str]) -> None:
    """Write the page."""
    page.write_text("\n".join([HEAD, *sections.values()]), encoding="utf-8")


def module_of(title: str) -> str:
    """Return the module that a command names."""
    return title.split()[2]


def table(lines: Iterable[Line]) -> list[str]:
    """Return figures as the rows of a table."""
    cells = [[it.name, it.found, it.goal, _verdict(it), it.beside] for it in lines]
    rows = ["| " + " | ".join(" ".join(cell.replace("|", "/").split()) for cell in row) + " |" for row in cells]
    return ["| figure | found | goal | | beside, in the same run |", "|---|---:|---:|---|---|", *rows]


def under() -> str:
    """Return when and on what it was measured."""
    now = datetime.now(UTC).astimezone(JAPAN)
    load, cores = ", ".join(f"{it:.1f}" for it in os.getloadavg()), os.cpu_count()
    return f"{now:%Y-%m-%d %H:%M}, {cores} cores of {_processor()}, load average {load}; {', '.join(_versions())}."


def _versions() -> list[str]:
    found = [f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    for name in LIBRARIES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    for name, call in PROGRAMS.items():
        try:
            told = subprocess.run(call, capture_output=True, text=True, check=False).stdout
        except OSError:
            continue
        if version := re.search(r"\d+\.\d+\.\d+", told):
            found.append(f"{name} {version[0]}")
    return found


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    name = re.search(r"^model name\s*: (.+)$", text, re.MULTILINE)
    return platform.machine() if name is None else name[1]


def _verdict(line: Line) -> str:
    return {True: "ok", False: "MISSED", None: ""}[line.reached]


def _told(value: float, unit: str) -> str:
    digits = 0 if abs(value) >= 100 or value == round(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()
