import asyncio
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_core.counters import CounterState
from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_core.message_order import Seen
from sukusuku_core.model import Quality, Reading
from sukusuku_edge.binding import Counter
from sukusuku_edge.outbox import Outbox
from sukusuku_edge.recent_rows import LIMIT
from tests.edge.outbox_cases import TOTAL, T, in_file, readings, with_outbox
from tests.support.patience import PATIENCE


def test_what_was_added_is_there_after_a_restart_in_order_and_in_type(tmp_path: Path) -> None:
    given_readings = [
        Reading("u", "Lid/Open", T, value=True),
        Reading("u", "Lid/Open", T + 1, value=False),
        Reading("u", "State", T, 1),
        Reading("u", "Cycles/Total", T, 2**63 - 1),
        Reading("u", "Fill/Percent", T, 1.0),
        Reading("u", "Info/Serial", T, "一号"),
        Reading("u", "Fill/Percent", T + 1, None, Quality.STALE),
        Reading("u", "Fill/Percent", T + 2, 151.5, Quality.BAD),
    ]
    added = with_outbox(tmp_path / "o.db", lambda outbox: outbox.add(given_readings, {}))

    found = with_outbox(tmp_path / "o.db", lambda outbox: outbox.peek(0, 100))

    assert found == added
    assert [reading for _, reading in found] == given_readings
    assert [type(reading.value) for _, reading in found] == [type(reading.value) for reading in given_readings]


def test_peek_goes_on_after_a_row_and_stops_at_a_limit(tmp_path: Path) -> None:
    async def work(outbox: Outbox) -> list[list[int]]:
        await outbox.add(readings(10), {})
        parts = [await outbox.peek(0, 3), await outbox.peek(3, 100), await outbox.peek(3, 100, until=5)]
        return [[row for row, _ in part] for part in parts]

    assert with_outbox(tmp_path / "o.db", work) == [[1, 2, 3], [4, 5, 6, 7, 8, 9, 10], [4, 5]]


def test_deleted_rows_are_gone_and_their_ids_are_never_used_again(tmp_path: Path) -> None:
    async def first(outbox: Outbox) -> None:
        await outbox.add(readings(3), {})
        await outbox.delete([1, 2, 3])
        await outbox.delete([3])

    async def second(outbox: Outbox) -> list[int]:
        assert (await outbox.stats()).rows == 0
        assert (await outbox.stats()).last == 3
        return [row for row, _ in await outbox.add(readings(2), {})]

    with_outbox(tmp_path / "o.db", first)

    assert with_outbox(tmp_path / "o.db", second) == [4, 5]


def test_what_is_deleted_leaves_the_file_with_the_next_readings_or_when_nothing_comes(tmp_path: Path) -> None:
    path = tmp_path / "o.db"

    async def work(outbox: Outbox) -> None:
        await outbox.add(readings(3), {})
        await outbox.delete([1, 2])
        assert [row for row, _ in await outbox.peek(0, 10)] == [3]
        assert (await outbox.stats()).rows == 1
        assert in_file(path) == [1, 2, 3]
        await outbox.add(readings(1, start=3), {})
        assert in_file(path) == [3, 4]
        await outbox.delete([3])
        await outbox.flush()
        assert in_file(path) == [4]
        await outbox.delete([4])

    with_outbox(path, work)
    assert in_file(path) == []


def test_more_rows_than_are_in_memory_are_read_in_order(tmp_path: Path) -> None:
    async def work(outbox: Outbox) -> list[int]:
        await outbox.add(readings(LIMIT), {})
        await outbox.delete(range(1, LIMIT, 2))
        await outbox.add(readings(LIMIT, start=LIMIT), {})
        found, after = list[int](), 0
        while rows := await outbox.peek(after, 700):
            found += [row for row, _ in rows]
            after = rows[-1][0]
        return found

    assert with_outbox(tmp_path / "o.db", work) == [*range(2, LIMIT, 2), *range(LIMIT, 2 * LIMIT + 1)]


