"""Files of readings as people have them: columns, encodings, times, units, mistakes."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.time import JAPAN, SECOND_MS
from sukusuku_server.histories import cells, emptyings, series, table
from sukusuku_server.histories.problems import CellError, HistoryError
from sukusuku_server.histories.series import Scale
from sukusuku_server.units.evaluation.truth import Label

NINE = 1_743_467_400_000  # 2025-04-01 09:30 in Japan
EARLIEST, LATEST = (datetime(year, 1, 1) for year in (2001, 2099))  # noqa: DTZ001 - a local time of any zone


def file(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "levels.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("1743467400", NINE),
        ("1743467400.5", NINE + 500),
        ("1743467400000", NINE),
        ("2025-04-01T09:30:00+09:00", NINE),
        ("2025-04-01T00:30:00Z", NINE),
        ("2025-04-01 09:30", NINE),
        ("2025/4/1 9:30", NINE),
        ("2025/04/01 9:30:00", NINE),
        ("2025年4月1日 9:30", NINE),
        ("2025年4月1日9時30分", NINE),
        ("２０２５/４/１　９：３０", NINE),
        ("1.4.2025 9:30:00.000", NINE),
        (" 2025-04-01T02:30:00+02:00 ", NINE),
    ],
)
def test_moments_of_all_kinds(cell: str, moment: int) -> None:
    assert cells.moment(cell, JAPAN) == moment


@pytest.mark.parametrize(
    "cell", ["", "yesterday", "2025-13-01", "12:30", "nan", "-5", "5", "1e300", "2025/2/30 1:00", "4/1/2025 9:30"]
)
def test_what_is_no_moment_is_refused(cell: str) -> None:
    with pytest.raises(CellError, match="UTC seconds, or a time like"):
        cells.moment(cell, JAPAN)


def test_times_without_a_zone_are_those_of_the_zone_that_is_named() -> None:
    assert cells.moment("2025-04-01 02:30", ZoneInfo("Europe/Prague")) == NINE
    assert cells.moment("2025/4/1 0:30", UTC) == NINE


@given(st.datetimes(EARLIEST, LATEST))
def test_every_way_of_writing_a_moment_means_the_same(local: datetime) -> None:
    moment = round(local.replace(microsecond=0, tzinfo=JAPAN).timestamp() * SECOND_MS)
    for text in (
        f"{local:%Y-%m-%dT%H:%M:%S}",
        f"{local:%Y/%m/%d %H:%M:%S}",
        local.replace(microsecond=0, tzinfo=JAPAN).astimezone(timezone(timedelta(hours=-3))).isoformat(),
        str(moment // SECOND_MS),
    ):
        assert cells.moment(text, JAPAN) == moment


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("utc_s,percent\n1743467400,42\n", "utf-8"),
        ("計測日時;充填率\n2025/4/1 9:30;42%\n", "cp932"),
        ("日時\t充填率\n2025-04-01T09:30\t42\n", "utf-16"),
        ("time;percent\n1.4.2025 9:30;42,0\n", "utf-8"),
        ("日時,充填率\n2025/4/1 9:30,４２％\n", "cp932"),
        ("\nTIME,Percent,other\n\n2025/4/1 9:30,42.0,x\n", "utf-8-sig"),
    ],
)
def test_tables_of_all_kinds(tmp_path: Path, text: str, encoding: str) -> None:
    found = series.levels(table.read(file(tmp_path, text, encoding)), JAPAN, None, None, None)
    assert found.values == ((NINE, 42.0),)
    assert not found.bad


def test_a_distance_becomes_percent(tmp_path: Path) -> None:
    path = file(tmp_path, "time,cm\n2025/4/1 9:30,90\n2025/4/1 9:40,15\n2025/4/1 9:50,52.5\n2025/4/1 10:00,300\n")
    found = series.levels(table.read(path), JAPAN, None, "cm", Scale(90, 15))
    assert [value for _, value in found.values] == pytest.approx([0, 100, 50])
    assert str(found.bad[0]) == "line 5, column cm: expected a distance from -22.5 to 105, found '300'"


def test_bad_rows_are_told_and_do_not_stop_the_others(tmp_path: Path) -> None:
    path = file(
        tmp_path, "utc_s,percent\nx,1\n1743467400,full\n1743467400,151\n1743467400\n1743468000,5\n1743467400,7\n"
    )
    found = series.levels(table.read(path), JAPAN, None, None, None)
    assert found.values == ((NINE, 7.0), (NINE + 600_000, 5.0))
    assert [row.line for row in found.bad] == [2, 3, 4, 5]
    assert str(found.bad[1]) == "line 3, column percent: expected a level in percent from -20 to 150, found 'full'"
    assert found.repeated == 0


def test_of_rows_with_one_time_the_last_one_holds(tmp_path: Path) -> None:
    path = file(tmp_path, "utc_s,percent\n1743467400,1\n1743467400,2\n")
    found = series.levels(table.read(path), JAPAN, None, None, None)
    assert (found.values, found.repeated) == (((NINE, 2.0),), 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "expected a line with the names of the columns"),
        (b"utc_s,percent\n", "rows below it"),
        (
            b"utc_s,fuellstand\n1,2\n",
            "line 1: expected a column named percent.*found utc_s, fuellstand; name it with --value",
        ),
        (b"a,percent\n1,2\n", "line 1: expected a column named utc_s.*found a, percent; name it with --time"),
        (b"utc_s,percent\nx,y\n", "no row can be read; the first is line 2, column utc_s: expected UTC seconds"),
        (b"\x81\xff\x00", "expected text in UTF-8, UTF-16 or Shift_JIS"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "levels.csv"
    path.write_bytes(content)
    with pytest.raises(HistoryError, match=said):
        series.levels(table.read(path), JAPAN, None, None, None)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"gone\.csv: cannot be read"):
        table.read(tmp_path / "gone.csv")


def test_rows_of_one_container_among_many(tmp_path: Path) -> None:
    found = table.read(file(tmp_path, "container,utc_s,percent\na,1743467400,1\nb,1743467400,2\n"))
    assert series.levels(found.only({"container": "b"}), JAPAN, None, None, None).values == ((NINE, 2.0),)
    with pytest.raises(HistoryError, match="no row has container = c"):
        found.only({"container": "c"})


def test_an_emptying_lies_between_the_readings_around_it(tmp_path: Path) -> None:
    moments = [NINE, NINE + 600_000, NINE + 1_200_000]
    path = file(tmp_path, "emptied\n2025/4/1 9:35\n2025/4/1 9:40\nnever\n")
    found = emptyings.labels(table.read(path), JAPAN, None, moments)
    assert found.labels == (Label(NINE, NINE + 600_000), Label(NINE, NINE + 600_000))
    assert str(found.bad[0]).startswith("line 4, column emptied: expected UTC seconds")


def test_labels_may_name_the_readings_and_their_doubt(tmp_path: Path) -> None:
    text = "last_reading_before_s,first_reading_after_s,kind\n"
    text += "1743467400,1743468000,clear\n1743468000,1743468600,doubtful\n"
    found = emptyings.labels(table.read(file(tmp_path, text)), JAPAN, None, [])
    assert found.labels == (Label(NINE, NINE + 600_000), Label(NINE + 600_000, NINE + 1_200_000, clear=False))
