"""How a collector holds its lease, loses it, and what it may do then."""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from sukusuku_collector.lease import Lease, SupersededError
from sukusuku_core.errors import TransientError
from sukusuku_server.db import Operations
from sukusuku_server.db.leases import Leases, open_leases
from tests.collector.running_collector import run
from tests.support.patience import PATIENCE, until
from tests.support.postgres import PostgresServer


class Collectors:
    """Collectors over one database, each with a lease of so many ms."""

    def __init__(self, url: str, stack: contextlib.ExitStack) -> None:
        self.url = url
        self._stack = stack

    def leases(self, instance: str, term: int = 60_000) -> Leases:
        return Leases(open_leases(self.url), "toshima", instance, f"process {instance}", term)

    def lease(self, leases: Leases, clock: "Stopwatch | None" = None) -> Lease:
        made = Lease(leases) if clock is None else Lease(leases, clock)
        self._stack.callback(made.give_back)
        return made

    def operations(self) -> Operations:
        made = Operations(self.url)
        self._stack.callback(made.close)
        return made


class Stopwatch:
    """Seconds since something."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def collectors(postgres: PostgresServer) -> Iterator[Collectors]:
    with contextlib.ExitStack() as stack:
        yield Collectors(postgres.operations(), stack)


async def obtained(lease: Lease) -> None:
    assert await lease.obtain(asyncio.Event())


def test_it_is_held_for_a_term_unless_it_is_renewed(collectors: Collectors) -> None:
    async def scenario() -> None:
        clock = Stopwatch()
        lease = collectors.lease(collectors.leases("one"), clock)
        assert not lease.held()
        await obtained(lease)
        clock.seconds = 59.9
        assert lease.held()
        clock.seconds = 60.0
        assert not lease.held()

    run(scenario())


def test_a_thread_renews_it_also_while_the_event_loop_is_busy(collectors: Collectors) -> None:
    async def scenario() -> None:
        renewed, leases = 0, collectors.leases("one", term=1000)
        renew = leases.renew

        def counted(epoch: int) -> bool:
            nonlocal renewed
            renewed += 1
            return renew(epoch)

        leases.renew = counted  # type: ignore[method-assign]
        lease = collectors.lease(leases)
        await obtained(lease)
        until(lambda: renewed >= 3, "the lease was not renewed")  # the loop does nothing else

    run(scenario())


def test_no_error_whatever_ends_renewing(collectors: Collectors, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        leases = collectors.leases("one", term=200)
        renew, errors = leases.renew, [ValueError("not an answer"), TransientError("away")]
        renewed = asyncio.Event()
        loop = asyncio.get_running_loop()

        def broken(epoch: int) -> bool:
            if errors:
                raise errors.pop()
            loop.call_soon_threadsafe(renewed.set)
            return renew(epoch)

        monkeypatch.setattr(leases, "renew", broken)
        await obtained(collectors.lease(leases))
        async with asyncio.timeout(PATIENCE):
            await renewed.wait()

    run(scenario())


def test_who_is_asked_to_stop_while_it_stands_by_does_so(collectors: Collectors) -> None:
    async def scenario() -> None:
        holder, standby = (collectors.lease(collectors.leases(name)) for name in ("one", "other"))
        await obtained(holder)
        stop = asyncio.Event()
        standing = asyncio.create_task(standby.obtain(stop))
        await asyncio.sleep(0)
        stop.set()
        assert await standing is False

    run(scenario())


def test_what_was_given_back_is_taken_by_who_stands_by(collectors: Collectors) -> None:
    async def scenario() -> None:
        holder, standby = (Lease(collectors.leases("one")), collectors.lease(collectors.leases("other")))
        await obtained(holder)
        standing = asyncio.create_task(standby.obtain(asyncio.Event()))
        holder.give_back()
        assert await standing
        assert standby.epoch == holder.epoch + 1

    run(scenario())


def test_the_fence_ends_a_holder_that_was_overtaken(collectors: Collectors) -> None:
    async def scenario() -> None:
        leases, operations = collectors.leases("one"), collectors.operations()
        lease = collectors.lease(leases)
        await obtained(lease)
        operations.fence(lease.fence)
        with operations.writing():
            pass
        leases.release(lease.epoch)
        await obtained(collectors.lease(collectors.leases("other")))
        assert lease.held()  # as far as it knows: it has just renewed it
        with pytest.raises(TransientError, match="another collector has taken over"), operations.writing():
            pass
        assert not lease.held()
        with pytest.raises(SupersededError, match="has taken over"):
            await lease.until_superseded()

    run(scenario())


def test_only_the_word_of_the_database_allows_to_cut_off_another_one(collectors: Collectors) -> None:
    async def scenario() -> None:
        leases = collectors.leases("one")
        lease = collectors.lease(leases)
        await obtained(lease)
        assert lease.confirmed()
        leases.release(lease.epoch)
        await obtained(collectors.lease(collectors.leases("other")))
        assert lease.held()
        assert not lease.confirmed()
        assert not lease.held()

    run(scenario())


def test_a_late_renewal_makes_good_or_tells_that_another_has_taken_over(collectors: Collectors) -> None:
    async def scenario() -> None:
        leases = collectors.leases("one", term=1000)
        lease = collectors.lease(leases)
        renew, away = leases.renew, True

        def cut_off(epoch: int) -> bool:
            if away:
                raise TransientError("away")
            return renew(epoch)

        leases.renew = cut_off  # type: ignore[method-assign]
        await obtained(lease)
        until(lambda: not lease.held(), "it held a lease that it could not renew")
        away = False
        until(lease.held, "a late renewal did not make good")
        away = True
        await obtained(collectors.lease(collectors.leases("other")))
        away = False
        with pytest.raises(SupersededError):
            await lease.until_superseded()

    run(scenario())
