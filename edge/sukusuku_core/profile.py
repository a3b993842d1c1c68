"""Device profiles: what a device model offers, as data.

One TOML file per model under `profiles/`: a header of defaults and a flat list of named points. The same file feeds the
reader on the edge, the simulator and the generated device documentation. Hosts, unit ids and distances belong to
`edge.toml`, never here.
"""

import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from sukusuku_core import toml_text
from sukusuku_core.catalogue import Role
from sukusuku_core.errors import ConfigError
from sukusuku_core.model import Value
from sukusuku_core.number_text import Decimal
from sukusuku_core.privacy import refused
from sukusuku_core.settings import Id, PositiveSeconds, Settings, parse
from sukusuku_core.word_order import WordOrder


class Status(StrEnum):
    """How far the facts of a profile are confirmed."""

    MANUAL = "manual"
    PARTIAL = "partial"
    GUESS = "guess"


class Area(StrEnum):
    """The four Modbus tables."""

    COIL = "coil"
    DISCRETE = "discrete"
    HOLDING = "holding"
    INPUT = "input"

    @property
    def of_bits(self) -> bool:
        """Whether one address holds one bit rather than 16."""
        return self in {Area.COIL, Area.DISCRETE}


class RegisterType(StrEnum):
    """How the bits of a Modbus point are read."""

    BOOL = "bool"
    U16 = "u16"
    S16 = "s16"
    U32 = "u32"
    S32 = "s32"
    U64 = "u64"
    S64 = "s64"
    F32 = "f32"
    F64 = "f64"
    STRING = "string"


REGISTERS = {
    RegisterType.BOOL: 1, RegisterType.U16: 1, RegisterType.S16: 1, RegisterType.U32: 2,
    RegisterType.S32: 2, RegisterType.U64: 4, RegisterType.S64: 4, RegisterType.F32: 2, RegisterType.F64: 4,
}  # fmt: skip
"""Number of 16-bit registers of each type; a string says its own `length`."""


class EnumValue(Settings, frozen=True, kw_only=True):
    """What one number of a state point means."""

    value: int
    name: str
    ja: str
    en: str


class _Point(Settings, frozen=True, kw_only=True):
    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*$")]
    role: Role
    ja: str
    en: str
    unit: str = ""
    scale: float = 1.0
    offset: float = 0.0
    invalid: tuple[Value, ...] = ()
    """Raw values by which the device says: no reading."""
    valid: tuple[float, float] | None = None
    """Plausible range after scaling, inclusive; outside of it the reading has quality BAD."""
    wrap: int | None = None
    """A counter restarts at 0 after `wrap - 1`."""
    note: str = ""


class ModbusPoint(_Point, frozen=True, kw_only=True):
    """One value in a Modbus table. `address` is the zero-based wire address plus the profile's `base`."""

    address: Annotated[int, msgspec.Meta(ge=0, le=99_999)]
    type: RegisterType
    area: Area | None = None
    words: WordOrder | None = None
    length: Annotated[int, msgspec.Meta(ge=1, le=64)] = 1
    enum: tuple[EnumValue, ...] = ()

    @property
    def registers(self) -> int:
        """How many addresses the value spans."""
        return self.length if self.type is RegisterType.STRING else REGISTERS[self.type]


class JsonType(StrEnum):
    """What a JSON point becomes."""

    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    TEXT = "text"


class Standing(StrEnum):
    """What is known after a message that does not say the value."""

    UNCHANGED = "unchanged"
    NO_READING = "no_reading"


class JsonPoint(_Point, frozen=True, kw_only=True):
    """One value of a message.

    `path` is dotted, below the profile's `body`. In a list a step is a place (`0`, or `-1` for the last one),
    `[key=value]` for the entry that has this value, or `*` for all entries, whose numbers are added up.
    """

    path: str = ""
    also: tuple[str, ...] = ()
    """Other paths at which some versions of the device show the value."""
    topic: str = ""
    """What follows the device's topic, where each value has a topic of its own."""
    type: JsonType
    optional: bool = False
    """The device leaves the field out at times; absence is then no error."""
    absent: Value | None = None
    """What it means when the field is left out; without this, the last value goes on standing."""
    beside: str = ""
    """`absent` holds only in messages that have a field at this path."""
    null: Standing = Standing.UNCHANGED
    """What JSON's null means."""
    period: bool = False
    """What happened since the message before. The agent adds it up where a total is wanted."""
    true: tuple[Value, ...] = (True, "true", "on", "yes", "occupied")
    """Values (texts in lower case) that mean true for a bool. 1 equals JSON true."""
    false: tuple[Value, ...] = (False, "false", "off", "no", "unoccupied", "vacant")
    """Values that mean false."""
    other: Standing = Standing.NO_READING
    """What any other value means for a bool."""
    decimal: Decimal = ""
    """What separates the decimals of a number that is sent as a text, where the text alone leaves doubt: `1,752`."""


