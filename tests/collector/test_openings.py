"""What can wait begins when this operator's edge nodes can be heard, and those of the others being opened."""

import asyncio

import pytest

from sukusuku_collector import openings
from sukusuku_collector.openings import Openings
from tests.collector.running_collector import run


async def turns() -> None:
    """Let whoever looks without a pause look some times."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_each_waits_for_its_own_and_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openings, "_LOOK_SECONDS", 0)

    async def scenario() -> None:
        all_of_them = Openings()
        heard = {"one": False, "other": False}
        with all_of_them.one() as one, all_of_them.one() as other, all_of_them.one() as failing:
            waiting = [
                asyncio.create_task(opening.over(lambda name=name: heard[name]))  # type: ignore[misc]
                for opening, name in ((one, "one"), (other, "other"))
            ]
            heard["one"] = True
            await turns()
            assert not any(it.done() for it in waiting)
            heard["other"] = True
            await turns()
            assert not any(it.done() for it in waiting)
            all_of_them.end(failing)
            await asyncio.gather(*waiting)
        assert not all_of_them.any()

    run(scenario())


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openings, "LONGEST", 0.1)

    async def scenario() -> None:
        all_of_them = Openings()
        with all_of_them.one(), all_of_them.one() as one:
            await one.over(lambda: False)
        assert not all_of_them.any()

    run(scenario())
