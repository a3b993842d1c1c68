"""`facility.toml`: the operator, its centres, their units and rooms, and how the server's parts are reached.

The collector and the API read the same file.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import msgspec

from sukusuku_core.broker_settings import BrokerSettings
from sukusuku_core.errors import ConfigError
from sukusuku_core.model import AssetKind
from sukusuku_core.settings import Id, Port, PositiveSeconds, Settings, load
from sukusuku_core.time import day_start
from sukusuku_server.settings import authority, rounds
from sukusuku_server.settings.alerts import (
    AlertLevels,
    Levels,
    RuleName,
    Stage,
    check_apart,
    check_digest,
    check_levels,
)
from sukusuku_server.settings.base import Language, Latitude, Longitude, Name, Text, check_later, check_until
from sukusuku_server.settings.bookings import BookingSettings, check_bookings
from sukusuku_server.settings.channels import Channel, check_channels
from sukusuku_server.settings.collection import Collection
from sukusuku_server.settings.gateways import Gateway, check_gateways
from sukusuku_server.settings.home_assistant import HomeAssistant
from sukusuku_server.settings.mail_address import MailAddress
from sukusuku_server.settings.ngsi_ld import NgsiLd
from sukusuku_server.settings.opening import Calendar, Opening
from sukusuku_server.settings.opening_checks import check_calendar, check_opening, check_services
from sukusuku_server.settings.rooms import Room, check_room
from sukusuku_server.settings.rounds import Depot, Round, Routing, Vehicle
from sukusuku_server.settings.store import StoreSettings, check_store
from sukusuku_server.settings.ward_plan import WardPlan, check_plans


class Operator(Settings, frozen=True, kw_only=True):
    """The municipality. `id` is the Sparkplug group."""

    id: Id
    name: Text


class OperationsSettings(Settings, frozen=True, kw_only=True):
    """Where alerts and mails are kept: an SQLAlchemy URL; a relative SQLite path is relative to this file."""

    url: str = "sqlite:///operations.db"


class MailServer(Settings, frozen=True, kw_only=True):
    """The SMTP relay."""

    host: str = "127.0.0.1"
    port: Port = 25
    sender: MailAddress
    security: Literal["none", "starttls", "tls"] = "none"
    ca_file: str | None = None
    """PEM of the authority that signed the relay's certificate, where that is one of your own; relative to this file.
    Default: those that the system trusts."""
    username: str | None = None
    password: str | None = None
    timeout: PositiveSeconds = 10.0
    child_counts: bool = False
    """Whether mails may say how many children are in a room; otherwise they only say that it is over its limit."""

    def resolved(self, folder: Path, where: str) -> Self:
        """Return the same with the path of its file. `where` is the key path of this table. Raises ConfigError."""
        if self.ca_file is None:
            return self
        if self.security == "none":
            raise ConfigError(
                f'{where}.ca_file: with security = "none" there is no TLS and it would not be used; '
                "allowed: starttls, tls"
            )
        return msgspec.structs.replace(self, ca_file=authority.checked(folder, self.ca_file, f"{where}.ca_file"))


class Limits(Settings, frozen=True, kw_only=True):
    """What one edge node may ask of the collector. Bursts of ten seconds' worth are let through.

    A message over a rate is thrown away whole and not acknowledged: an edge node of ours keeps it and sends it again.
    """

    messages_per_second: Annotated[float, msgspec.Meta(ge=1, le=100_000)] = 500.0
    births_per_second: Annotated[float, msgspec.Meta(ge=1, le=10_000)] = 50.0
    kilobytes_per_second: Annotated[float, msgspec.Meta(ge=32, le=1_000_000)] = 2_000.0
    quarantined_per_minute: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 120
    """Quarantine rows of one edge node; what is beyond is counted only."""
    quarantine_rows: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)] = 10_000
    """Of all edge nodes together; the oldest make room."""
    unassigned_megabytes: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 256
    """For readings that wait for their asset to be put into this file; the oldest make room."""
    metrics_per_asset: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 300
    assets_per_node: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 64
    reorder_window: Annotated[float, msgspec.Meta(ge=0, le=60)] = 2.0
    """Seconds to wait for a message that others have overtaken before the edge node is asked for a rebirth."""


class Web(Settings, frozen=True, kw_only=True):
    """Where the API and the wall listen."""

    host: str = "127.0.0.1"
    port: Port = 8080
    url: str = "http://127.0.0.1:8080"
    """The address that people use; links in mails and on dashboards start with it."""
    grafana: (
        Annotated[
            str,
            msgspec.Meta(pattern=r"^https?://[^\s?#]+$", description="an address such as http://grafana.local:3000"),
        ]
        | None
    ) = None
    """The Grafana that has the dashboards, with its sub-path if it has one. Set it, and pages link to theirs."""
    map_link: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^(https?://|geo:)(?=[^\s]*\{lat\})(?=[^\s]*\{lon\})[^\s]+$",
            description="an address with {lat} and {lon} in it",
        ),
    ] = "https://www.google.com/maps/search/?api=1&query={lat},{lon}"
    """What a place on a round links to. Only whoever follows the link asks that host for anything."""


class Unit(Settings, frozen=True, kw_only=True):
    """A nappy-compression unit. `edge` is the edge node that may speak for it."""

    id: Id
    name: Text
    edge: Id
    until: date | None = None
    """Its last day, where it was taken away: it stays in the figures of its time and is nowhere else any more."""
    alerts: Levels = Levels()
    collection: Collection = Collection()


class Place(Settings, frozen=True, kw_only=True):
    """A point on the map, WGS 84 degrees."""

    lat: Latitude
    lon: Longitude


class Site(Settings, frozen=True, kw_only=True):
    """A centre."""

    id: Id
    name: Text
    place: Place | None = None
    """Where it stands; a site without one cannot be a stop of a round."""
    opening: Opening = Opening()
    unit: tuple[Unit, ...] = ()
    room: tuple[Room, ...] = ()


class Contact(Settings, frozen=True, kw_only=True):
    """Who is told of alerts, by mail, through channels, or both. `sites` empty means all; likewise `rules`.

    Whoever has an `after_minutes` is told only when nobody has acknowledged the alert within that time.
    """

    name: Name
    mail: MailAddress | None = None
    channels: tuple[Id, ...] = ()
    """Ids of `[[channel]]`. A channel is told once, however many contacts name it."""
    from_stage: Stage = 1
    """Told of an alert from this stage on; see `[alerts.mail_from]` for what the stages are."""
    language: Language = "ja"
    sites: tuple[Id, ...] = ()
    rules: tuple[RuleName, ...] = ()
    digest: tuple[RuleName, ...] | None = None
    """Rules that wait for the next digest instead of being told at once; left out: as `[alerts.digest]` has it, empty:
    everything at once. `[alerts.digest] allowed` limits the choice."""
    after_minutes: Annotated[float, msgspec.Meta(ge=0, le=10_080)] = 0.0


class Facility(Settings, frozen=True, kw_only=True):
    """The whole file."""

    operator: Operator
    host_id: Id = "sukusuku"
    """Sparkplug host id of the collector; the edge nodes wait for it."""
    broker: BrokerSettings = BrokerSettings()
    store: StoreSettings = StoreSettings()
    operations: OperationsSettings = OperationsSettings()
    mail: MailServer | None = None
    channel: tuple[Channel, ...] = ()
    web: Web = Web()
    limits: Limits = Limits()
    alerts: AlertLevels = AlertLevels()
    calendar: Calendar = Calendar()
    routing: Routing = Routing()
    depot: tuple[Depot, ...] = ()
    vehicle: tuple[Vehicle, ...] = ()
    round: tuple[Round, ...] = ()
    ward_plan: tuple[WardPlan, ...] = ()
    bookings: BookingSettings | None = None
    home_assistant: HomeAssistant | None = None
    site: tuple[Site, ...] = ()
    gateway: tuple[Gateway, ...] = ()
    contact: tuple[Contact, ...] = ()
    ngsi_ld: NgsiLd | None = None

    def assets(self) -> "Iterator[Asset]":
        """Every asset with its site, in the order of the file."""
        for site in self.site:
            for unit in site.unit:
                yield Asset(unit.id, AssetKind.UNIT, site, unit.edge, unit)
            for room in site.room:
                yield Asset(room.id, AssetKind.ROOM, site, room.edge, room)

    def edges(self) -> "list[str]":
        """Every edge node that may speak for an asset: our own, and gateways of other makes."""
        found = [asset.edge for asset in self.assets()] + [gateway.id for gateway in self.gateway]
        return list(dict.fromkeys(found))

    def levels(self, asset: Unit | Room) -> AlertLevels:
        """Return the alert levels that hold for an asset."""
        own = {key: value for key, value in msgspec.structs.asdict(asset.alerts).items() if value is not None}
        return msgspec.structs.replace(self.alerts, **own)


_Thing = TypeVar("_Thing", Unit, Room)


@dataclass(frozen=True, slots=True)
class Asset:
    """A unit or room together with where it stands and who speaks for it."""

    id: str
    kind: AssetKind
    site: Site
    edge: str
    settings: Unit | Room

    def has_left(self, now: int) -> bool:
        """Whether its last day is over at a moment (UTC ms)."""
        return left(self.settings, now)


def left(asset: Unit | Room, now: int) -> bool:
    """Whether the last day of a unit or room is over at a moment (UTC ms)."""
    end = leaves(asset)
    return end is not None and end <= now


def leaves(asset: Unit | Room) -> int | None:
    """Return the end (UTC ms) of the last day of a unit or room; None: it has none."""
    return None if asset.until is None else day_start(asset.until + timedelta(days=1))


def there(assets: Iterable[_Thing], now: int) -> list[_Thing]:
    """Return the units or rooms that have not left at a moment (UTC ms)."""
    return [asset for asset in assets if not left(asset, now)]


def present(facility: Facility, now: int) -> Facility:
    """Return the facility without what has left at a moment (UTC ms)."""
    sites = (
        msgspec.structs.replace(site, unit=tuple(there(site.unit, now)), room=tuple(there(site.room, now)))
        for site in facility.site
    )
    return msgspec.structs.replace(facility, site=tuple(sites))


def read(path: Path) -> Facility:
    """`facility.toml`, checked as a whole, with relative paths resolved against its folder. Raises ConfigError."""
    facility = load(path, Facility)
    check(facility, str(path))
    url = facility.operations.url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        url = f"sqlite:///{(path.parent / url.removeprefix('sqlite:///')).resolve()}"
    operations = msgspec.structs.replace(facility.operations, url=url)
    broker = facility.broker.resolved(path.parent, f"{path}: broker")
    store = facility.store.resolved(path.parent, f"{path}: store")
    mail = None if facility.mail is None else facility.mail.resolved(path.parent, f"{path}: mail")
    channels = tuple(item.resolved(path.parent, f"{path}: channel[{n}]") for n, item in enumerate(facility.channel))
    bookings = None if facility.bookings is None else facility.bookings.resolved(path.parent, f"{path}: bookings")
    ngsi_ld = None if facility.ngsi_ld is None else facility.ngsi_ld.resolved(path.parent, f"{path}: ngsi_ld")
    found = msgspec.structs.replace(facility, broker=broker, store=store, mail=mail, operations=operations)
    return msgspec.structs.replace(found, channel=channels, bookings=bookings, ngsi_ld=ngsi_ld)


def check(facility: Facility, name: str) -> None:
    """Rules between the keys. Raises ConfigError with the key path."""
    check_store(facility.store, name)
    _check_opening(facility, name)
    check_plans(facility.ward_plan, name)
    check_levels(facility.alerts, name)
    seen: dict[str, str] = {}
    edges = {asset.edge.lower() for asset in facility.assets()}
    for where, ident in _ids(facility):
        lower = ident.lower()  # ids that differ by case only are refused too: people would mix them up
        if lower in seen:
            raise ConfigError(f"{name}: {where}: id `{ident}` is already used at {seen[lower]}")
        if lower in edges:
            raise ConfigError(f"{name}: {where}: id `{ident}` is also the id of an edge node")
        seen[lower] = where
    sites = {site.id for site in facility.site}
    check_channels(facility.channel, name)
    _check_contacts(facility, sites, name)
    rounds.check(facility.depot, facility.vehicle, facility.round, facility.routing, sites, name)
    rounds.check_reach(facility.round, {site.id: site.opening for site in facility.site}, name)
    for edge, count in Counter(asset.edge for asset in facility.assets()).items():
        if count > facility.limits.assets_per_node:
            raise ConfigError(
                f"{name}: {count} units and rooms have edge `{edge}`, "
                f"[limits] assets_per_node allows {facility.limits.assets_per_node}"
            )
    _check_assets(facility, name)
    check_gateways(facility.gateway, {asset.id: asset.kind for asset in facility.assets()}, seen, name)


def _check_contacts(facility: Facility, sites: set[str], name: str) -> None:
    channels = {channel.id for channel in facility.channel}
    for n, contact in enumerate(facility.contact):
        for key, found, there in (("sites", contact.sites, sites), ("channels", contact.channels, channels)):
            unknown = sorted(set(found) - there)
            if unknown:
                raise ConfigError(f"{name}: contact[{n}].{key}: no {key[:-1]} {unknown}; there are {sorted(there)}")
        check_digest(facility.alerts, contact.digest or (), f"{name}: contact[{n}].digest")
        if contact.mail is None and not contact.channels:
            raise ConfigError(f"{name}: contact[{n}]: {contact.name} has neither mail nor channels; give one of them")


def _check_assets(facility: Facility, name: str) -> None:
    rooms = {room.id for site in facility.site for room in site.room}
    if facility.bookings is not None:
        check_bookings(facility.bookings, rooms, name)
    for asset in facility.assets():
        linked = asset.settings.collection.room if isinstance(asset.settings, Unit) else None
        if linked is not None and linked not in rooms:
            raise ConfigError(f"{name}: {asset.id}: collection.room: no room `{linked}`; there are {sorted(rooms)}")
        check_apart(facility.levels(asset.settings), f"{name}: {asset.id}")
        if isinstance(asset.settings, Unit):
            later, where = asset.settings.collection.later, f"{name}: {asset.id}: collection"
            check_later(later, f"{where}.later")
            check_until(asset.settings.until, later, where)


def _check_opening(facility: Facility, name: str) -> None:
    check_calendar(facility.calendar, f"{name}: calendar")
    for s, site in enumerate(facility.site):
        check_opening(site.opening, f"{name}: site[{s}].opening")
        for r, room in enumerate(site.room):
            where = f"{name}: site[{s}].room[{r}]"
            check_room(room, where)
            check_services(room.service, site.opening, room.most_capacity, where)


def _ids(facility: Facility) -> Iterator[tuple[str, str]]:
    for d, depot in enumerate(facility.depot):
        yield f"depot[{d}]", depot.id
    for s, site in enumerate(facility.site):
        yield f"site[{s}]", site.id
        for n, unit in enumerate(site.unit):
            yield f"site[{s}].unit[{n}]", unit.id
        for r, room in enumerate(site.room):
            yield f"site[{s}].room[{r}]", room.id
            zones = [zone.id for zone in room.zone]
            if len(set(zones)) != len(zones):
                yield f"site[{s}].room[{r}].zone", next(zone for zone in zones if zones.count(zone) > 1)
