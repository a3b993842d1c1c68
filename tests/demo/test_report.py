"""What a run of the demo says at its end."""

import json
from dataclasses import replace

import pytest

from sukusuku_demo.judge import Archived
from sukusuku_demo.report import Report

GOOD = Report(166, 1_485, 1_485, 0, 0, 2, 6, 45.7)
ARCHIVED = Archived(123_990, 0, 0, (), 9.6)


def test_programs_get_the_counts_of_influxdb_only_where_there_is_one() -> None:
    plain = json.loads(GOOD.encode())
    assert plain == {
        "produced": 166, "accepted": 1_485, "stored": 1_485, "lost": 0, "duplicates": 0, "alerts": 2, "mails": 6,
        "seconds_to_first_mail": 45.7,
    }  # fmt: skip
    assert json.loads(replace(GOOD, influx=ARCHIVED).encode()) == plain | {
        "influx_stored": 123_990, "influx_lost": 0, "influx_duplicates": 0, "influx_seconds": 9.6,
    }  # fmt: skip


def test_people_get_words() -> None:
    assert str(replace(GOOD, influx=ARCHIVED)).splitlines() == [
        "devices showed 166 values; the edge agents accepted 1,485 readings",
        "store      1,485 stored, 0 lost, 0 duplicates",
        "InfluxDB   123,990 stored with the past, 0 lost, 0 duplicates (waited 9.6 s)",
        "alerts     2, mails 6",
        "nothing was lost, nothing is there twice. 欠落・重複はありません。",
    ]


@pytest.mark.parametrize(
    "report",
    [
        replace(GOOD, lost=1),
        replace(GOOD, duplicates=1),
        replace(GOOD, influx=replace(ARCHIVED, lost=1)),
        replace(GOOD, influx=replace(ARCHIVED, duplicates=1)),
    ],
)
def test_whatever_is_lost_or_there_twice_spoils_the_run(report: Report) -> None:
    assert GOOD.whole
    assert not report.whole
    assert str(report).endswith("欠落または重複があります。")
