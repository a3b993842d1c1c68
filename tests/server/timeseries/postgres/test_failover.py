"""The primary dies and its standby takes its place: both databases go on with the one address that names both."""

import contextlib
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_core.errors import TransientError
from sukusuku_core.model import Reading
from sukusuku_server.db import Operations
from sukusuku_server.db.leases import Leases, open_leases
from sukusuku_server.settings.postgres import Postgres, check_postgres
from sukusuku_server.timeseries.postgres.store import PostgresStore
from tests.support.patience import PATIENCE, until
from tests.support.postgres import PostgresServer, postgres
from tests.support.stores import commit

START = 1_800_000_000_000
FOLLOWED = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@contextlib.contextmanager
def pair() -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """Yield a primary, and a standby that has whatever is committed there."""
    with postgres() as primary, tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        standby = PostgresServer(Path(folder))
        standby.make_standby(primary)
        standby.start()
        try:
            primary.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
            primary.ask("SELECT pg_reload_conf()")
            until(lambda: primary.ask(FOLLOWED), "the standby does not follow")
            yield primary, standby
        finally:
            standby.stop(signal.SIGQUIT)


def level(time: int) -> Reading:
    return Reading("unit", "Fill/Percent", START + time, float(time))


def know(operations: Operations, asset: str) -> None:
    with operations.change() as change:
        change.know([asset], START)


def test_everything_goes_on_with_the_server_that_can_be_written() -> None:
    with pair() as (primary, standby):
        both = f"host={standby.folder}&host={primary.folder}&target_session_attrs=read-write"
        settings = Postgres(url=f"postgresql://sukusuku@/postgres?{both.replace('&host=', ',')}", schema="readings")
        url = f"postgresql+psycopg://sukusuku@/postgres?{both}"
        store, reader = PostgresStore.open(settings), PostgresStore.open_reader(settings)
        operations, connections = Operations(url), open_leases(url)
        leases = Leases(connections, "toshima", "one", "one", 6_000)
        epoch = leases.take()
        assert epoch is not None
        commit(store, [level(0), level(1)], START)
        know(operations, "unit")

        primary.stop(signal.SIGQUIT)
        with pytest.raises(TransientError, match="does not answer"):
            commit(store, [level(2)], START)  # the standby follows nobody, and cannot be written
        standby.ask("SELECT pg_promote(wait => false)")  # what waits there may be cancelled by the recovery itself
        until(lambda: standby.ask("SELECT NOT pg_is_in_recovery()"), "the standby was not promoted")

        assert commit(store, [level(1), level(2)], START).stored == 1
        assert [point.value for point in reader.raw("unit", "Fill/Percent", 0, 2**62, 9)] == [0.0, 1.0, 2.0]
        assert leases.renew(epoch)
        know(operations, "room")
        assert set(operations.known_assets()) == {"unit", "room"}
        for one in (store, reader, operations):
            one.close()
        connections.dispose()


def test_a_renewal_that_no_standby_has_does_not_count() -> None:
    with pair() as (primary, standby):
        connections = open_leases(f"postgresql+psycopg://sukusuku@/postgres?host={primary.folder}")
        leases = Leases(connections, "toshima", "one", "one", 6_000)
        epoch = leases.take()
        assert epoch is not None
        standby.stop(signal.SIGQUIT)
        renewed = []
        renewing = threading.Thread(target=lambda: renewed.append(leases.renew(epoch)))
        renewing.start()
        until(lambda: primary.ask(WAITING), "the commit does not wait for the standby")
        renewing.join(3)  # longer than a statement about the lease may take
        assert renewed == []
        standby.start()
        renewing.join(PATIENCE)
        assert renewed == [True]
        standby.stop(signal.SIGQUIT)
        leases.release(epoch)  # whoever ends does not wait for the standby
        connections.dispose()


@pytest.mark.parametrize(
    ("url", "hosts", "good"),
    [
        ("postgresql://s@a,b:5433,[::1]:5434/s?target_session_attrs=read-write", ("a", "b", "::1"), True),
        ("postgresql://s@a,b/s", ("a", "b"), False),
        ("postgresql://s@/s?host=a,b&target_session_attrs=any", ("a", "b"), False),
        ("postgresql://s@/s?host=/run/one,/run/two", (), True),
        ("postgresql://s@a/s", ("a",), True),
    ],
)
def test_several_servers_are_named_with_the_wish_for_one_that_can_be_written(
    url: str, hosts: tuple[str, ...], *, good: bool
) -> None:
    settings = Postgres(url=url)

    assert settings.hosts == hosts
    assert [mistake.where for mistake in check_postgres(settings)] == ([] if good else ["store.postgres.url"])
