"""`edge.toml`: the devices, the assets they are sensed by, and how readings leave the Pi."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from sukusuku_core import profile as profiles
from sukusuku_core.broker_settings import BrokerSettings
from sukusuku_core.errors import ConfigError
from sukusuku_core.profile import AnyProfile, JsonProfile, ModbusProfile
from sukusuku_core.proof import ProofKey
from sukusuku_core.settings import Id, Port, PositiveSeconds, Settings, load
from sukusuku_edge import node_key
from sukusuku_edge.fitting import Bound, Distance, bind
from sukusuku_edge.liveness import Rules
from sukusuku_edge.node_key import UplinkSettings
from sukusuku_edge.update_settings import UpdateSettings

_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
_Topic = Annotated[str, msgspec.Meta(pattern=r"^[^+#\x00]{1,1024}$", description="one topic, without `+` and `#`")]

_GATEWAY = re.compile(r"^(?:rtu\+tcp|socket)://(?P<host>\[[0-9A-Fa-f:.]+\]|[^:/@\[\]]+):(?P<port>\d{1,5})/?$")
"""A gateway that passes RTU frames on; `socket` is pyserial's word for it."""
LAST_UNIT = 247
"""Unit ids above are reserved on a serial line; 0 addresses all and gets no answer."""


SILENT_AFTER = 3600.0
"""Seconds; see `Device.silent_after`."""


class RenewalSettings(Settings, frozen=True, kw_only=True):
    """Where this node renews its certificate, which is `cert_file` under [broker] with its key in the same file.

    It asks every hour whom it shall trust too, and replaces `ca_file`. So the agent must be able to write both.
    """

    url: Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s?#]+$", description="an address such as https://...")]
    """The server, as people open it."""
    ca_file: str | None = None
    """Who has signed the certificate of the server, where that is no authority that everybody trusts."""


class OutboxSettings(Settings, frozen=True, kw_only=True):
    """Where readings wait until the collector has stored them. Paths are relative to `edge.toml`."""

    path: str = "outbox.db"
    max_rows: Annotated[int, msgspec.Meta(ge=1000, le=100_000_000)] = 1_000_000
    """When more wait, the oldest measured values are thinned to one in ten minutes; states and counters stay."""
    max_megabytes: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 500
    """The same for the size of the file."""
    commit_every: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 1.0
    """Seconds between two commits at least; 0: each at once. What is read in between is written together and then sent.
    A power cut loses what was read since the last commit; nobody has been told of that. See docs/edge.md."""
    memory_first: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 0.0
    """To spare the card still more: measured values are sent from memory, and written only when the collector has not
    acknowledged them within so many seconds. A power cut loses what was read in that time and not acknowledged, and
    never a count: totals are written first all the same. 0: everything is written before it is sent."""
    accepted_log: str | None = None
    """One JSON line per committed reading, for audits and tests."""


class LivenessSettings(Settings, frozen=True, kw_only=True):
    """When a device counts as dead, as back, and as one that only comes and goes. Times in seconds."""

    failures: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 3
    silence: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 30.0
    """Dead after so many failures in a row, the last so long after the first."""
    good: Annotated[int, msgspec.Meta(ge=1, le=100)] = 2
    """Back after so many good polls in a row."""
    changes: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 4
    window: PositiveSeconds = 600.0
    """Unstable with more than so many deaths and returns within so much time."""

    def rules(self) -> Rules:
        """Return the same for the rules."""
        return Rules(self.failures, round(self.silence * 1000), self.good, self.changes, round(self.window * 1000))


class ClockSettings(Settings, frozen=True, kw_only=True):
    """Trust in the clock of a computer that keeps no time while it is off."""

    hold: Annotated[float, msgspec.Meta(ge=0, le=31_536_000)] = 600.0
    """Seconds that readings wait at most for the clock to be set, so that they are sent with true times."""
    sync_file: str | None = None
    """A file that is there when the clock has been set; default: that of systemd-timesyncd, where it runs."""


class Bus(Settings, frozen=True, kw_only=True):
    """A serial line (RS485) with Modbus RTU devices. What is left out is as the devices leave the factory."""

    id: Id
    port: _Text
    """The serial port, such as `/dev/ttyUSB0`; better a name below `/dev/serial/by-id/`, which stays. A gateway that
    passes RTU frames on over TCP is `rtu+tcp://host:port`; then baud, parity and stop bits are the gateway's."""
    baud: Annotated[int, msgspec.Meta(ge=300, le=4_000_000)] | None = None
    parity: Literal["N", "E", "O"] | None = None
    stop_bits: Literal[1, 2] | None = None


