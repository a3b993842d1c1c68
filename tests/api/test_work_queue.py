"""What takes long holds up only its like."""

import asyncio
import threading
from http import HTTPStatus

import httpx
import pytest

from sukusuku_api import live_stream
from sukusuku_api.live_changes import JSON
from sukusuku_api.live_stream import Broadcast
from sukusuku_api.problems import ProblemError
from sukusuku_api.work_queue import WorkQueue
from tests.support.event_loop import play
from tests.support.patience import PATIENCE


def test_so_many_are_made_at_a_time_and_so_many_wait() -> None:
    async def story() -> None:
        queue, go, at_work = WorkQueue(2, 3), threading.Event(), threading.Semaphore(0)
        inside, most = 0, 0
        lock = threading.Lock()

        def work() -> str:
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            at_work.release()
            assert go.wait(PATIENCE)
            with lock:
                inside -= 1
            return "made"

        tasks = [asyncio.create_task(queue.run(work)) for _ in range(5)]
        for _ in range(2):
            assert await asyncio.to_thread(at_work.acquire, timeout=PATIENCE)
        with pytest.raises(ProblemError) as refused:
            await queue.run(work)
        assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "30"})
        go.set()
        assert await asyncio.gather(*tasks) == ["made"] * 5
        assert most == 2
        assert await queue.run(lambda: "again") == "again", "there is room again"

    play(story())


def test_what_fails_makes_room() -> None:
    async def story() -> None:
        queue = WorkQueue(1, 0)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await queue.run(lambda: 1 / 0)

    play(story())


@pytest.mark.parametrize(
    "path",
    ["/api/v1/reports/rooms/month/2026-10.zip", "/api/v1/reports/rooms/year/2026.xlsx"],
)
def test_reports_wait_in_a_queue_of_their_own(api: httpx.Client, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    async def full(self: WorkQueue, work: object) -> object:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "full", headers={"Retry-After": "30"})

    monkeypatch.setattr(WorkQueue, "run", full)
    answer = api.get(path)
    assert (answer.status_code, answer.headers.get("retry-after")) == (503, "30")
    assert api.get("/api/v1/health").status_code == 200


def test_one_account_has_so_many_streams(api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_stream, "MOST_STREAMS", 0)
    answer = api.get("/api/v1/stream")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")


def test_a_stream_that_ends_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_stream, "MOST_STREAMS", 1)
    broadcast = Broadcast.__new__(Broadcast)
    Broadcast.__init__(broadcast, None)  # type: ignore[arg-type] # it is not asked

    async def story() -> None:
        stream = broadcast.events(lambda: None, JSON, "account 1")
        await anext(stream)
        with pytest.raises(ProblemError, match="1 streams already"):
            broadcast.may_listen("account 1")
        broadcast.may_listen("account 2")
        await stream.aclose()
        broadcast.may_listen("account 1")

    play(story())
