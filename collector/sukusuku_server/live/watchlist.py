"""Which assets must be looked at again: those of which something has changed, and those whose time has come. Pure.

Looking at everything every few seconds costs with every asset that exists, whether anything happens to it or not. What
an asset shows depends on its values, which the store never changes once it has handed them out, and on the time: of
that there are moments at which something is known to change, and the rest may wait for `AGAIN_MS`.
"""

import zlib
from collections.abc import Iterable

from sukusuku_core.time import MINUTE_MS
from sukusuku_server.model.series import DerivedByAsset, LatestByAsset

AGAIN_MS = MINUTE_MS
"""An asset of which nothing changes is looked at after this time at the latest: some things depend on the hour."""


class Watchlist:
    """Remembers of each asset what was looked at, and when to look again. Times are UTC ms."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[object, object, int, int]] = {}

    def due(self, assets: Iterable[str], latest: LatestByAsset, derived: DerivedByAsset, now: int) -> list[str]:
        """Return those that must be looked at, in their order; all while the clock is behind the last look."""
        found = []
        for asset in assets:
            seen = self._seen.get(asset)
            if (
                seen is None
                or seen[0] is not latest.get(asset)
                or seen[1] is not derived.get(asset)
                or not seen[2] <= now < seen[3]
            ):
                found.append(asset)
        return found

    def looked(
        self, asset: str, latest: LatestByAsset, derived: DerivedByAsset, now: int, moments: Iterable[int] = ()
    ) -> None:
        """Note that an asset was looked at, and the moments at which that may have to be done again."""
        apart = AGAIN_MS - zlib.crc32(asset.encode()) % (AGAIN_MS // 2)  # not all in the same second
        again = min((moment for moment in moments if moment > now), default=now + apart)
        self._seen[asset] = (latest.get(asset), derived.get(asset), now, min(again, now + apart))

    def forget(self, asset: str | None = None) -> None:
        """Look at an asset the next time whatever is known of it; at all when None."""
        if asset is None:
            self._seen.clear()
        else:
            self._seen.pop(asset, None)