class Device(Settings, frozen=True, kw_only=True):
    """A physical device. Modbus: `unit`, `poll` and `timeout` in seconds, and `host` and `port` or `bus`.

    MQTT JSON: `topic`, and `silent_after` in seconds.
    """

    id: Id
    profile: Id
    bus: Id | None = None
    host: _Text | None = None
    port: Port = 502
    unit: Annotated[int, msgspec.Meta(ge=0, le=255)] = 1
    poll: PositiveSeconds = 10.0
    timeout: PositiveSeconds = 1.0
    connect_pause: Annotated[float, msgspec.Meta(ge=0, le=60)] | None = None
    """Seconds that the device needs after a connect before it listens; default: as the profile says, or longer as soon
    as the agent finds that it loses what comes earlier."""
    topic: _Topic | None = None
    silent_after: PositiveSeconds | None = None
    """Without a message for so long a sensor counts as failing. Default: an hour, or three of the profile's `interval`
    when that is more; for sensors that speak only when something changes, the profile's `quiet` or never."""

    def patience(self, profile: AnyProfile) -> float | None:
        """Seconds without a message after which a sensor counts as failing; None: never."""
        if self.silent_after is not None or not isinstance(profile, JsonProfile):
            return self.silent_after
        return profile.quiet if profile.interval is None else max(SILENT_AFTER, 3 * profile.interval)


class Binding(Settings, frozen=True, kw_only=True):
    """A point of a device is a metric of the asset. `distance` turns a distance in mm into a fill level in percent."""

    metric: _Text
    device: Id
    point: _Text
    distance: Distance | None = None


class Asset(Settings, frozen=True, kw_only=True):
    """A unit or a room. `source` says where its data comes from, when that is not the thing itself (`simulated`)."""

    id: Id
    kind: Literal["unit", "room"]
    source: _Text | None = None
    binding: tuple[Binding, ...]


class EdgeSettings(Settings, frozen=True, kw_only=True):
    """The whole file."""

    group: Id
    """The operator."""
    node: Id
    primary_host: Id | None = None
    """The collector's `host_id`; without it the node sends as soon as the broker answers."""
    acknowledge: bool = True
    """Whether the host says what it has stored, as our collector does; then readings are deleted here. false: a reading
    counts as delivered when the broker has confirmed it (QoS 1), for hosts of other makes. See docs/gateways.md."""
    refresh: PositiveSeconds = 900.0
    """An unchanged value is sent again after so many seconds."""
    profiles: str | None = None
    """Folder of own device profiles."""
    broker: BrokerSettings = BrokerSettings()
    sensors: BrokerSettings | None = None
    """The broker of the JSON sensors; default: the same."""
    uplink: UplinkSettings = UplinkSettings()
    renewal: RenewalSettings | None = None
    outbox: OutboxSettings = OutboxSettings()
    liveness: LivenessSettings = LivenessSettings()
    clock: ClockSettings = ClockSettings()
    update: UpdateSettings | None = None
    """Without it, nothing updates itself."""
    bus: tuple[Bus, ...] = ()
    device: tuple[Device, ...] = ()
    asset: tuple[Asset, ...] = ()


@dataclass(frozen=True, slots=True)
class SerialBus:
    """A serial line with everything known about it."""

    id: str
    port: str
    baud: int
    parity: Literal["N", "E", "O"]
    stop_bits: Literal[1, 2]

    @property
    def gateway(self) -> tuple[str, int] | None:
        """Host and port of the gateway that the line is behind, if it is behind one."""
        match = _GATEWAY.match(self.port)
        return None if match is None else (match["host"].strip("[]"), int(match["port"]))

    @property
    def misfit(self) -> str:
        """What is wrong with the port, in words; empty when nothing is."""
        if "://" not in self.port or self.gateway is not None:
            return ""
        return f"found `{self.port}`; expected a serial port such as /dev/ttyUSB0, or rtu+tcp://192.168.0.20:5007"


@dataclass(frozen=True, slots=True)
class Edge:
    """The checked settings with everything they refer to: profiles by device id, bindings with their catalogue rows."""

    settings: EdgeSettings
    profiles: Mapping[str, AnyProfile]
    bound: tuple[Bound, ...]
    buses: Mapping[str, SerialBus] = field(default_factory=dict)
    key: ProofKey | None = None