def test_stats_tell_how_much_waits_since_when(tmp_path: Path) -> None:
    async def work(outbox: Outbox) -> None:
        empty = await outbox.stats()
        await outbox.add(readings(5), {})
        await outbox.delete([1])
        some = await outbox.stats()
        assert (empty.rows, empty.oldest, empty.last) == (0, None, 0)
        assert (some.rows, some.oldest, some.last) == (4, T + 1, 5)

    with_outbox(tmp_path / "o.db", work)


def test_totals_are_committed_with_the_readings(tmp_path: Path) -> None:
    counter = Counter("board/cycle_counter", CounterState(70_000, 12, 3, Seen((4, 5), (1_760_000_000_000,))))
    with_outbox(tmp_path / "o.db", lambda outbox: outbox.add(readings(1), {TOTAL: counter}))

    assert with_outbox(tmp_path / "o.db", Outbox.counters) == {TOTAL: counter}


def test_bdseq_begins_at_0_and_goes_on_over_restarts_to_255_and_back(tmp_path: Path) -> None:
    async def three(outbox: Outbox) -> list[int]:
        return [await outbox.next_bdseq() for _ in range(3)]

    seen = [number for _ in range(87) for number in with_outbox(tmp_path / "o.db", three)]

    assert seen == [n % 256 for n in range(261)]


def test_the_last_birth_survives(tmp_path: Path) -> None:
    assert with_outbox(tmp_path / "o.db", Outbox.last_birth) == 0
    with_outbox(tmp_path / "o.db", lambda outbox: outbox.set_last_birth(T))
    assert with_outbox(tmp_path / "o.db", Outbox.last_birth) == T


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(0, 5)),
            st.tuples(st.just("delete"), st.integers(1, 30)),
            st.tuples(st.just("flush"), st.just(0)),
            st.tuples(st.just("restart"), st.just(0)),
        ),
        max_size=12,
    )
)
@settings(max_examples=30)
def test_it_behaves_like_a_list(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]) -> None:
    path = tmp_path_factory.mktemp("outbox") / "o.db"
    model: dict[int, Reading] = {}
    last = 0

    async def run(part: list[tuple[str, int]]) -> None:
        nonlocal last
        async with Outbox(path) as outbox:
            for kind, n in part:
                if kind == "add":
                    for row, reading in await outbox.add(readings(n), {}):
                        assert row > last
                        last = row
                        model[row] = reading
                elif kind == "delete":
                    gone = [row for row in (n, n + 1) if model.pop(row, None) is not None]
                    await outbox.delete(gone)
                elif kind == "flush":
                    await outbox.flush()
                assert await outbox.peek(0, 1000) == sorted(model.items())
                assert (await outbox.stats()).rows == len(model)

    parts: list[list[tuple[str, int]]] = [[]]
    for step in steps:
        if step[0] == "restart":
            parts.append([])
        parts[-1].append(step)
    for part in parts:
        asyncio.run(run(part))


WRITER = """
import asyncio, sys
from pathlib import Path
from sukusuku_core.counters import CounterState
from sukusuku_core.model import Reading
from sukusuku_edge import database
from sukusuku_edge.binding import Counter
from sukusuku_edge.boot_log import Stamp
from sukusuku_edge.outbox import Outbox
from sukusuku_edge.recent_rows import LIMIT

async def main():
    async with Outbox(Path(sys.argv[1])) as outbox:
        n = max([reading.value for _, reading in await outbox.peek(0, 10**6)], default=0)
        while True:
            n += 1
            counter = {("u", "Cycles/Total"): Counter("b/c", CounterState(n, n))}
            await outbox.add([Reading("u", "Cycles/Total", 1760000000000 + n, n)], counter)
            print(n, flush=True)

asyncio.run(main())
"""