class ModbusDefaults(Settings, frozen=True, kw_only=True):
    """What holds for every point that does not say otherwise."""

    area: Area = Area.HOLDING
    words: WordOrder = WordOrder.HIGH_FIRST
    base: int = 0
    """Subtracted from every address, for maps that count from 1 or print Modicon numbers."""
    max_read: Annotated[int, msgspec.Meta(ge=1, le=2000)] = 125
    """Most addresses that the device answers in one request."""
    max_gap: Annotated[int, msgspec.Meta(ge=0)] = 0
    """Unused addresses that may be read over to join two points into one request."""
    blank: tuple[Literal[0, 65_535], ...] = ()
    """An answer of several registers that all hold this is no reading: the device has lost what stands behind it."""
    pause: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.0
    """Seconds that the device needs between two requests, where that is more than the line itself asks for."""
    connect_pause: Annotated[float, msgspec.Meta(ge=0, le=60)] = 0.0
    """Seconds that the device needs after a connect before it listens."""


class SerialLine(Settings, frozen=True, kw_only=True):
    """How the device leaves the factory, for RTU."""

    baud: int
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    unit: Annotated[int, msgspec.Meta(ge=1, le=247)] = 1


class Profile(Settings, tag_field="transport", frozen=True, kw_only=True):
    """The header that both kinds share."""

    profile: Id
    maker: str
    model: str
    ja: str
    en: str
    status: Status
    source: str
    """Where the facts were read: manual and page, or address."""
    note: str = ""


class ModbusProfile(Profile, tag="modbus", frozen=True, kw_only=True):
    """A Modbus TCP or RTU device."""

    defaults: ModbusDefaults = ModbusDefaults()
    serial: SerialLine | None = None
    point: tuple[ModbusPoint, ...]

    def area(self, point: ModbusPoint) -> Area:
        """Return the table a point lies in."""
        return point.area or self.defaults.area

    def words(self, point: ModbusPoint) -> WordOrder:
        """Return the word order of a point."""
        return point.words or self.defaults.words

    def address(self, point: ModbusPoint) -> int:
        """Return the wire address of a point."""
        return point.address - self.defaults.base


class Availability(Settings, frozen=True, kw_only=True):
    """A topic that tells whether a device is there: Zigbee2MQTT's `availability`, the last will of ESPHome or Tasmota.

    Its message is a word (`online`) or an object that holds one.
    """

    topic: Annotated[str, msgspec.Meta(pattern=r"^[^+#\x00]{1,255}$")]
    """From the device's own topic, as in file names: `status` below it, `../LWT` beside it."""
    path: str = "state"
    """Dotted path of the word, where the message is an object."""
    online: tuple[str, ...] = ("online", "true", "connected", "available", "ready", "alert")
    """Words, in lower case, that mean: it is there. `ready` and `alert` are Homie's, as `lost` is."""
    offline: tuple[str, ...] = ("offline", "false", "disconnected", "unavailable", "lost")
    """Words that mean: it is not there."""
    of: Literal["device", "bridge"] = "device"
    """A bridge that is there says nothing of the devices behind it; one that is not hides them all."""


class JsonProfile(Profile, tag="mqtt", frozen=True, kw_only=True):
    """A sensor that publishes JSON over MQTT."""

    body: str = ""
    """Dotted path of the object that holds the points; empty for the message itself."""
    also_body: tuple[str, ...] = ()
    """Other paths of that object, for messages that have nothing at the first one. Empty is the message itself."""
    payload: Literal["json", "text"] = "json"
    """`text`: a message is one value, on a topic of its own."""
    time: str = ""
    """Dotted path (from the message itself) of the time of measurement; empty: the time of arrival counts.

    ISO 8601 (also `2026/05/01 09:00:00`), or seconds, ms, us or ns since 1970, as a number or as a text. A message may
    leave it out; one that cannot be read or is from before 2020 is told, and the arrival counts. What is not
    newer than the device's latest message is history: no sign of life, and nothing that is true now.
    """
    clock: Literal["device", "server"] = "device"
    """Whose clock `time` is from. A device's own may be wrong, and more than a week behind is taken for that. A server
    or a bridge knows the time: what it calls old is old."""
    zone: str = ""
    """The zone of a time that has none itself: a zone (`UTC`, `+09:00`), or the dotted path of one. Without it it is
    Japan's."""
    each: str = ""
    """Field of the message that may hold one object or an array of them; each is then a message of its own."""
    sequence: str = ""
    """Dotted path of a number that rises by 1 with every message: a gap is a loss, the same number a duplicate."""
    interval: PositiveSeconds | None = None
    """Seconds at most between two messages, where the device speaks by itself also when nothing changes."""
    changes_only: bool = False
    """The device says a value only when it changes: its last values hold while it lives, and are sent again after
    `refresh` of edge.toml. It proves that it lives by `availability`, by the messages of `interval`, or by nothing:
    then `quiet` says how long it is believed."""
    quiet: PositiveSeconds | None = None
    """Seconds without a word after which a device that may have nothing to say counts as failing, unless it is known to
    be there by its `availability`."""
    availability: tuple[Availability, ...] = ()
    point: tuple[JsonPoint, ...]

    @property
    def proven(self) -> bool:
        """Whether anything tells a device that has nothing to say from a dead one."""
        told = any(item.of == "device" for item in self.availability)
        return told or self.interval is not None or self.quiet is not None


