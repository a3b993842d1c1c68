"""Reads `facility.toml` and finds everything that is wrong in it, each mistake with its key path."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol, Self, TypeVar

import msgspec

from sukusuku_core.errors import ConfigError, Mistake, WrongSettingsError
from sukusuku_core.settings import parse, read_text
from sukusuku_server.settings import parents, rounds
from sukusuku_server.settings.alerts import check_apart, check_digest, check_levels
from sukusuku_server.settings.base import check_later, check_until
from sukusuku_server.settings.bookings import check_bookings
from sukusuku_server.settings.channels import check_channels
from sukusuku_server.settings.facility import Facility, Unit
from sukusuku_server.settings.gateways import check_gateways
from sukusuku_server.settings.oidc import check_oidc
from sukusuku_server.settings.opening_checks import check_calendar, check_opening, check_services
from sukusuku_server.settings.operations import check_operations
from sukusuku_server.settings.report_mail import check_report_mails
from sukusuku_server.settings.rooms import Room, check_room
from sukusuku_server.settings.shard import check_groups
from sukusuku_server.settings.store import check_store
from sukusuku_server.settings.ward_plan import check_plans

Checks = Callable[[Facility], Iterable[Mistake]]
"""What else finds mistakes in a facility: of its mails, of its channels."""


def no_more(_: Facility) -> Iterable[Mistake]:
    """Find nothing else."""
    return ()


def read(path: Path, more: Checks = no_more) -> Facility:
    """`facility.toml`, checked as a whole, with relative paths resolved against its folder.

    Raises WrongSettingsError with all mistakes.
    """
    return from_text(read_text(path), str(path), path.parent, more)


def from_text(text: str, name: str, folder: Path, more: Checks = no_more) -> Facility:
    """Return what a text says, with relative paths resolved against `folder`; errors call the text `name`.

    Raises WrongSettingsError with all mistakes.
    """
    facility = parse(text, Facility, name)
    found = list(mistakes(facility))
    resolved = _resolved(facility, folder, found)
    found += more(resolved)
    if found:
        raise WrongSettingsError(name, found)
    return resolved


def check(facility: Facility, name: str, more: Checks = no_more) -> None:
    """Check the rules between the keys. `name` stands for the file in errors. Raises WrongSettingsError with all."""
    if found := [*mistakes(facility), *more(facility)]:
        raise WrongSettingsError(name, found)


def mistakes(facility: Facility) -> Iterator[Mistake]:
    """Yield every mistake between the keys."""
    yield from check_store(facility.store)
    yield from check_operations(facility.operations)
    yield from _check_opening(facility)
    for s, site in enumerate(facility.site):
        yield from parents.check(site.parents, f"site[{s}].parents")
    yield from check_plans(facility.ward_plan)
    yield from check_levels(facility.alerts)
    yield from _check_ids(facility)
    yield from _check_listeners(facility)
    sites = {site.id for site in facility.site}
    yield from check_channels(facility.channel)
    yield from check_oidc(facility.oidc, sites)
    yield from _check_contacts(facility, sites)
    yield from check_report_mails(facility.report_mail, sites, server=facility.mail is not None)
    yield from rounds.check(facility.depot, facility.vehicle, facility.round, facility.routing, sites)
    yield from rounds.check_reach(facility.round, {site.id: site.opening for site in facility.site})
    for edge, count in Counter(asset.edge for asset in facility.assets()).items():
        if count > facility.limits.assets_per_node:
            yield Mistake(
                "limits.assets_per_node",
                f"{count} units and rooms have edge `{edge}`, {facility.limits.assets_per_node} are allowed",
            )
    yield from _check_assets(facility)
    taken = {ident.lower() for _, ident in _ids(facility)}
    yield from check_gateways(facility.gateway, {asset.id: asset.kind for asset in facility.assets()}, taken)
    yield from check_groups(facility)


def _check_ids(facility: Facility) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    edges = {asset.edge.lower() for asset in facility.assets()}
    for where, ident in _ids(facility):
        lower = ident.lower()  # ids that differ by case only are refused too: people would mix them up
        if lower in seen:
            yield Mistake(f"{where}.id", f"id `{ident}` is already used at {seen[lower]}")
        elif lower in edges:
            yield Mistake(f"{where}.id", f"id `{ident}` is also the id of an edge node")
        seen.setdefault(lower, where)
    for where, room in _rooms(facility):
        zones = [zone.id for zone in room.zone]
        for z, zone in enumerate(zones):
            if zone in zones[:z]:
                yield Mistake(f"{where}.zone[{z}].id", f"id `{zone}` is already used at zone[{zones.index(zone)}]")


def _check_listeners(facility: Facility) -> Iterator[Mistake]:
    """Yield centres whose sensors would come to a listener of the broker that is somebody else's."""
    taken = {facility.broker.port: "broker.port"}
    if facility.certificates is not None:
        taken[facility.certificates.port] = "certificates.port"
    for s, site in enumerate(facility.site):
        if site.sensors_port is None:
            continue
        where = f"site[{s}].sensors_port"
        if site.sensors_port in taken:
            yield Mistake(where, f"port {site.sensors_port} is already {taken[site.sensors_port]}; give another one")
        taken.setdefault(site.sensors_port, where)


