"""Whoever ends others and is told to end in the same moment, ends."""

import asyncio

import pytest

from sukusuku_core.ending import end, outcome


async def _for_ever() -> None:
    await asyncio.Event().wait()


async def _started(work: "asyncio.Task[None]") -> "asyncio.Task[None]":
    await asyncio.sleep(0)
    return work


def test_tasks_that_are_ended_have_ended() -> None:
    async def story() -> None:
        tasks = [await _started(asyncio.create_task(_for_ever())) for _ in range(3)]

        await end(tasks)

        assert all(task.cancelled() for task in tasks)
        await end([])

    asyncio.run(story())


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_word_to_end_that_comes_while_others_are_ended_is_heard(turns: int) -> None:
    async def story() -> None:
        child = await _started(asyncio.create_task(_for_ever()))

        async def ends_it() -> None:
            await end([child])
            await _for_ever()  # what a process does that did not hear it

        parent = asyncio.create_task(ends_it())
        for _ in range(turns):
            await asyncio.sleep(0)
        parent.cancel()
        async with asyncio.timeout(5):
            await asyncio.wait([parent])

        assert parent.cancelled()
        assert turns == 0 or child.cancelling()

    asyncio.run(story())


def test_a_task_that_loses_the_word_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        monkeypatch.setattr("sukusuku_core.ending.AGAIN_SECONDS", 0.01)
        lost = 0

        async def deaf() -> None:
            nonlocal lost
            while lost < 2:
                try:
                    await _for_ever()
                except asyncio.CancelledError:
                    lost += 1
            await _for_ever()

        task = await _started(asyncio.create_task(deaf()))
        await end([task])

        assert (lost, task.cancelled()) == (2, True)

    asyncio.run(story())


def test_what_a_task_failed_with_is_told() -> None:
    async def story() -> None:
        async def fails() -> None:
            try:
                await _for_ever()
            finally:
                raise ValueError("at the end")

        task = await _started(asyncio.create_task(fails()))
        with pytest.raises(ValueError, match="at the end"):
            await end([task])

    asyncio.run(story())


def test_the_outcome_of_a_task_is_its_result_or_that_others_ended_it() -> None:
    async def story() -> None:
        async def answers() -> int:
            return 42

        async def never() -> int:
            await _for_ever()
            return 0

        assert await outcome(asyncio.create_task(answers())) == 42
        ended = asyncio.create_task(never())
        ended.cancel()
        assert await outcome(ended) is None

    asyncio.run(story())


def test_who_waits_for_an_outcome_and_is_ended_ends_both() -> None:
    async def story() -> None:
        task = await _started(asyncio.create_task(_for_ever()))
        waits = await _started(asyncio.ensure_future(outcome(task)))
        waits.cancel()
        await asyncio.wait([waits, task])

        assert waits.cancelled()
        assert task.cancelled()

    asyncio.run(story())
