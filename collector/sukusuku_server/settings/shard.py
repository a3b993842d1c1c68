"""The shards of an operator: what one collector works for under one lease. Pure.

The first one is the operator's own: the sites in no group, and what belongs to the operator as a whole, such as rounds
and the sending of mails. Each group of sites is another one. Where there are no groups, the first one is everything.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import msgspec

from sukusuku_core.errors import ConfigError, Mistake
from sukusuku_server.settings.facility import Facility, Unit
from sukusuku_server.settings.gateways import Gateway, NamePattern
from sukusuku_server.settings.groups import SiteGroup


class Shard:
    """A facility as one shard sees it. `own` has its sites only, and the names under which its collector is known.

    Raises ConfigError when there is no such group.
    """

    def __init__(self, facility: Facility, group: str | None = None) -> None:
        self.facility = facility
        self.group = group
        self.own = _part(facility, group)
        self.own_assets = frozenset(asset.id for asset in self.own.assets())
        self._subjects = _subjects(self.own)
        self._elsewhere = _subjects(facility) - self._subjects

    @property
    def leads(self) -> bool:
        """Whether what belongs to the operator as a whole is done here."""
        return self.group is None

    def minds(self, subject: str) -> bool:
        """Whether a site or asset (its id) is this shard's; whatever the settings do not know is the operator's own."""
        return subject not in self._elsewhere if self.leads else subject in self._subjects


def shards(facility: Facility) -> list[Shard]:
    """Return all shards of an operator, its own first."""
    return [Shard(facility), *(Shard(facility, group.id) for group in facility.group)]


def shard_of_edge(facility: Facility, edge: str) -> Shard:
    """Return the shard whose collector an edge node waits for."""
    return next((it for it in shards(facility) if edge in it.own.edges()), Shard(facility))


def same_division(one: Facility, other: Facility) -> bool:
    """Whether both have the same groups, and no site of both is in another one."""
    here, there = _homes(one), _homes(other)
    stays = (here.get(site.id) == there.get(site.id) for site in one.site if site.id in {it.id for it in other.site})
    return [_names(it) for it in one.group] == [_names(it) for it in other.group] and all(stays)


def check_groups(facility: Facility) -> Iterator[Mistake]:
    """Yield mistakes between the keys."""
    if not facility.group:
        return
    if facility.store.kind != "postgres":
        found = facility.store.kind
        yield Mistake("group", f"found store.kind `{found}`; groups of sites need their readings in `postgres`")
    if not facility.operations.shared:
        yield Mistake(
            "group", "found operations.url without PostgreSQL; groups of sites need the operations data there"
        )
    yield from _check_names(facility)
    yield from _check_sites(facility)
    yield from _check_together(facility)


def _check_names(facility: Facility) -> Iterator[Mistake]:
    own = {"id": "operator.id", "host_id": "host_id", "schema": "store.postgres.schema"}
    values = facility.operator.id, facility.host_id, facility.store.postgres.schema
    taken = {(key, value.lower()): own[key] for key, value in zip(own, values, strict=True)}
    for n, group in enumerate(facility.group):
        for key, value in zip(own, _names(group), strict=True):
            where = f"group[{n}].{key}"
            if (key, value.lower()) in taken:
                yield Mistake(where, f"`{value}` is already {taken[key, value.lower()]}; each needs another one")
            taken.setdefault((key, value.lower()), where)


def _check_sites(facility: Facility) -> Iterator[Mistake]:
    known, taken = {site.id for site in facility.site}, dict[str, str]()
    for n, group in enumerate(facility.group):
        where = f"group[{n}].sites"
        for site in group.sites:
            if site not in known:
                yield Mistake(where, f"no site `{site}`; there are {sorted(known)}")
            elif site in taken:
                yield Mistake(where, f"site `{site}` is already in {taken[site]}")
            taken.setdefault(site, where)


def _check_together(facility: Facility) -> Iterator[Mistake]:
    """Yield what would be torn apart: edge nodes, gateways, and units from the room that they are linked to."""
    homes, edges = _homes_of_assets(facility), defaultdict[str, set[str]](set)
    for asset in facility.assets():
        edges[asset.edge].add(homes[asset.id])
        room = asset.settings.collection.room if isinstance(asset.settings, Unit) else None
        if room is not None and homes.get(room, homes[asset.id]) != homes[asset.id]:
            yield Mistake("group", f"unit `{asset.id}` and its room `{room}` are in two groups; put them into one")
    for gateway in facility.gateway:
        edges[gateway.id] |= {homes[asset] for asset in _spoken_for(gateway, homes)}
    for edge, found in edges.items():
        if len(found) > 1:
            yield Mistake("group", f"edge node `{edge}` speaks for assets of {len(found)} groups; put them into one")


def _part(facility: Facility, group: str | None) -> Facility:
    if not facility.group and group is None:
        return facility
    chosen = next((it for it in facility.group if it.id == group), None)
    if group is not None and chosen is None:
        raise ConfigError(f"group: no group `{group}`; there are {[it.id for it in facility.group]}")
    homes, home = _homes_of_assets(facility), group or ""
    places = _homes(facility)
    gateways = (it for it in facility.gateway if home in ({homes[asset] for asset in _spoken_for(it, homes)} or {""}))
    sites = tuple(site for site in facility.site if places.get(site.id, "") == home)
    own = msgspec.structs.replace(facility, site=sites, gateway=tuple(gateways))
    return own if chosen is None else _named(own, chosen)


def _named(facility: Facility, group: SiteGroup) -> Facility:
    replace = msgspec.structs.replace
    store = replace(facility.store, postgres=replace(facility.store.postgres, schema=group.schema))
    operator = replace(facility.operator, id=group.id)
    return replace(facility, operator=operator, host_id=group.host_id, store=store)


def _names(group: SiteGroup) -> tuple[str, str, str]:
    return group.id, group.host_id, group.schema


def _homes(facility: Facility) -> Mapping[str, str]:
    """Return the group of each site that is in one."""
    return {site: group.id for group in facility.group for site in group.sites}


def _homes_of_assets(facility: Facility) -> Mapping[str, str]:
    """Return the group of each asset; empty: the operator's own."""
    homes = _homes(facility)
    return {asset.id: homes.get(asset.site.id, "") for asset in facility.assets()}


def _spoken_for(gateway: Gateway, assets: Mapping[str, str]) -> list[str]:
    patterns = [NamePattern(rule.asset) for rule in gateway.metric]
    return [asset for asset in assets if any(pattern.match(asset) is not None for pattern in patterns)]


def _subjects(facility: Facility) -> frozenset[str]:
    return frozenset((*(site.id for site in facility.site), *(asset.id for asset in facility.assets())))
