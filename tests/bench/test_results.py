from pathlib import Path

import bench.__main__ as all_of_them
import pytest
from bench import results
from bench.results import Line, at_least, at_most, conclude, holds


def test_a_missed_goal_fails_and_a_figure_without_one_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert conclude([at_most("delay", 12.3, 12.3, "ms"), at_least("rate", 5.0, 4.9, "x"), Line("size", "3 MB")]) == 0
    assert conclude(
        [at_most("delay", 12.4, 12.3, "ms", "others: 90 ms"), holds("all is there", "1 of 1", reached=True)]
    )

    shown = capsys.readouterr().out
    assert "MISSED  delay         12.4 ms; goal <= 12.3 ms; beside others: 90 ms" in shown
    assert "ok      all is there  1 of 1" in shown


def test_a_bench_replaces_its_own_section_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "RESULTS.md"
    monkeypatch.setattr(results, "PAGE", page)
    all_of_them.arrange()
    whole = page.read_text(encoding="utf-8")
    assert whole.count(results.NOT_RUN) == len(all_of_them.BENCHES)

    for found in ("1 ms", "2 ms"):
        results.keep(
            page, "python -m bench.drain --live 9", results.table([Line("delay | of", found, "<= 3 ms", reached=True)])
        )
    all_of_them.arrange()

    again = page.read_text(encoding="utf-8")
    assert again.count(results.NOT_RUN) == len(all_of_them.BENCHES) - 1
    assert "## `python -m bench.drain --live 9`\n| figure |" in again
    assert "| delay / of | 2 ms | <= 3 ms | ok |  |" in again
    assert "1 ms" not in again
    assert [line for line in again.splitlines() if line.startswith("#")] == [
        line.replace("bench.drain`", "bench.drain --live 9`") for line in whole.splitlines() if line.startswith("#")
    ]


def test_every_bench_that_is_listed_can_be_called() -> None:
    for name in all_of_them.BENCHES:
        path = results.PAGE.parent.joinpath(*name.split("."))
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), name
