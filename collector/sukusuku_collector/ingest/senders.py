"""How edge nodes and gateways are: dead, unreadable, or passed over in part; and which assets are stale because of it.

A person learns it from the log, and from health, for which it is noted in the store.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from sukusuku_collector.ingest.operator_log import OperatorLog
from sukusuku_collector.ingest.passed_over import PassedOver
from sukusuku_collector.ingest.row_builder import Batch, Table
from sukusuku_collector.ingest.sources import AssetSources
from sukusuku_collector.ingest.topic_routes import Routes
from sukusuku_collector.ingest.unreadable import WHOLE, Scope, Trouble, UnreadableNodes
from sukusuku_core.host_session import NodeKey
from sukusuku_server.model import passed_over, unreadable
from sukusuku_server.model.passed_over import passed_over_key
from sukusuku_server.model.unreadable import CURES, unreadable_key
from sukusuku_server.timeseries.protocols import Notes

Tables = Mapping[tuple[NodeKey, str | None], Table]

_log = logging.getLogger("sukusuku_collector.ingest.pipeline")


class Senders:
    """The senders of one collector. `tables` gives what the births of this session have declared."""

    def __init__(self, store: Notes, routes: Routes, tables: Callable[[], Tables]) -> None:
        self._store = store
        self._routes = routes
        self._tables = tables
        self._unreadable = UnreadableNodes()
        self._sources = AssetSources()
        self.passed_over = PassedOver()
        self._notes: dict[str, int] = {}
        known = {**store.noted_under(unreadable.UNDER), **store.noted_under(passed_over.UNDER)}
        if earlier := {key: 0 for key, value in known.items() if value}:  # of an earlier run
            store.note_all(earlier)

    def follow(self, routes: Routes, moved: Iterable[NodeKey]) -> None:
        """Take it that the settings have changed: who speaks for whom is as these routes say.

        Of the nodes that have `moved`, nothing is known before their next birth.
        """
        for key in moved:
            self._sources.forget(key)
            self._over(self._unreadable.dead(key))
        self._routes = routes

    # ------------------------------------------------------------ messages

    def born(self, key: NodeKey, device: str | None, batch: Batch) -> None:
        """Note a birth that was believed."""
        self._over(self._unreadable.born(key, device))
        for asset in self._fed(key, device):
            batch.offline[asset] = self._sources.back(asset, (key, device))

    def dead(self, key: NodeKey, devices: Iterable[str], batch: Batch) -> None:
        """Note the death of a node with its devices."""
        for device in (None, *devices):
            self.device_dead(key, device, batch.now, batch)
        self._over(self._unreadable.dead(key))

    def device_dead(self, key: NodeKey, device: str | None, since: int, batch: Batch) -> None:
        """Note the death of a device."""
        for asset in self._fed(key, device):
            batch.offline[asset] = self._sources.lost(asset, (key, device), since)

    def dropped(self, key: NodeKey, scope: Scope, reason: str, now: int) -> None:
        """Note something that could not be read."""
        self._unreadable.dropped(key, scope, reason, now)

    def read(self, key: NodeKey, device: str | None, batch: Batch) -> None:
        """Note data that was read whole."""
        over = self._unreadable.read(key, device)
        self._over(over)
        for trouble in over:
            for asset in self._concerned(trouble):
                batch.offline[asset] = self._sources.back(asset, (key, device))

    # ------------------------------------------------------------ what a person must know

    def tell(self, teller: OperatorLog, batch: Batch) -> None:
        """Tell what is new, and show the assets as stale of which nothing can be read for too long.

        Raises TransientError when the store does not take it; the next time makes up for it.
        """
        for trouble in self._unreadable.overdue(batch.now):
            for asset in self._concerned(trouble):
                batch.offline[asset] = self._sources.lost(asset, (trouble.node, trouble.scope), trouble.since)
            _log.error(
                "%s: what it sends cannot be read, so its assets are shown as stale: %s (%s)",
                _path(trouble),
                CURES[trouble.reason],
                trouble.reason,
            )
            self._note(trouble)
        for news in self.passed_over.news():
            teller.tell_passed_over(news)
            self._notes[passed_over_key(news.node, news.why)] = news.count
        while self._notes:
            key, value = next(iter(self._notes.items()))
            self._store.note(key, value)
            del self._notes[key]

    def _over(self, troubles: Sequence[Trouble]) -> None:
        for trouble in troubles:
            _log.info("%s: what it sends can be read again (%s)", _path(trouble), trouble.reason)
            self._note(trouble)

    def _note(self, trouble: Trouble) -> None:
        node, reason = trouble.node.node, trouble.reason
        since = self._unreadable.since(node, reason)
        self._notes[unreadable_key(self._routes.edge(node), reason)] = since or 0

    # ------------------------------------------------------------ assets

    def _fed(self, key: NodeKey, device: str | None) -> set[str]:
        """Return the assets that a device feeds; of the node itself, also what stands for it in the store."""
        table = self._tables().get((key, device))
        if table is None:
            return {self._routes.edge(key.node)} if device is None else self._routes.spoken_for(key.node, device)
        return table.fed if table.mapped and device is not None else {table.subject.id, *table.fed}

    def _concerned(self, trouble: Trouble) -> set[str]:
        key, scope = trouble.node, trouble.scope
        if scope != WHOLE:
            return self._fed(key, scope)
        devices = [device for node, device in self._tables() if node == key]
        return self._routes.spoken_for(key.node).union(*(self._fed(key, device) for device in (None, *devices)))


def _path(trouble: Trouble) -> str:
    device = "" if trouble.scope in {None, WHOLE} else f"/{trouble.scope}"
    return f"edge node {trouble.node.group}/{trouble.node.node}{device}"
