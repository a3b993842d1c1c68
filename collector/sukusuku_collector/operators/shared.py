"""What the operators of one process share: who has claimed what, and the keepers of leases, one a database."""

import contextlib
import secrets
import threading
from collections.abc import Iterator

from sukusuku_collector.lease import this_process
from sukusuku_collector.openings import Openings
from sukusuku_collector.operators.clashes import Claim, claims, clashes
from sukusuku_collector.operators.keeper import Keeper, SharedLease
from sukusuku_collector.service import warn_of_files
from sukusuku_core.errors import ConfigError, WrongSettingsError
from sukusuku_core.time import SECOND_MS
from sukusuku_server.db.leases import open_leases
from sukusuku_server.db.shards import Shards
from sukusuku_server.settings import Facility
from sukusuku_server.settings.shard import Shard


class Shared:
    """See the module. Safe to use from many threads; `close` when all work has ended."""

    def __init__(self) -> None:
        self.openings = Openings()
        self._process = secrets.token_hex(4)
        self._lock = threading.Lock()
        self._claims: dict[Claim, str] = {}
        self._keepers: dict[str, Keeper] = {}
        self._opening: dict[str, threading.Lock] = {}
        """One at a time opens a database that may not answer; those of other databases need not wait for it."""

    @contextlib.contextmanager
    def claimed(self, shard: Shard, document: str) -> Iterator[None]:
        """Have what belongs to a shard inside the block. `document` is how messages call what says so.

        Raises WrongSettingsError when another one has it.
        """
        own = list(claims(shard.own, leads=shard.leads))
        with self._lock:
            if found := list(clashes(own, self._claims)):
                raise WrongSettingsError(document, found)
            self._claims |= dict.fromkeys(own, document)
        try:
            yield
        finally:
            with self._lock:
                for claim in own:
                    del self._claims[claim]

    def lease(self, facility: Facility) -> SharedLease | None:
        """Return the lease of an operator, to be obtained; None where its data can be used by one collector only.

        Raises ConfigError when the database cannot be opened.
        """
        operations = facility.operations
        if not operations.shared:
            return None
        warn_of_files(facility)
        term = round(operations.lease_seconds * SECOND_MS)
        keeper = self._keeper(operations.lease_address, term)
        if keeper.term != term:
            raise ConfigError(
                f"operations.lease_seconds: found {operations.lease_seconds:g}, but {keeper.term / SECOND_MS:g} for "
                "another operator of this database; they must be the same, since all leases are renewed together"
            )
        return keeper.lease(facility.operator.id, operations.lease_schema)

    def tell(self, facility: Facility, trouble: str | None) -> None:
        """Tell why this process cannot work for an operator; None: it can."""
        with self._lock:
            keeper = self._keepers.get(facility.operations.lease_address) if facility.operations.shared else None
        if keeper is not None:
            keeper.tell(facility.operator.id, trouble)

    def close(self) -> None:
        """Stand by no more, and give back the connections."""
        for keeper in self._keepers.values():
            keeper.close()

    # ------------------------------------------------------------ inside

    def _keeper(self, address: str, term: int) -> Keeper:
        with self._lock:
            opening = self._opening.setdefault(address, threading.Lock())
        with opening:
            keeper = self._keepers.get(address)
            if keeper is None:
                keeper = Keeper(Shards(open_leases(address), self._process, this_process(), term))
                keeper.start()
                with self._lock:
                    self._keepers[address] = keeper
            return keeper
