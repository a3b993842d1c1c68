"""`facility.toml`: the operator, its centres, their units and rooms, and how the server's parts are reached.

The collector and the API read the same file.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import msgspec

from sukusuku_core.broker_settings import BrokerSettings
from sukusuku_core.errors import ConfigError
from sukusuku_core.model import AssetKind
from sukusuku_core.settings import Id, Port, PositiveSeconds, Settings
from sukusuku_core.time import day_start
from sukusuku_server.settings import authority
from sukusuku_server.settings.alerts import (
    AlertLevels,
    Levels,
    RuleName,
    Stage,
)
from sukusuku_server.settings.backup import BackupSettings
from sukusuku_server.settings.base import Language, Latitude, Longitude, Name, Text
from sukusuku_server.settings.bookings import BookingSettings
from sukusuku_server.settings.certificates import CertificateSettings
from sukusuku_server.settings.channels import Channel
from sukusuku_server.settings.collection import Collection
from sukusuku_server.settings.gateways import Gateway
from sukusuku_server.settings.groups import SiteGroup
from sukusuku_server.settings.home_assistant import HomeAssistant
from sukusuku_server.settings.mail_address import MailAddress
from sukusuku_server.settings.ngsi_ld import NgsiLd
from sukusuku_server.settings.oidc import Oidc
from sukusuku_server.settings.opening import Calendar, Opening
from sukusuku_server.settings.operations import OperationsSettings
from sukusuku_server.settings.parents import ForParents
from sukusuku_server.settings.report_mail import ReportMail
from sukusuku_server.settings.rooms import Room
from sukusuku_server.settings.rounds import Depot, Round, Routing, Vehicle
from sukusuku_server.settings.store import StoreSettings
from sukusuku_server.settings.ward_plan import WardPlan


class Operator(Settings, frozen=True, kw_only=True):
    """The municipality. `id` is the Sparkplug group."""

    id: Id
    name: Text


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
    """For readings that wait for their asset to be put into this file; who takes most of it makes room."""
    metrics_per_asset: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 300
    assets_per_node: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 64
    reorder_window: Annotated[float, msgspec.Meta(ge=0, le=60)] = 2.0
    """Seconds to wait for a message that others have overtaken before the edge node is asked for a rebirth."""


HostName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$",
        max_length=253,
        description="a name of a host without port, such as sukusuku.local",
    ),
]


class Web(Settings, frozen=True, kw_only=True):
    """Where the API and the wall listen."""

    host: str = "127.0.0.1"
    port: Port = 8080
    url: str = "http://127.0.0.1:8080"
    """The address that people use; links in mails and on dashboards start with it."""
    hosts: tuple[HostName, ...] = ()
    """Other names under which people reach it, without port. Requests under a name that is not here are refused."""
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
    way_link: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^(https?://|geo:)(?=[^\s]*\{waypoints\})(?=[^\s]*\{destination\})[^\s]+$",
            description="an address with {waypoints} and {destination} in it",
        ),
    ] = "https://www.google.com/maps/dir/?api=1&travelmode=driving&waypoints={waypoints}&destination={destination}"
    """What the whole way of a round links to. Places are `lat,lon`, waypoints have `|` between them."""
    map_tiles: (
        Annotated[
            str,
            msgspec.Meta(
                pattern=r"^https://(?=[^\s]*\{z\})(?=[^\s]*\{x\})(?=[^\s]*\{y\})[^\s?#;,'\"]+$",
                description="an address that begins with https:// and has {z}, {x} and {y} in it",
            ),
        ]
        | None
    ) = None
    """The tiles behind the map of a round; left out: the map has none, and no other host is asked for anything."""
    map_credit: str = ""
    """Whose tiles these are: most who offer some want to be named on the map."""


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
    parents: ForParents = ForParents()
    sensors_port: Port | None = None
    """Where the broker lets in the MQTT sensors of this centre and of no other; see collector/deploy/broker."""
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
    certificates: CertificateSettings | None = None
    store: StoreSettings = StoreSettings()
    operations: OperationsSettings = OperationsSettings()
    backup: BackupSettings | None = None
    mail: MailServer | None = None
    channel: tuple[Channel, ...] = ()
    web: Web = Web()
    oidc: Oidc | None = None
    limits: Limits = Limits()
    alerts: AlertLevels = AlertLevels()
    calendar: Calendar = Calendar()
    routing: Routing = Routing()
    depot: tuple[Depot, ...] = ()
    vehicle: tuple[Vehicle, ...] = ()
    round: tuple[Round, ...] = ()
    ward_plan: tuple[WardPlan, ...] = ()
    report_mail: tuple[ReportMail, ...] = ()
    bookings: BookingSettings | None = None
    home_assistant: HomeAssistant | None = None
    site: tuple[Site, ...] = ()
    group: tuple[SiteGroup, ...] = ()
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

    def own_edges(self) -> "list[str]":
        """Every edge node that runs our agent."""
        gateways = {gateway.id for gateway in self.gateway}
        return [node for node in self.edges() if node not in gateways]

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
