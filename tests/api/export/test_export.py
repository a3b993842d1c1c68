"""Tables of a month for analysts, over the real API and a real store."""

import csv
import io
import re
import runpy
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from sukusuku_api.export.catalogue import TABLES
from sukusuku_api.export.files import GROUP, csv_file
from sukusuku_api.export.parquet import parquet_file
from sukusuku_api.export.tables import Column, Kind, Row, Table
from sukusuku_api.lazy_store import LazyStore
from sukusuku_core.errors import TransientError
from sukusuku_core.model import Quality, Reading
from sukusuku_core.time import DAY_MS, MINUTE_MS, day_start
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.model.series import Bucket
from sukusuku_server.timeseries.sql_reader import SqlReader
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.http_server import serving
from tests.api.two_centres import HOUR, World

ROOT = Path(__file__).parents[3]
HOUR_START = NOW - NOW % HOUR - 5 * HOUR
NOVEMBER = 1_793_458_800_000
"""2026-11-01T00:00+09:00."""


def _csv(api: httpx.Client, table: str, month: str = "2026-11", **parameters: str) -> list[dict[str, str]]:
    answer = api.get(f"/api/v1/export/{table}/{month}.csv", params=parameters)
    answer.raise_for_status()
    return list(csv.DictReader(io.StringIO(answer.text)))


def _parquet(api: httpx.Client, table: str) -> Any:
    answer = api.get(f"/api/v1/export/{table}/2026-11.parquet")
    answer.raise_for_status()
    return pq.read_table(io.BytesIO(answer.content))


def _room(count: int, children: int, eating: int, play: int, time: int = HOUR_START) -> list[Reading]:
    values = {"Occupancy/Count": count, "Occupancy/Children": children, "Occupancy/Staff": 2, "Entries/Total": 900}
    values |= {"Zones/eating/Count": eating, "Zones/play/Count": play}
    return [Reading("tobu-room", metric, time, value) for metric, value in values.items()]


def test_both_files_tell_the_same(api: httpx.Client, world: World) -> None:
    world.commit(
        *(Reading("tobu-unit-1", "Fill/Percent", HOUR_START + n * 60_000, 10.0 + n) for n in range(90)),
        Reading("tobu-unit-1", "Fill/Percent", HOUR_START + 1, 99.0, Quality.BAD),
        Reading("tobu-unit-1", "Info/Serial", HOUR_START, "=1+1"),
        Reading("tobu-unit-1", "Lid/Open", HOUR_START, value=True),
    )
    for table in TABLES.keys() - {"room_days"}:
        lines, found = _csv(api, table), _parquet(api, table)
        assert found.schema.names == [column.name for column in TABLES[table].columns]
        assert all(field.metadata[b"description"] for field in found.schema)
        rows = found.to_pylist()
        assert [line["time"] for line in lines] == [row["time"].isoformat(timespec="milliseconds") for row in rows]
        numbers = [column.name for column in TABLES[table].columns if column.kind is Kind.NUMBER]
        assert [[float(line[name]) if line[name] else None for name in numbers] for line in lines] == [
            [row[name] for name in numbers] for row in rows
        ]
    hours = [row for row in _csv(api, "hours") if row["metric"] == "Fill/Percent"]
    assert [(row["count"], row["mean"], row["low"], row["high"], row["last"]) for row in hours] == [
        ("60", "39.5", "10.0", "69.0", "69.0"),
        ("30", "84.5", "70.0", "99.0", "99.0"),
    ]
    assert {row["quality"] for row in _csv(api, "readings")} == {"good", "bad"}
    assert not any(row["metric"].startswith("Info") for row in _csv(api, "readings"))


def test_a_month_is_one_of_japan_and_can_be_that_of_one_centre(api: httpx.Client, world: World) -> None:
    times = (NOVEMBER - 1, NOVEMBER, NOVEMBER + 1)
    world.commit(*(Reading(unit, "Fill/Percent", t, 1.0) for t in times for unit in ("tobu-unit-1", "seibu-unit-1")))
    assert [row["time"] for row in _csv(api, "readings", site="tobu")] == [
        "2026-11-01T00:00:00.000+09:00",
        "2026-11-01T00:00:00.001+09:00",
    ]
    assert len(_csv(api, "readings", "2026-10")) == 2
    assert len(_csv(api, "readings")) == 4


def test_days_of_rooms_are_told_as_reports_tell_them(api: httpx.Client, world: World) -> None:
    first, last = day_start(date(2026, 10, 1)), day_start(date(2026, 10, 31))
    for day, children in (*((first + n * DAY_MS, 6 + n) for n in range(8)), (last, 2)):
        derived = [(minute * MINUTE_MS, 0 if minute in {0, 240} else children) for minute in range(0, 241, 5)]
        points = [
            Reading("tobu-room", metric, day + 9 * HOUR + time, shown)
            for time, value in derived
            for metric, shown in (("Occupancy/ChildrenCorrected", float(value)), ("Occupancy/Completeness", 100.0))
        ]
        world.store.put_derived("tobu-room", day + 9 * HOUR - 1, day + 13 * HOUR, points)

    rows = {row["time"][:10]: row for row in _csv(api, "room_days", "2026-10", site="tobu")}

    assert rows["2026-10-31"]["withheld"] == "true"
    assert rows["2026-10-20"]["visits"] == "", "nothing was heard, which is not 0"
    assert rows["2026-10-31"]["visits"] == rows["2026-10-31"]["person_hours"] == ""
    others = [row for day, row in rows.items() if day < "2026-10-09"]
    assert any(row["withheld"] == "true" for row in others), "else the sum of the month would tell the small one"
    assert {int(row["visits"]) for row in others if row["visits"]} <= set(range(6, 14))
    assert any(row["visits"] for row in others)