AnyProfile = ModbusProfile | JsonProfile
Point = ModbusPoint | JsonPoint


class _Header(msgspec.Struct):
    """Just enough to see which kind of profile a file is."""

    transport: Literal["modbus", "mqtt"]


def parse_profile(text: str, name: str) -> AnyProfile:
    """Return a profile from TOML text; `name` stands for the file in errors. Raises ConfigError."""
    try:
        transport = msgspec.convert(toml_text.loads(text), _Header).transport
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not valid TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise ConfigError(f'{name}: transport: expected "modbus" or "mqtt": {error}') from error
    profile: AnyProfile
    profile = parse(text, ModbusProfile, name) if transport == "modbus" else parse(text, JsonProfile, name)
    _check(profile, name)
    return profile


def _check(profile: AnyProfile, name: str) -> None:
    seen: set[str] = set()
    for n, point in enumerate(profile.point):
        where = f"{name}: point[{n}] ({point.name})"
        if point.name in seen:
            raise ConfigError(f"{where}: there is a point of this name above")
        seen.add(point.name)
        if isinstance(point, ModbusPoint) and isinstance(profile, ModbusProfile):
            _check_modbus(profile, point, where)
        if isinstance(point, JsonPoint) and isinstance(profile, JsonProfile):
            _check_json(profile, point, where)
    if not profile.point:
        raise ConfigError(f"{name}: a profile needs at least one [[point]]")
    if isinstance(profile, JsonProfile) and profile.changes_only and not profile.proven:
        raise ConfigError(
            f"{name}: changes_only: say how the device proves that it lives: [[availability]], `interval`, or `quiet` "
            "when by nothing"
        )


def _check_modbus(profile: ModbusProfile, point: ModbusPoint, where: str) -> None:
    address = profile.address(point)
    if not 0 <= address <= 65_536 - point.registers:
        raise ConfigError(f"{where}: address {point.address} less base {profile.defaults.base} is {address}")
    if profile.area(point).of_bits != (point.type is RegisterType.BOOL):
        raise ConfigError(f"{where}: type bool and a coil or discrete area go together")
    if point.registers > profile.defaults.max_read:
        raise ConfigError(f"{where}: longer than max_read {profile.defaults.max_read}")


def _check_json(profile: JsonProfile, point: JsonPoint, where: str) -> None:
    for path in (point.path, *point.also, point.topic.replace("/", ".")):
        if any(refused(step) for step in path.split(".")):
            raise ConfigError(f"{where}: the field `{path}` could identify a child; such fields are never read")
    if profile.payload == "json" and not point.path:
        raise ConfigError(f"{where}: `path` is missing")
    if profile.payload == "text" and (not point.topic or point.path):
        raise ConfigError(f'{where}: with payload = "text" a point has a `topic` and no `path`')


@cache
def builtin() -> dict[str, AnyProfile]:
    """Every profile that comes with Sukusuku, by name."""
    found = {}
    for file in sorted(files(__package__).joinpath("profiles").iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            profile = parse_profile(file.read_text(encoding="utf-8"), file.name)
            found[profile.profile] = profile
    return found


def find(name: str, folder: Path | None = None) -> AnyProfile:
    """Return a profile by name: from the integrator's own folder first, then the ones that come with Sukusuku.

    Raises ConfigError that lists what there is.
    """
    if folder is not None and (own := folder / f"{name}.toml").is_file():
        return parse_profile(own.read_text(encoding="utf-8"), str(own))
    try:
        return builtin()[name]
    except KeyError:
        raise ConfigError(f"there is no device profile `{name}`; there are: {', '.join(builtin())}") from None
