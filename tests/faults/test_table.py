"""What a run prints and how it ends."""

import json

import pytest

from tests.faults.__main__ import main
from tests.faults.outcome import quantile
from tests.faults.row import Outcome, Tier
from tests.faults.rows import ROWS
from tests.faults.table import Report, figures, render

GOOD = Outcome("F10", "clocks", 6, 1_000, 1_000, 0, 0, (0.5, 1.5, 9.0))
BAD = Outcome("F2", "power cuts", 1_000, 50, 49, 1, 0, passed=False, why="a row is missing")
CONTROL = Outcome("F25", "control", 5, 100, 60, 40, 0, control=True)


def test_rows_stand_in_order_and_failures_in_words() -> None:
    lines = render(Report(Tier.PR, 7, 12.0, [CONTROL, GOOD, BAD])).splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["fault", "F2", "F10", "F25"]
    assert "1.5 / 9.0 s" in lines[2]
    assert lines[1].endswith("FAILED")
    assert "F2 failed: a row is missing" in lines
    assert "  again: python -m tests.faults --tier pr --row F2 --seed 7" in lines
    assert lines[-1] == "FAILED: lost 1, duplicates 0, 12 s, seed 7"


def test_what_a_control_loses_is_no_loss() -> None:
    report = Report(Tier.PR, 7, 12.0, [CONTROL, GOOD])
    assert report.passed
    assert render(report).splitlines()[-1] == "every row passed: lost 0, duplicates 0, 12 s, seed 7"


def test_figures_are_for_programs() -> None:
    found = json.loads(figures(Report(Tier.NIGHTLY, 7, 12.0, [GOOD])))
    assert (found["tier"], found["seed"], found["passed"]) == ("nightly", 7, True)
    assert (found["rows"][0]["recovery_p50"], found["rows"][0]["recovery_p99"]) == (1.5, 9.0)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 2.0), (0.99, 4.0), (0.01, 1.0)])
def test_quantiles_are_values_that_were_seen(share: float, expected: float) -> None:
    assert quantile([4.0, 1.0, 3.0, 2.0], share) == expected


def test_an_unknown_row_is_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--row", "F99"])
    assert ended.value.code == 2
    assert ", ".join(ROWS) in capsys.readouterr().err


def test_a_row_that_fails_is_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--row", "F11", "--minutes", "0.01"]) == 1
    said = capsys.readouterr().out
    assert said.startswith("seed ")
    assert "the time of the run is over" in said
