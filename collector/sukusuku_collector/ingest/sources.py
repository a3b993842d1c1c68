"""Which senders of an asset are dead or cannot be read: it is stale while any of them is. Pure.

Mostly one device of one edge node sends what is known of an asset; gateways may send parts of it.
"""

from sukusuku_collector.ingest.unreadable import WHOLE, Scope
from sukusuku_core.host_session import NodeKey

Source = tuple[NodeKey, Scope]


class AssetSources:
    """Since when (UTC ms) each source is lost."""

    def __init__(self) -> None:
        self._lost: dict[str, dict[Source, int]] = {}

    def forget(self, node: NodeKey) -> None:
        """Forget the sources of an edge node: the settings say something else of it now."""
        for lost in self._lost.values():
            for source in [source for source in lost if source[0] == node]:
                del lost[source]

    def lost(self, asset: str, source: Source, since: int) -> int:
        """Note that a source is lost. Return since when the asset is stale."""
        lost = self._lost.setdefault(asset, {})
        lost.setdefault(source, since)
        return min(lost.values())

    def back(self, asset: str, source: Source) -> int | None:
        """Note that a source lives again, with its node. Return since when the asset is stale; None: it is not."""
        lost = self._lost.get(asset, {})
        lost.pop(source, None)
        lost.pop((source[0], WHOLE), None)
        return min(lost.values(), default=None)
