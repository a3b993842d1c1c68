"""The table that a run prints, and its figures as JSON."""

import json
import platform
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.faults.outcome import quantile
from tests.faults.row import Outcome, Tier

HEAD = ("fault", "what", "injected", "accepted", "stored", "lost", "duplicates", "recovery p50/p99", "verdict")
RIGHT = range(2, 8)


@dataclass(frozen=True, slots=True)
class Report:
    """One run of the matrix."""

    tier: Tier
    seed: int
    seconds: float
    outcomes: Sequence[Outcome]

    @property
    def passed(self) -> bool:
        """Whether every row has."""
        return all(outcome.passed for outcome in self.outcomes)


def number(fault: str) -> tuple[int, str]:
    """For the order of the table: F2 comes before F10."""
    digits = "".join(letter for letter in fault if letter.isdigit())
    return int(digits or 0), fault


def render(report: Report) -> str:
    """The table, then in words what failed and how to see it again."""
    outcomes = sorted(report.outcomes, key=lambda outcome: number(outcome.fault))
    lines = _columns([HEAD, *(_cells(outcome) for outcome in outcomes)])
    for outcome in outcomes:
        if not outcome.passed:
            lines += ["", f"{outcome.fault} failed: {outcome.why or 'readings were lost or doubled'}"]
            lines.append(
                f"  again: python -m tests.faults --tier {report.tier} --row {outcome.fault} --seed {report.seed}"
            )
    counted = [outcome for outcome in outcomes if not outcome.control]
    lost, doubled = (sum(getattr(outcome, name) for outcome in counted) for name in ("lost", "duplicates"))
    verdict = "every row passed" if report.passed else "FAILED"
    lines += ["", f"{verdict}: lost {lost}, duplicates {doubled}, {report.seconds:.0f} s, seed {report.seed}"]
    return "\n".join(lines)


def figures(report: Report) -> str:
    """The same for programs."""
    rows = [
        {
            "fault": outcome.fault,
            "title": outcome.title,
            "injected": outcome.injected,
            "accepted": outcome.accepted,
            "stored": outcome.stored,
            "lost": outcome.lost,
            "duplicates": outcome.duplicates,
            "recovery_p50": round(quantile(outcome.recovery, 0.5), 3) if outcome.recovery else None,
            "recovery_p99": round(quantile(outcome.recovery, 0.99), 3) if outcome.recovery else None,
            "passed": outcome.passed,
            "why": outcome.why,
            "control": outcome.control,
        }
        for outcome in sorted(report.outcomes, key=lambda outcome: number(outcome.fault))
    ]
    machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    whole = {
        "tier": report.tier,
        "seed": report.seed,
        "seconds": round(report.seconds, 1),
        "machine": machine,
        "passed": report.passed,
        "rows": rows,
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _cells(outcome: Outcome) -> tuple[str, ...]:
    recovery = "-"
    if outcome.recovery:
        recovery = f"{quantile(outcome.recovery, 0.5):.1f} / {quantile(outcome.recovery, 0.99):.1f} s"
    counts = (outcome.injected, outcome.accepted, outcome.stored, outcome.lost, outcome.duplicates)
    verdict = "passed" if outcome.passed else "FAILED"
    return (outcome.fault, outcome.title, *(f"{count:,}" for count in counts), recovery, verdict)


def _columns(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(_width(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [_line(row, widths).rstrip() for row in rows]


def _line(row: Iterable[str], widths: Sequence[int]) -> str:
    cells = []
    for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
        gap = " " * (width - _width(cell))
        cells.append(gap + cell if place in RIGHT else cell + gap)
    return "  ".join(cells)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "FW" else 1 for letter in text)
