"""Rooms and units that were measured and are not in the settings: whoever deletes one takes it out of all figures."""

from collections.abc import Collection

from sukusuku_core import catalogue
from sukusuku_core.model import AssetKind
from sukusuku_server.model.series import LatestByAsset


def left_out(latest: LatestByAsset, known: Collection[str]) -> dict[str, int]:
    """Return when (UTC ms) each such room or unit was last measured; `known` are the assets of the settings."""
    return {
        asset: max(item.time for item in metrics.values())
        for asset, metrics in sorted(latest.items())
        if asset not in known and any(map(_is_of_place, metrics))
    }


def _is_of_place(metric: str) -> bool:
    """Whether rooms or units have this metric, and edge nodes do not."""
    of_place = any(catalogue.find(kind, metric) is not None for kind in (AssetKind.ROOM, AssetKind.UNIT))
    return of_place and catalogue.find(AssetKind.EDGE_NODE, metric) is None
