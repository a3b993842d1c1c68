"""What was measured: the worst of each figure, kept in `measured.toml` beside the command that measured it."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figures.goals import GOALS, Goal

FILE = Path(__file__).with_name("measured.toml")


@dataclass(frozen=True, slots=True)
class Found:
    """How far a figure of a room or unit (`where`) of a seed is off, in the unit of its goal."""

    name: str
    off: float
    where: str
    seed: int

    @property
    def goal(self) -> Goal:
        """Return what it may be off by."""
        return next(goal for goal in GOALS if goal.name == self.name)

    @property
    def missed(self) -> bool:
        """Whether it is off by more than its goal."""
        return self.off > self.goal.most

    @property
    def told(self) -> str:
        """Return it as people read it, and whether its goal is missed."""
        number = f"{self.off:.2g} %" if self.goal.unit == "%" else f"{self.off:g}"
        return f"{number} **missed**" if self.missed else number


@dataclass(frozen=True, slots=True)
class Measured:
    """The worst of each figure, and how it was found; `note` is what has changed since, until it is measured again."""

    command: str
    months: int
    seeds: tuple[int, ...]
    worst: tuple[Found, ...]
    note: str = ""


def worst(found: Iterable[Found]) -> list[Found]:
    """Return the worst of each figure, in the order of the goals."""
    known = list(found)
    each = ([item for item in known if item.name == goal.name] for goal in GOALS)
    return [max(items, key=lambda item: item.off) for items in each if items]


def write(found: Sequence[Found], command: str, months: int, seeds: Sequence[int]) -> None:
    """Keep the worst figures."""
    lines = [
        "# Written by `python -m bench.figures --write`.",
        f'command = "{command}"',
        f"months = {months}",
        f"seeds = {list(seeds)}",
    ]
    for item in found:
        lines += ["", "[[worst]]", f'name = "{item.name}"', f"off = {item.off:.4g}"]
        lines += [f'where = "{item.where}"', f"seed = {item.seed}"]
    FILE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read() -> Measured:
    """Return what is kept."""
    known = tomllib.loads(FILE.read_text(encoding="utf-8"))
    found = tuple(Found(item["name"], float(item["off"]), item["where"], item["seed"]) for item in known["worst"])
    return Measured(known["command"], known["months"], tuple(known["seeds"]), found, known.get("note", ""))
