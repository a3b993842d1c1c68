"""`sukusuku evaluate` on a small history, and its verdicts."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS
from sukusuku_server import i18n
from sukusuku_server.evaluate import __main__ as program
from sukusuku_server.evaluate.evaluation import Evaluation, Mark, evaluate, marks
from sukusuku_server.evaluate.verdict import verdict
from sukusuku_server.model.collection import Method
from sukusuku_server.units.evaluation.judgement import Tally, Watched
from sukusuku_server.units.evaluation.truth import Label

START = 1_743_433_200_000  # 2025-04-01 00:00 in Japan


def history(days: int, every: int) -> tuple[list[tuple[int, float]], list[int]]:
    """Levels that rise by day and fall every other evening, and the times of the falls."""
    rng, level, levels, emptied = Random(3), 5.0, list[tuple[int, float]](), list[int]()
    for time in range(START, START + days * DAY_MS, every):
        hour = (time - START) % DAY_MS / HOUR_MS
        if 9 <= hour < 18:
            level += rng.uniform(3.5, 6.5) * every / HOUR_MS
        if hour == 18 and (time - START) // DAY_MS % 2:
            emptied.append(time - every // 2)
            level = 2.0
        levels.append((time, round(level + rng.gauss(0, 0.3), 1)))
    return levels, emptied


LEVELS, EMPTIED = history(35, 30 * MINUTE_MS)


def quiet(_: float, __: float) -> None:
    """Watch nothing."""


@pytest.fixture(scope="module")
def found() -> Evaluation:
    labels = [Label(time - 15 * MINUTE_MS, time + 15 * MINUTE_MS) for time in EMPTIED]
    return evaluate("bin", LEVELS, labels, quiet)


def test_emptyings_are_held_against_labels(found: Evaluation) -> None:
    assert found.tally is not None
    assert found.tally.true == len(EMPTIED)
    assert found.tally.share >= 0.9
    listed = marks(found)
    assert [item.time for item in listed] == sorted(item.time for item in listed)
    assert sum(item.mark is Mark.MISSED for item in listed) == len(EMPTIED) - found.tally.found
    assert all((item.percent is None) == (item.mark is Mark.MISSED) for item in listed)


def test_progress_goes_from_the_beginning_to_the_end() -> None:
    shown: list[tuple[float, float]] = []
    evaluate("bin", LEVELS[:300], None, lambda done, whole: shown.append((done, whole)))
    assert [done for done, _ in shown] == sorted(done for done, _ in shown)
    assert shown[-1] == (300, 300)


def told(found: Evaluation, language: str = "en") -> str:
    texts = i18n.texts("sukusuku_server", language)
    return "\n".join(sentence.told(texts) for sentence in verdict(found))


def test_the_verdict_says_what_such_readings_are_good_for(found: Evaluation) -> None:
    good = replace(found, tally=Tally(40, 39, 1), better=0.4, called=100.0, low=0.0)
    assert "With a reading every 30 min, emptyings are found: 39 of 40, and 1 that were none." in told(good)
    assert "A full bag is told within 30 min." in told(good)
    assert "40 % less than the better simple rule" in told(good)

    seldom = replace(good, tally=Tally(40, 12, 20), pace=24 * 60.0, better=-0.5)
    assert "A reading every 24.0 h is too seldom for emptyings: 12 of 40 were found, and 20 that were none." in told(
        seldom
    )
    assert "too seldom to tell of a full bag on the same day" in told(seldom)
    assert "do not plan by it" in told(seldom)

    rough = replace(good, tally=Tally(40, 30, 1))
    assert "not found reliably: 30 of 40" in told(rough)
    assert "would be false: look at the sensor" in told(replace(good, low=10.0))
    assert "too few bags" in told(replace(good, better=None))


@pytest.mark.parametrize(
    ("came", "late", "said"),
    [(0.8, 0.95, "Its range holds"), (0.8, 0.6, "is in doubt: 80 %"), (0.4, 0.6, "Its range does not hold: 40 %")],
)
def test_two_judgements_of_the_range_are_told(found: Evaluation, came: float, late: float, said: str) -> None:
    mine = next(line for line in found.scores if line.method is Method.MODEL)
    scores = (replace(mine, inside=came), *(line for line in found.scores if line.method is not Method.MODEL))
    judged = replace(found, scores=scores, watched=Watched(100, 40, 0.15, late), better=0.4)
    assert said in told(judged)


@pytest.mark.parametrize(("pace", "said"), [(30.0, "are seen"), (180.0, "most emptyings"), (1440.0, "too seldom")])
def test_without_labels_the_pace_decides(found: Evaluation, pace: float, said: str) -> None:
    assert said in told(replace(found, tally=None, pace=pace))


def test_the_verdict_is_japanese_too(found: Evaluation) -> None:
    assert "袋の交換" in told(found, "ja")
    assert len(told(found, "ja").splitlines()) == len(told(found).splitlines())


def write(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_the_command_prints_figures_and_writes_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    levels, emptied = LEVELS[: 16 * 48], [time for time in EMPTIED if time < START + 16 * DAY_MS]
    rows = [("t", "cm"), ("broken", 1), *((time // 1000, 90 - 0.75 * percent) for time, percent in levels)]
    path = write(tmp_path / "bin.csv", rows)
    labels = write(tmp_path / "changes.csv", [("emptied",), *((time // 1000,) for time in (*emptied, START - DAY_MS))])
    call = [str(path), "--time", "t", "--value", "cm", "--empty", "90", "--full", "15", "--out", str(tmp_path / "out")]

    assert program.main([*call, "--emptied", str(labels), "--lang", "en"]) == 0

    text = capsys.readouterr().out
    assert f"{path}: {len(levels)} levels from 2025-04-01 00:00 to 2025-04-16 23:30 (Japan time)" in text
    assert "1 rows are left out:\n  line 2, column t: expected UTC seconds" in text
    assert "1 emptyings outside the history are not compared" in text
    assert f"of {len(emptied)} true ones" in text
    assert "記録は16日分だけです" in text
    assert "The history is only 16 days long" in text
    for name in ("bin-levels.png", "bin-forecasts.png"):
        assert (tmp_path / "out" / name).read_bytes().startswith(b"\x89PNG")
    with (tmp_path / "out" / "bin-emptyings.csv").open(encoding="utf-8-sig", newline="") as file:
        listed = list(csv.DictReader(file))
    assert {row["verdict"] for row in listed} <= {"found", "missed", "false"}
    assert len([row for row in listed if row["verdict"] != "false"]) == len(emptied)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["--empty", "90"], "expected both --empty and --full"),
        (["--empty", "9", "--full", "9"], "expected different values"),
        (["--time-zone", "Mars/Olympus"], "--time-zone: expected a name such as Asia/Tokyo"),
        (["--only", "bin"], "expected COLUMN=VALUE, found 'bin'"),
        (["--value", "cm"], "expected a column named cm; found utc_s, percent; name it with --value"),
    ],
)
def test_wrong_calls_say_what_is_expected(
    extra: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "bin.csv", [("utc_s", "percent"), (1743433200, 5), (1743436800, 9)])
    assert program.main([str(path), *extra]) == 2
    assert said in capsys.readouterr().err


def test_two_levels_are_a_history_of_which_little_can_be_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "bin.csv", [("utc_s", "percent"), (1743433200, 5), (1743436800, 9)])
    assert program.main([str(path), "--out", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "emptyings found: 0" in text
    assert "no bag could be judged" in text
    assert "There are too few bags to judge the forecast." in text


def test_one_level_is_no_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "bin.csv", [("utc_s", "percent"), (1743433200, 5)])
    assert program.main([str(path)]) == 2
    assert "expected at least two levels at different times, found one" in capsys.readouterr().err


def test_a_long_silence_is_soon_passed() -> None:
    found = evaluate("bin", [(START, 90.0), (START + 100 * DAY_MS, 91.0)], None, quiet)
    assert len(found.derived.estimates()) < 5000  # two weeks of looks, and none after that
    assert found.called < 15 * 24
