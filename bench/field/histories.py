"""Histories of levels with labels, read from a directory of CSV files.

Each `NAME.csv` has the columns `utc_s` and `percent`; the part of NAME before `_` is the kind of container.
`emptyings.csv` has `container`, `kind` (clear, doubtful), `last_reading_before_s` and `first_reading_after_s`.
"""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from sukusuku_core.time import DAY_MS
from sukusuku_server.units.evaluation.truth import Label

LABELS = "emptyings.csv"


@dataclass(frozen=True, slots=True)
class History:
    """A container: its levels (UTC ms, percent) and when it was emptied."""

    name: str
    levels: tuple[tuple[int, float], ...]
    labels: tuple[Label, ...]

    @property
    def kind(self) -> str:
        """Return what is collected in it."""
        return self.name.partition("_")[0]

    def last(self, days: int) -> "History":
        """Return the last days of it."""
        since = self.levels[-1][0] - days * DAY_MS
        levels = tuple(level for level in self.levels if level[0] >= since)
        return History(self.name, levels, tuple(label for label in self.labels if label.after >= since))


def read(directory: Path) -> list[History]:
    """Every container of a directory, by name."""
    labels = defaultdict[str, list[Label]](list)
    for row in _rows(directory / LABELS):
        label = Label(_ms(row["last_reading_before_s"]), _ms(row["first_reading_after_s"]), row["kind"] == "clear")
        labels[row["container"]].append(label)
    return [
        History(path.stem, _levels(path), tuple(sorted(labels[path.stem], key=lambda label: label.before)))
        for path in sorted(directory.glob("*.csv"))
        if path.name != LABELS
    ]


def _levels(path: Path) -> tuple[tuple[int, float], ...]:
    return tuple(sorted({_ms(row["utc_s"]): float(row["percent"]) for row in _rows(path)}.items()))


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _ms(seconds: str) -> int:
    return round(float(seconds) * 1000)
