"""The series of the facility: which an asset can have, and what they are called."""

from collections.abc import Iterator
from dataclasses import dataclass

from sukusuku_api.dependencies import Context
from sukusuku_core import catalogue
from sukusuku_core.catalogue import DataType, Role
from sukusuku_core.model import AssetKind


@dataclass(frozen=True, slots=True)
class Series:
    """A numeric series of an asset. `zone` is part of the name of metrics of zones."""

    site: str
    asset: str
    kind: AssetKind
    metric: str
    unit: str
    role: Role
    zone: str | None = None


def series_of(context: Context, sites: frozenset[str]) -> Iterator[list[Series]]:
    """Yield the series of one asset after the other. Texts have none; edge nodes come with their first asset."""
    seen: set[str] = set()
    for asset in context.index.assets.values():
        if asset.site.id not in sites:
            continue
        owners = [(asset.id, asset.kind)]
        if asset.edge not in seen:
            seen.add(asset.edge)
            owners.append((asset.edge, AssetKind.EDGE_NODE))
        for ident, kind in owners:
            yield list(_of(context, asset.site.id, ident, kind))


def _of(context: Context, site: str, asset: str, kind: AssetKind) -> Iterator[Series]:
    zones = [zone.id for zone in context.index.rooms[asset][1].zone] if kind is AssetKind.ROOM else []
    for pattern in catalogue.names(kind):
        for zone in zones if "*" in pattern else [None]:
            name = pattern if zone is None else pattern.replace("*", zone)
            metric = catalogue.find(kind, name)
            if metric is not None and metric.datatype is not DataType.STRING:
                yield Series(site, asset, kind, name, metric.unit, metric.role, zone)
