"""The collector's clock is wrong for hours: what is left behind is what a right clock would have left."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS
from tests.collector.clock.played_day import Facts, day, play, quick
from tests.support.broker import mosquitto

BELIEVED = "SELECT 1 FROM host WHERE key = 'clock/wall' AND value > {}"
"""The clock has been believed at a later time."""


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    with quick():
        yield


@pytest.fixture(scope="module", name="right")
def fixture_right(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Facts]:
    with mosquitto() as port:
        yield asyncio.run(play(tmp_path_factory.mktemp("right"), port, 0))


@pytest.mark.parametrize(
    ("offset", "at_start"), [(2 * HOUR_MS, False), (-14 * DAY_MS, True)], ids=["2 h ahead", "starts 14 days back"]
)
def test_hours_with_a_wrong_clock_leave_nothing_behind(
    broker: int,
    tmp_path: Path,
    right: Facts,
    offset: int,
    at_start: bool,  # noqa: FBT001
) -> None:
    found = asyncio.run(play(tmp_path, broker, offset, at_start=at_start))

    assert found == right
    assert found.mails
    assert found.derived


def test_the_end_of_a_false_alert_of_a_wrong_clock_is_to_be_told(broker: int, tmp_path: Path) -> None:
    """After a power cut the server believes a clock that is two hours ahead, and the edge nodes come back late."""

    async def scenario() -> list[str]:
        async with day(tmp_path, broker) as it:
            async with it.edges(), it.collector():
                for number in range(3):
                    await it.step(number)
            it.computer.reboot(2 * HOUR_MS)
            async with it.collector():
                it.true.until(it.true() + MINUTE_MS)
                await it.until(BELIEVED.format(it.true() + HOUR_MS), "readings.db")
                await it.pass_slowly(6 * MINUTE_MS)
                await it.until("SELECT 1 FROM alert WHERE fired IS NOT NULL GROUP BY rule HAVING count(*) = 2")
                await it.pass_slowly(3 * MINUTE_MS)  # words for one person are gathered
                await it.mailbox.until_tries(1)
                async with it.edges():
                    await it.step(3)
                    it.computer.offset = 0
                    await it.step(4)
                    await it.until("SELECT 1 FROM alert WHERE resolved IS NOT NULL GROUP BY rule HAVING count(*) = 2")
                    await it.until("SELECT 1 FROM alert_word WHERE kind = 'resolved' GROUP BY kind HAVING count(*) = 2")
            assert it.ask("SELECT DISTINCT rule, state FROM alert") == [("asset_silent", "resolved")]
            return it.subjects()

    assert asyncio.run(scenario()) == ["[Sukusuku] Tobu: no data from 2 units and rooms"]