def test_a_killed_writer_loses_nothing_that_it_announced(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    announced = 0
    for round_ in range(5):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        for _ in range(10 + 7 * round_):
            announced = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().split("\n")[:-1]  # what it still said before it died
        announced = int(rest[-1]) if rest else announced
        writer.wait(PATIENCE)
        writer.stdout.close()

        async def check(outbox: Outbox, announced: int = announced) -> None:
            values = [reading.value for _, reading in await outbox.peek(0, 1_000_000)]
            assert values[:announced] == list(range(1, announced + 1))
            assert len(values) <= announced + 1
            total = (await outbox.counters())["u", "Cycles/Total"].state.total
            assert total == values[-1]

        with_outbox(path, check)


def test_an_outbox_of_an_older_version_keeps_its_totals(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    with sqlite3.connect(path) as file:
        file.execute(
            "CREATE TABLE counter (asset TEXT NOT NULL, metric TEXT NOT NULL, origin TEXT NOT NULL, "
            "total INTEGER NOT NULL, raw INTEGER, PRIMARY KEY (asset, metric)) WITHOUT ROWID"
        )
        file.execute("INSERT INTO counter VALUES ('unit-1', 'Cycles/Total', 'b/c', 70000, 12)")
    file.close()

    totals = with_outbox(path, lambda outbox: outbox.counters())

    assert totals == {("unit-1", "Cycles/Total"): Counter("b/c", CounterState(70_000, 12))}


def test_a_file_that_is_not_a_database_is_put_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "outbox.db"
    path.write_bytes(b"no database at all" * 100)

    rows = with_outbox(path, lambda outbox: outbox.add(readings(2), {}))

    assert len(rows) == 2
    assert (tmp_path / "outbox.corrupt-1").read_bytes().startswith(b"no database")
    assert "outbox.db is damaged" in caplog.text
    assert "renamed to outbox.corrupt-1" in caplog.text


def test_what_can_be_read_of_a_damaged_file_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"

    async def fill(outbox: Outbox) -> int:
        for start in range(0, 5000, 500):
            await outbox.add(readings(500, start=start), {TOTAL: Counter("b/c", CounterState(9, 9))})
        return [await outbox.next_bdseq() for _ in range(8)][-1]

    assert with_outbox(path, fill) == 7
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        leaf = file.execute("PRAGMA page_count").fetchone()[0] - 3
    file.close()
    data = bytearray(path.read_bytes())
    data[leaf * 4096 : leaf * 4096 + 4096] = b"\xff" * 4096
    path.write_bytes(data)

    async def look(outbox: Outbox) -> tuple[int, dict[tuple[str, str], Counter], int]:
        return len(await outbox.peek(0, 10_000)), await outbox.counters(), await outbox.next_bdseq()

    rows, totals, bdseq = with_outbox(path, look)

    assert rows > 3000
    assert totals == {TOTAL: Counter("b/c", CounterState(9, 9))}
    assert bdseq == 8
    assert (tmp_path / "outbox.corrupt-1").exists()


def test_a_second_damaged_file_gets_the_next_number(tmp_path: Path) -> None:
    for n in (1, 2):
        (tmp_path / "outbox.db").write_bytes(b"x" * 5000)
        with_outbox(tmp_path / "outbox.db", Outbox.stats)
        assert (tmp_path / f"outbox.corrupt-{n}").exists()


def test_a_folder_that_does_not_exist_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match=r"outbox .*none/o\.db: cannot be opened"):
        with_outbox(tmp_path / "none" / "o.db", Outbox.stats)


def test_a_refusing_disk_changes_nothing_and_can_be_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "o.db"

    async def work(outbox: Outbox) -> None:
        await outbox.add(readings(1), {})
        await outbox._read(lambda file: file.execute("PRAGMA max_page_count=5"))
        with pytest.raises(TransientError, match="full; check the disk"):
            await outbox.add(readings(5000), {TOTAL: Counter("b/c", CounterState(1, 1))})
        assert (await outbox.stats()).rows == 1
        assert await outbox.counters() == {}
        await outbox._read(lambda file: file.execute("PRAGMA max_page_count=100000"))
        await outbox.add(readings(5000), {})
        assert len(await outbox.peek(0, 10_000)) == 5001

    with_outbox(path, work)