def read(path: Path) -> Edge:
    """`edge.toml`, checked as a whole, with paths resolved against its folder. Raises ConfigError."""
    settings = _resolved(load(path, EdgeSettings), path.parent, str(path))
    return replace(check(settings, str(path)), key=node_key.read(settings.uplink, f"{path}: uplink"))


def check(settings: EdgeSettings, name: str) -> Edge:
    """Rules between the keys; `name` stands for the file in errors. Raises ConfigError with the key path."""
    _unique(name, "bus", (bus.id for bus in settings.bus))
    _unique(name, "device", (device.id for device in settings.device))
    _unique(name, "asset", (asset.id for asset in settings.asset))
    if (settings.uplink.key_file or settings.uplink.key) and not settings.acknowledge:
        raise ConfigError(f"{name}: uplink: a key is of no use with `acknowledge = false`: leave out one of them")
    if settings.renewal is not None:
        _check_renewal(settings, f"{name}: renewal")
    device_profiles = dict(_profiles(settings, name))
    bound: list[Bound] = []
    for a, asset in enumerate(settings.asset):
        where = f"{name}: asset[{a}] ({asset.id})"
        if asset.id.lower() == settings.node.lower():
            raise ConfigError(f"{where}.id: `{asset.id}` is the id of the node; an asset needs one of its own")
        if not asset.binding:
            raise ConfigError(f"{where}: an asset needs at least one [[asset.binding]]")
        metrics = set()
        for b, binding in enumerate(asset.binding):
            key = f"{where}.binding[{b}]"
            if binding.metric.lower() in metrics:
                raise ConfigError(f"{key}.metric: `{binding.metric}` is bound above already")
            if binding.metric == "Info/Source" and asset.source is not None:
                raise ConfigError(f"{key}.metric: `Info/Source` is given by `source` already")
            if binding.device not in device_profiles:
                known = ", ".join(device_profiles) or "none"
                raise ConfigError(f"{key}.device: there is no device `{binding.device}`; there are: {known}")
            metrics.add(binding.metric.lower())
            bound.append(
                bind(
                    key,
                    asset=asset.id,
                    kind=asset.kind,
                    metric=binding.metric,
                    device=binding.device,
                    profile=device_profiles[binding.device],
                    point=binding.point,
                    distance=binding.distance,
                )
            )
    return Edge(settings, device_profiles, tuple(bound), dict(_buses(settings, name, device_profiles)))


def _check_renewal(settings: EdgeSettings, where: str) -> None:
    broker, uplink = settings.broker, settings.uplink
    if broker.cert_file is None or broker.ca_file is None:
        raise ConfigError(f"{where}: [broker] has no `ca_file` and `cert_file`, so there is nothing to renew")
    if broker.key_file is not None:
        raise ConfigError(f"{where}: `key_file` under [broker] must be left out: the key is in `cert_file` too")
    if uplink.key is None and uplink.key_file is None:
        raise ConfigError(f"{where}: [uplink] has no key, which is the proof that it is this node that asks")


def _profiles(settings: EdgeSettings, name: str) -> Iterator[tuple[str, AnyProfile]]:
    folder = Path(settings.profiles) if settings.profiles else None
    if folder is not None and not folder.is_dir():
        raise ConfigError(f"{name}: profiles: `{folder}` is not a folder")
    for n, device in enumerate(settings.device):
        where = f"{name}: device[{n}] ({device.id})"
        try:
            profile = profiles.find(device.profile, folder)
        except ConfigError as error:
            raise ConfigError(f"{where}.profile: {error}") from error
        match profile:
            case ModbusProfile() if device.topic is not None:
                raise ConfigError(
                    f"{where}.topic: profile {device.profile} is a Modbus device; allowed: host, port, unit, ..."
                )
            case ModbusProfile() if device.silent_after is not None:
                raise ConfigError(f"{where}.silent_after: only for MQTT sensors; profile {device.profile} is polled")
            case ModbusProfile() if (device.host is None) == (device.bus is None):
                raise ConfigError(
                    f"{where}: profile {device.profile} is a Modbus device: "
                    f"give `host` (Modbus TCP) or `bus` (serial line){'' if device.host is None else ', not both'}"
                )
            case JsonProfile() if device.connect_pause is not None:
                raise ConfigError(f"{where}.connect_pause: only for Modbus devices; {device.profile} is an MQTT sensor")
            case JsonProfile() if device.topic is None:
                raise ConfigError(f"{where}: profile {device.profile} is an MQTT sensor: `topic` is missing")
            case JsonProfile() if device.host is not None or device.bus is not None:
                key = "host" if device.host is not None else "bus"
                raise ConfigError(
                    f"{where}.{key}: profile {device.profile} is an MQTT sensor; allowed: topic (broker: [sensors])"
                )
        yield device.id, profile