def _ids(facility: Facility) -> Iterator[tuple[str, str]]:
    for d, depot in enumerate(facility.depot):
        yield f"depot[{d}]", depot.id
    for s, site in enumerate(facility.site):
        yield f"site[{s}]", site.id
        for n, unit in enumerate(site.unit):
            yield f"site[{s}].unit[{n}]", unit.id
        for r, room in enumerate(site.room):
            yield f"site[{s}].room[{r}]", room.id


def _check_contacts(facility: Facility, sites: set[str]) -> Iterator[Mistake]:
    channels = {channel.id for channel in facility.channel}
    for n, contact in enumerate(facility.contact):
        for key, found, there in (("sites", contact.sites, sites), ("channels", contact.channels, channels)):
            unknown = sorted(set(found) - there)
            if unknown:
                yield Mistake(f"contact[{n}].{key}", f"no {key[:-1]} {unknown}; there are {sorted(there)}")
        yield from check_digest(facility.alerts, contact.digest or (), f"contact[{n}].digest")
        if contact.mail is None and not contact.channels:
            yield Mistake(f"contact[{n}]", f"{contact.name} has neither mail nor channels; give one of them")


def _check_assets(facility: Facility) -> Iterator[Mistake]:
    rooms = {room.id for _, room in _rooms(facility)}
    if facility.bookings is not None:
        yield from check_bookings(facility.bookings, rooms)
    yield from check_apart(facility.alerts, "alerts")
    for where, room in _rooms(facility):
        yield from _check_levels(facility, room, where)
    for where, unit in _units(facility):
        yield from _check_levels(facility, unit, where)
        linked = unit.collection.room
        if linked is not None and linked not in rooms:
            yield Mistake(f"{where}.collection.room", f"no room `{linked}`; there are {sorted(rooms)}")
        yield from check_later(unit.collection.later, f"{where}.collection.later")
        yield from check_until(unit.until, unit.collection.later, f"{where}.collection")


def _check_levels(facility: Facility, asset: Unit | Room, where: str) -> Iterator[Mistake]:
    levels = facility.levels(asset)
    if levels != facility.alerts:
        yield from check_apart(levels, f"{where}.alerts")


def _check_opening(facility: Facility) -> Iterator[Mistake]:
    yield from check_calendar(facility.calendar, "calendar")
    for s, site in enumerate(facility.site):
        yield from check_opening(site.opening, f"site[{s}].opening")
        for r, room in enumerate(site.room):
            where = f"site[{s}].room[{r}]"
            yield from check_room(room, where)
            yield from check_services(room.service, site.opening, room.most_capacity, where)


def _units(facility: Facility) -> Iterator[tuple[str, Unit]]:
    for s, site in enumerate(facility.site):
        for n, unit in enumerate(site.unit):
            yield f"site[{s}].unit[{n}]", unit


def _rooms(facility: Facility) -> Iterator[tuple[str, Room]]:
    for s, site in enumerate(facility.site):
        for r, room in enumerate(site.room):
            yield f"site[{s}].room[{r}]", room


# ------------------------------------------------------------ paths and files


class _WithFiles(Protocol):
    def resolved(self, folder: Path, where: str) -> Self:
        """Return the same with absolute paths. Raises ConfigError with the key path, a colon and what is wrong."""


_Table = TypeVar("_Table", bound=_WithFiles)


def _resolved(facility: Facility, folder: Path, found: list[Mistake]) -> Facility:
    """Return the facility with absolute paths; files that are not there, or not what they should be, go to `found`."""

    def resolved(table: _Table, where: str) -> _Table:
        try:
            return table.resolved(folder, where)
        except ConfigError as error:
            key, _, text = str(error).partition(": ")
            found.append(Mistake(key, text))
            return table

    url = facility.operations.url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        url = f"sqlite:///{(folder / url.removeprefix('sqlite:///')).resolve()}"
    return msgspec.structs.replace(
        facility,
        operations=msgspec.structs.replace(facility.operations, url=url),
        broker=resolved(facility.broker, "broker"),
        store=resolved(facility.store, "store"),
        backup=None if facility.backup is None else facility.backup.resolved(folder),
        mail=None if facility.mail is None else resolved(facility.mail, "mail"),
        channel=tuple(resolved(item, f"channel[{n}]") for n, item in enumerate(facility.channel)),
        bookings=None if facility.bookings is None else resolved(facility.bookings, "bookings"),
        oidc=None if facility.oidc is None else resolved(facility.oidc, "oidc"),
        ngsi_ld=None if facility.ngsi_ld is None else resolved(facility.ngsi_ld, "ngsi_ld"),
    )
