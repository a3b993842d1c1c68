"""Jobs that fail are done again; what must end a process, does."""

import asyncio

import pytest

from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_core.supervision import repeat, supervise
from sukusuku_core.transition_log import TransitionLog
from tests.support.log_lines import Lines, logger


class Over(BaseException):
    """The end of a story."""


class Story:
    """A job with one outcome after another, and a sleep that notes its pauses. After the last outcome it is over."""

    def __init__(self, *outcomes: BaseException | None) -> None:
        self._outcomes = iter(outcomes)
        self.pauses: list[float] = []

    async def job(self) -> None:
        for outcome in self._outcomes:
            if outcome is not None:
                raise outcome
            return
        raise Over

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


def supervised(story: Story, lines: Lines, fatal: type[Exception] | tuple[type[Exception], ...] = ()) -> None:
    asyncio.run(supervise("job", story.job, 3.0, story.sleep, logger(lines), fatal))


def test_a_job_that_fails_or_returns_is_started_again_after_a_pause() -> None:
    story, lines = Story(ValueError("one"), None, TransientError("two")), Lines()
    with pytest.raises(Over):
        supervised(story, lines)

    assert story.pauses == [3.0] * 3
    assert lines.said == [("ERROR", "job failed; restarting in 3 s")] * 2
    assert [str(error) for error in lines.errors] == ["one", "two"]


def test_a_fatal_error_comes_out_unlogged() -> None:
    story, lines = Story(ValueError("one"), PermanentError("enough"), None), Lines()
    with pytest.raises(PermanentError, match="enough"):
        supervised(story, lines, PermanentError)

    assert [str(error) for error in lines.errors] == ["one"]
    assert story.pauses == [3.0]


def test_a_transient_error_is_logged_once_and_that_it_is_over() -> None:
    away = [TransientError(f"no answer {n}") for n in range(3)]
    story, lines = Story(None, *away, None, None, away[0]), Lines()
    with pytest.raises(Over):
        asyncio.run(repeat("job", story.job, 0.5, story.sleep, TransitionLog(logger(lines))))

    assert lines.said == [
        ("WARNING", "job: failed, retrying: no answer 0"),
        ("INFO", "job: works again"),
        ("WARNING", "job: failed, retrying: no answer 0"),
    ]
    assert story.pauses == [0.5] * 7


def test_what_is_not_transient_ends_a_repetition() -> None:
    story, lines = Story(None, ValueError("wrong")), Lines()
    with pytest.raises(ValueError, match="wrong"):
        asyncio.run(repeat("job", story.job, 0.5, story.sleep, TransitionLog(logger(lines))))

    assert lines.said == []


@pytest.mark.parametrize("kind", ["supervise", "repeat"])
@pytest.mark.parametrize("where", ["job", "sleep"])
def test_a_cancellation_is_never_swallowed(kind: str, where: str) -> None:
    lines, begun = Lines(), asyncio.Event()

    async def rests(_: object = None) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def passes(_: object = None) -> None:
        await asyncio.sleep(0)

    async def scenario() -> None:
        job, sleep = (rests, passes) if where == "job" else (passes, rests)
        log = logger(lines)
        loop = (
            supervise("job", job, 1.0, sleep, log)
            if kind == "supervise"
            else repeat("job", job, 1.0, sleep, TransitionLog(log))
        )
        task = asyncio.create_task(loop)
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert lines.said == []
