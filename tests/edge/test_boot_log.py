"""Times that are not final: readings of a boot that does not know the time yet."""

from pathlib import Path

from sukusuku_core.model import Reading
from sukusuku_edge.boot_log import Stamp
from sukusuku_edge.outbox import Outbox
from tests.edge.outbox_cases import T, with_outbox


def boot_1970(path: Path, count: int, start: int = 0, boot: str = "b") -> None:
    """Readings every second of a boot that does not know the time: it begins at 0."""

    async def work(outbox: Outbox) -> None:
        await outbox.begin_boot(boot)
        for n in range(start, start + count):
            await outbox.add([Reading("u", "Fill/Percent", n * 1000, float(n))], {}, Stamp(n * 1000, 0))

    with_outbox(path, work)


def test_readings_of_a_boot_get_true_times_when_the_clock_is_set_also_after_a_restart(tmp_path: Path) -> None:
    boot_1970(tmp_path / "o.db", 3)
    boot_1970(tmp_path / "o.db", 2, start=10)

    async def work(outbox: Outbox) -> None:
        start = await outbox.begin_boot("b")
        assert (start.floor, start.oldest) == (11_000, 0)
        settled = await outbox.settle(T, T + 20_000)
        assert [reading.time - T for _, reading in settled] == [0, 1000, 2000, 10_000, 11_000]
        assert settled == await outbox.peek(0, 100)
        assert await outbox.settle(T + 5, T + 30_000) == []

    with_outbox(tmp_path / "o.db", work)
    assert [reading.time for _, reading in with_outbox(tmp_path / "o.db", lambda outbox: outbox.peek(0, 1))] == [T]


def test_readings_of_a_boot_that_never_knew_the_time_lie_before_the_next(tmp_path: Path) -> None:
    async def known(outbox: Outbox) -> None:
        await outbox.begin_boot("a")
        await outbox.add([Reading("u", "State", T, 1)], {}, Stamp(T))
        await outbox.settle(0, T)

    async def after(outbox: Outbox) -> list[int]:
        assert (await outbox.begin_boot("c")).floor == 2000
        await outbox.add([Reading("u", "State", T + 60_000, 2)], {}, Stamp(T + 60_000, T + 55_000))
        return [reading.time - T for _, reading in await outbox.settle(T + 55_000, T + 61_000)]

    with_outbox(tmp_path / "o.db", known)
    boot_1970(tmp_path / "o.db", 3)

    assert with_outbox(tmp_path / "o.db", after) == [1, 1001, 2001, 60_000]


def test_what_is_thinned_out_while_it_is_held_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    boot_1970(path, 1001)

    async def thin(outbox: Outbox) -> int:
        await outbox.begin_boot("b")
        rows = await outbox.add([Reading("u", "State", 2_000_000, 1)], {}, Stamp(2_000_000, 0))
        assert rows[-1][1].metric == "Buffer/DroppedRange"
        settled = await outbox.settle(T, T + 3_000_000)
        assert settled == await outbox.peek(0, 5000)
        assert min(reading.time for _, reading in settled) == T
        return len(settled)

    assert with_outbox(path, thin, max_rows=1000) < 1000