def _buses(settings: EdgeSettings, name: str, profiles: Mapping[str, AnyProfile]) -> Iterator[tuple[str, SerialBus]]:
    known = {bus.id for bus in settings.bus}
    units: dict[tuple[str, int], str] = {}
    for n, device in enumerate(settings.device):
        if device.bus is None:
            continue
        where = f"{name}: device[{n}] ({device.id})"
        if device.bus not in known:
            raise ConfigError(f"{where}.bus: there is no bus `{device.bus}`; there are: {', '.join(known) or 'none'}")
        if not 1 <= device.unit <= LAST_UNIT:
            raise ConfigError(f"{where}.unit: found {device.unit}; a unit on a serial line is 1 to {LAST_UNIT}")
        if (device.bus, device.unit) in units:
            raise ConfigError(f"{where}.unit: unit {device.unit} is already {units[device.bus, device.unit]}")
        units[device.bus, device.unit] = device.id
    ports: dict[str, str] = {}
    for n, bus in enumerate(settings.bus):
        where = f"{name}: bus[{n}] ({bus.id})"
        if bus.port in ports:
            raise ConfigError(f"{where}.port: {bus.port} is already the port of {ports[bus.port]}")
        ports[bus.port] = bus.id
        if wrong := SerialBus(bus.id, bus.port, 9600, "N", 1).misfit:
            raise ConfigError(f"{where}.port: {wrong}")
        here = [profiles[device.id] for device in settings.device if device.bus == bus.id]
        yield bus.id, _line(bus, where, [item for item in here if isinstance(item, ModbusProfile)])


def _line(bus: Bus, where: str, profiles: Sequence[ModbusProfile]) -> SerialBus:
    """Return the line as given, and for what is left out as all the devices on it leave the factory."""

    def settle(key: str) -> int | str:
        given: int | str | None = getattr(bus, key)
        if given is not None:
            return given
        factory = {item.profile: getattr(item.serial, key) for item in profiles if item.serial is not None}
        if len(set(factory.values())) != 1:
            differ = ", ".join(f"{profile} {value}" for profile, value in factory.items())
            why = f"its devices leave the factory with {differ}" if factory else "no profile on it names one"
            raise ConfigError(f"{where}: `{key}` is missing, and {why}: all must be set to the same")
        return factory.popitem()[1]  # type: ignore[no-any-return]  # getattr of a checked struct

    return msgspec.convert(
        {"id": bus.id, "port": bus.port} | {key: settle(key) for key in ("baud", "parity", "stop_bits")}, SerialBus
    )


def _unique(name: str, table: str, ids: Iterator[str]) -> None:
    """Ids that differ by case only are refused too: people and case-blind programs would take one for the other."""
    seen: dict[str, int] = {}
    for n, ident in enumerate(ids):
        if ident.lower() in seen:
            raise ConfigError(f"{name}: {table}[{n}].id: `{ident}` is already the id of {table}[{seen[ident.lower()]}]")
        seen[ident.lower()] = n


def _resolved(settings: EdgeSettings, folder: Path, name: str) -> EdgeSettings:
    def at(path: str | None) -> str | None:
        return None if path is None else str((folder / path).resolve())

    outbox, renewal, update = settings.outbox, settings.renewal, settings.update
    return msgspec.structs.replace(
        settings,
        profiles=at(settings.profiles),
        broker=settings.broker.resolved(folder, f"{name}: broker"),
        sensors=None if settings.sensors is None else settings.sensors.resolved(folder, f"{name}: sensors"),
        clock=msgspec.structs.replace(settings.clock, sync_file=at(settings.clock.sync_file)),
        uplink=msgspec.structs.replace(settings.uplink, key_file=at(settings.uplink.key_file)),
        renewal=None if renewal is None else msgspec.structs.replace(renewal, ca_file=at(renewal.ca_file)),
        update=None if update is None else msgspec.structs.replace(update, key_file=at(update.key_file)),
        outbox=msgspec.structs.replace(outbox, path=at(outbox.path), accepted_log=at(outbox.accepted_log)),
    )
