"""What is written: everything answered, in the shape of the files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from sukusuku_core.profile import AnyProfile
from sukusuku_edge.target import Target
from sukusuku_server.settings.base import Language


@dataclass(frozen=True, slots=True)
class Named:
    """An id with its name in both languages."""

    id: str
    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Device:
    """A sensor or board, and where it is: a Modbus target or an MQTT topic."""

    id: str
    profile: AnyProfile
    at: Target | str


@dataclass(frozen=True, slots=True)
class Asset:
    """A unit or a room with what senses it."""

    named: Named
    devices: tuple[Device, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """A centre. `hours` has the slots of weekdays, Saturdays and Sundays; `place` is latitude and longitude."""

    named: Named
    address: str
    place: tuple[float, float] | None
    hours: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    edge: str
    units: tuple[Asset, ...]
    rooms: tuple[Asset, ...]
    capacity: int
    staff: int
    zones: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class Broker:
    """The broker as the server sees it, and its address for the edge nodes. `ca_file` is beside the settings."""

    host: str
    port: int
    username: str
    password: str
    ca_file: str
    edge_host: str


@dataclass(frozen=True, slots=True)
class Mail:
    """The mail server."""

    host: str
    port: int
    security: str
    sender: str
    username: str
    password: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Who is told by mail."""

    name: str
    mail: str
    language: Language


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything. `data` is the folder of the databases; None: that of `facility.toml`."""

    operator: Named
    broker: Broker
    mail: Mail | None
    sites: tuple[Site, ...]
    contacts: tuple[Contact, ...]
    data: PurePath | None = None

    def edges(self) -> Iterator[tuple[str, tuple[Site, ...]]]:
        """Yield each edge node with the centres that it serves."""
        for edge in dict.fromkeys(site.edge for site in self.sites):
            yield edge, tuple(site for site in self.sites if site.edge == edge)


MAIL_PASSWORD = "SUKUSUKU_MAIL_PASSWORD"  # noqa: S105 - the name of a variable
BROKER_PASSWORD = "SUKUSUKU_BROKER_PASSWORD"  # noqa: S105 - likewise