def test_a_month_that_is_not_over_tells_no_people(api: httpx.Client) -> None:
    answer = api.get("/api/v1/export/room_days/2026-11.csv")
    assert answer.status_code == 404
    assert "is not over" in answer.json()["detail"]


def test_no_room_is_in_the_raw_readings_and_no_person_anywhere(api: httpx.Client, world: World) -> None:
    world.commit(*_room(9, 6, 3, 6), Reading("tobu-unit-1", "Fill/Percent", HOUR_START, 1.0))
    emptyings = Emptyings(world.operations)
    emptyings.enter("tobu-unit-1", HOUR_START, "佐藤", NOW, percent=80.0, nappies=48.0, note="佐藤さんから電話")
    for table in TABLES:
        text = api.get(f"/api/v1/export/{table}/2026-11.csv").text
        assert "佐藤" not in text
        assert "tobu-room" not in text
    (row,) = _csv(api, "emptyings")
    assert (row["asset"], row["site"], row["percent"], row["state"]) == ("tobu-unit-1", "tobu", "80.0", "entered")


def test_wrong_questions_are_told_what_there_is(api: httpx.Client) -> None:
    assert api.get("/api/v1/export/nothing/2026-11.csv").json()["available"] == list(TABLES)
    assert api.get("/api/v1/export/hours/2026-13.csv").status_code == 422
    assert api.get("/api/v1/export/hours/2026-11.xlsx").status_code == 422
    assert api.get("/api/v1/export/hours/2026-11.csv", params={"site": "x"}).json()["available"] == ["tobu", "seibu"]
    assert _parquet(api, "hours").num_rows == 0
    named = [table["name"] for table in api.get("/api/v1/export").json()["tables"]]
    assert named == list(TABLES)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_store_that_does_not_answer_is_a_problem_and_no_file(
    api: httpx.Client, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    def broken(*_: object) -> None:
        raise TransientError("the store does not answer")

    monkeypatch.setattr(SqlReader, "hourly", broken)
    assert api.get(f"/api/v1/export/hours/2026-11.{ending}").status_code == 503


def test_without_pyarrow_csv_is_left(api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = api.get("/api/v1/export/hours/2026-11.parquet")
    assert answer.status_code == 503
    assert "Parquet needs pyarrow; or ask for csv; install it with:" in answer.json()["detail"]
    assert api.get("/api/v1/export/hours/2026-11.csv").status_code == 200


@pytest.mark.parametrize("write", [csv_file, parquet_file])
def test_a_month_is_never_in_memory(write: Any) -> None:
    read = 0

    def pieces() -> Iterator[Sequence[Row]]:
        nonlocal read
        for n in range(40):
            read += 5_000
            yield [(n,)] * 5_000

    table = Table("numbers", "", (Column("n", Kind.INTEGER, ""),), lambda *_: pieces())
    ahead, body = [], b""
    for part in write(table, pieces()):
        body += part
        ahead.append(read)
    assert ahead[1] - ahead[0] <= GROUP, "one portion after the other"
    assert len(ahead) >= 40 * 5_000 // GROUP
    count = pq.read_table(io.BytesIO(body)).num_rows if write is parquet_file else body.count(b"\r\n") - 1
    assert count == 200_000


def test_the_page_tells_every_column() -> None:
    text = (ROOT / "docs/export.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (\w+) \| (.*) \|$", text, re.MULTILINE)
    assert rows == [(t.name, c.name, c.kind.value, c.meaning) for t in TABLES.values() for c in t.columns]


def test_the_example_runs(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    world.commit(*(Reading("tobu-unit-1", "Fill/Percent", HOUR_START + n * 60_000, 40.0 + n) for n in range(3)))
    store = LazyStore(world.path)
    with serving(create_app(world.facility, store, world.operations, lambda: NOW)) as url:
        monkeypatch.setenv("SUKUSUKU_URL", url)
        runpy.run_path(str(ROOT / "docs/examples/export.py"))
    store.close()
    assert capsys.readouterr().out == "tobu-unit-1 41.0\n"


def test_a_file_that_breaks_off_is_an_error_for_whoever_fetches_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.commit(*(Reading("tobu-unit-1", "Fill/Percent", HOUR_START + n * HOUR, 40.0) for n in range(3)))
    asked, answer = [0], SqlReader.hourly

    def dying(self: SqlReader, *question: Any) -> list[Bucket]:
        asked[0] += 1
        if asked[0] > 5:
            raise TransientError("the disk has died")
        return answer(self, *question)

    monkeypatch.setattr(SqlReader, "hourly", dying)
    store = LazyStore(world.path)
    with (
        serving(create_app(world.facility, store, world.operations, lambda: NOW)) as url,
        httpx.Client() as client,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        client.get(f"{url}/api/v1/export/hours/2026-11.csv")
    store.close()
