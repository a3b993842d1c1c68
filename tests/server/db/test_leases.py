"""Who of several collectors works, over a real PostgreSQL whose clock is played."""

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import Connection, select

from sukusuku_core.errors import TransientError
from sukusuku_server.db import Operations
from sukusuku_server.db.leases import (
    SEEN_MS,
    Collector,
    Collectors,
    Leases,
    collectors,
    database_time,
    open_leases,
    session_of,
)
from sukusuku_server.db.tables_lease import collector_standby
from tests.support.patience import PATIENCE
from tests.support.postgres import PostgresServer

TERM = 6_000
START = 1_800_000_000_000


class Played:
    """The clock of the database, the collectors over it and the operations data of one of them."""

    def __init__(self, url: str, stack: contextlib.ExitStack) -> None:
        self.url, self.now = url, START
        self._stack = stack

    def clock(self, _: Connection) -> int:
        return self.now

    def collector(self, instance: str) -> Leases:
        made = Leases(open_leases(self.url), "toshima", instance, f"process {instance}", TERM, self.clock)
        self._stack.callback(made.close)
        return made

    def operations(self, instance: str) -> Operations:
        made = Operations(self.url, session_of(instance))
        self._stack.callback(made.close)
        return made

    def seen(self) -> Collectors | None:
        return collectors(self.operations("reader"), "toshima", clock=self.clock)


@pytest.fixture
def played(postgres: PostgresServer) -> Iterator[Played]:
    with contextlib.ExitStack() as stack:
        yield Played(postgres.operations(), stack)


def fenced(operations: Operations, leases: Leases, epoch: int) -> Operations:
    def check(connection: Connection) -> None:
        if not leases.is_newest(connection, epoch):
            raise TransientError("overtaken")

    operations.fence(check)
    return operations


def test_one_holds_the_lease_and_the_other_takes_over_when_it_has_ended(played: Played) -> None:
    one, other = played.collector("one"), played.collector("other")
    assert played.seen() is None
    assert one.take() == 1
    played.now += TERM - 1
    assert other.take() is None
    assert played.seen() == Collectors(Collector("process one", START), (Collector("process other", START + TERM - 1),))
    played.now += 1
    assert played.seen() == Collectors(None, (Collector("process other", START + TERM - 1),))
    assert other.take() == 2
    assert played.seen() == Collectors(Collector("process other", START + TERM), ())
    assert not one.renew(1)
    assert one.take() is None


def test_who_renews_holds_it_for_another_term_also_after_its_end(played: Played) -> None:
    one, other = played.collector("one"), played.collector("other")
    assert one.take() == 1
    played.now += 2 * TERM  # the database was away; nobody has taken over
    assert one.renew(1)
    played.now += TERM - 1
    assert other.take() is None


def test_after_a_clean_stop_the_next_one_takes_over_at_once(played: Played) -> None:
    one, other = played.collector("one"), played.collector("other")
    assert (one.take(), other.take()) == (1, None)
    one.release(1)
    assert other.take() == 2
    one.release(1)  # of an earlier epoch: nothing
    assert one.take() is None


def test_of_many_that_try_at_once_exactly_one_takes_it(played: Played) -> None:
    many = [played.collector(f"c{number}") for number in range(6)]
    with ThreadPoolExecutor(len(many)) as pool:
        for epoch in (1, 2, 3):
            taken = [found for found in pool.map(Leases.take, many) if found is not None]
            assert taken == [epoch]
            played.now += TERM


def test_who_stands_by_is_known_while_it_does(played: Played) -> None:
    one, other, third = (played.collector(name) for name in ("one", "other", "third"))
    assert (one.take(), other.take(), third.take()) == (1, None, None)
    other.leave()
    seen = played.seen()
    assert seen is not None
    assert [standby.name for standby in seen.standbys] == ["process third"]
    played.now += SEEN_MS
    assert one.renew(1)
    assert played.seen() == Collectors(Collector("process one", START), ())  # it died


def test_those_that_were_killed_while_they_stood_by_are_forgotten(played: Played) -> None:
    assert played.collector("one").take() == 1
    for instance in ("killed", "killed too"):
        assert played.collector(instance).take() is None
    played.now += SEEN_MS + 1
    played.collector("one").renew(1)
    assert played.collector("there").take() is None

    with played.operations("reader").reading() as connection:
        assert connection.execute(select(collector_standby.c.instance)).scalars().all() == ["there"]


def test_shards_have_leases_of_their_own(played: Played) -> None:
    other = Leases(open_leases(played.url), "nerima", "other", "process other", TERM, played.clock)
    assert (played.collector("one").take(), other.take()) == (1, 1)
    other.close()


def test_a_holder_that_was_overtaken_writes_nothing(played: Played) -> None:
    one, other = played.collector("one"), played.collector("other")
    assert one.take() == 1
    operations = fenced(played.operations("one"), one, 1)
    with operations.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE written (what text)")
    played.now += TERM
    assert other.take() == 2
    with pytest.raises(TransientError, match="overtaken"), operations.writing() as connection:
        connection.exec_driver_sql("INSERT INTO written VALUES ('too late')")
    with operations.writing(fact=True) as connection:
        connection.exec_driver_sql("INSERT INTO written VALUES ('has happened')")
    with operations.reading() as connection:
        assert connection.exec_driver_sql("SELECT what FROM written").scalars().all() == ["has happened"]


def test_a_transaction_in_which_its_holder_stopped_is_undone_when_another_takes_over(played: Played) -> None:
    one, other = played.collector("one"), played.collector("other")
    assert one.take() == 1
    operations = fenced(played.operations("one"), one, 1)
    with operations.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE written (what text)")

    def stop_in_the_middle() -> None:
        with operations.writing() as connection:
            connection.exec_driver_sql("INSERT INTO written VALUES ('not committed')")
            played.now += TERM
            assert other.take() == 2

    with pytest.raises(TransientError):
        stop_in_the_middle()
    with operations.reading() as connection:
        assert connection.exec_driver_sql("SELECT what FROM written").all() == []


def test_nobody_takes_over_between_the_fence_and_the_commit(played: Played) -> None:
    """Also where the sessions cannot be ended, as those of another account."""
    one, other = played.collector("one"), played.collector("other")
    assert one.take() == 1
    operations = fenced(played.operations("of a name that nobody looks for"), one, 1)
    with operations.writing():
        played.now += TERM
        with pytest.raises(TransientError, match="timeout"):
            other.take()
        assert one.renew(1)  # does not wait for it
    assert other.take() is None


def test_a_fence_that_waits_for_the_taker_sees_what_it_has_done(played: Played) -> None:
    one, other = played.collector("one"), played.collector("other")
    assert one.take() == 1
    operations, waiting = played.operations("one"), threading.Event()

    def check(connection: Connection) -> None:
        waiting.set()
        if not one.is_newest(connection, 1):
            raise TransientError("overtaken")

    operations.fence(check)
    played.now += TERM
    with ThreadPoolExecutor(1) as pool:
        with other._transaction() as taking:
            assert other._taken(taking) == 2
            writing = pool.submit(partial(_write, operations))
            assert waiting.wait(PATIENCE)
        with pytest.raises(TransientError, match="overtaken"):
            writing.result(PATIENCE)


def _write(operations: Operations) -> None:
    with operations.writing():
        pass


def test_the_clock_is_that_of_the_database_and_goes_on_within_a_transaction(played: Played) -> None:
    with played.operations("one").reading() as connection:
        first, second = (database_time(connection) for _ in range(2))
    assert START - 10 * 365 * 86_400_000 < first <= second
