"""`sukusuku-edge probe`: read every point of a device now, for whoever stands in front of it with a cable."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sukusuku_core import jsonmap, registers
from sukusuku_core.errors import ConfigError, DecodeError, TransientError
from sukusuku_core.frames import LONGEST
from sukusuku_core.model import Quality
from sukusuku_core.profile import AnyProfile, JsonPoint, JsonProfile, ModbusPoint, ModbusProfile, RegisterType
from sukusuku_core.registers import Block, Decoded
from sukusuku_core.text_table import columns
from sukusuku_edge import target as targets
from sukusuku_edge.settings import SerialBus
from sukusuku_edge.sources.modbus_lines import TcpLine, serial_line
from sukusuku_edge.sources.modbus_transport import Line, Refused
from sukusuku_mqtt import MqttSession, MqttSettings

HEAD = ("point 項目", "address 番地", "raw 生値", "value 値", "verdict 判定", "meaning 意味")
ATTEMPTS = 3
"""Points without an answer, from the first one on, after which nothing is taken to answer."""
_REFUSALS = {1: "function not supported", 2: "no such address", 3: "not allowed", 4: "device failure"}


@dataclass(frozen=True, slots=True)
class Options:
    """How to reach the device, apart from its place. What is None is as the device leaves the factory."""

    timeout: float = 1.0
    baud: int | None = None
    parity: Literal["N", "E", "O"] | None = None
    stop_bits: Literal[1, 2] | None = None
    broker: MqttSettings = field(default_factory=lambda: MqttSettings("127.0.0.1", 1883, "sukusuku-edge-probe"))
    wait: float = 120.0
    """Seconds to wait for a sensor's message."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a unit is."""

    line: Line
    unit: int


async def probe(profile: AnyProfile, target: str, options: Options) -> str:
    """Return the table. Raises ConfigError for a target that cannot be, TransientError when nothing answers."""
    if isinstance(profile, JsonProfile):
        rows, wrong = await _sensor(profile, target, options)
        return "\n".join([columns([HEAD, *rows]), *wrong])
    return columns([HEAD, *await _modbus(profile, place(profile, target, options), options.timeout)])


def place(profile: ModbusProfile, target: str, options: Options) -> Place:
    """Where `host[:port][/unit]`, `/dev/serial[@unit]` or `rtu+tcp://host:port[@unit]` is. Raises ConfigError."""
    found, pause, factory = targets.parse(profile, target), profile.defaults.connect_pause, profile.serial
    if not found.line:
        return Place(TcpLine(found.host, found.port, pause), found.unit)
    baud = options.baud or (factory.baud if factory else 9600)
    parity = options.parity or (factory.parity if factory else "N")
    stop_bits = options.stop_bits or (factory.stop_bits if factory else 1)
    bus = SerialBus(found.line, found.line, baud, parity, stop_bits)
    return Place(serial_line(bus, min(5 + 2 * profile.defaults.max_read, LONGEST), pause), found.unit)


async def _modbus(profile: ModbusProfile, at: Place, timeout: float) -> list[tuple[str, ...]]:  # noqa: ASYNC109 - of the device
    rows: list[tuple[str, ...]] = []
    silent: list[str] = []
    try:
        await at.line.ready(timeout)
        for point in profile.point:
            (block,) = registers.plan(profile, (point,))
            await asyncio.sleep(profile.defaults.pause if rows else 0.0)
            try:
                words = await at.line.read(at.unit, block, timeout)
            except Refused as refused:
                why = _REFUSALS.get(refused.code, "see the Modbus standard")
                rows.append(_row(profile, point, block, verdict=f"refused: {refused.code}, {why}"))
            except TransientError as error:
                silent.append(str(error))
                if len(silent) == len(rows) + 1 >= ATTEMPTS:
                    raise  # no point has been answered
                rows.append(_row(profile, point, block, verdict="no answer"))
            else:
                decoded = registers.decode_block(profile, block, words)[point.name]
                raw, value = _raw(point, words), _value(point, decoded)
                rows.append(_row(profile, point, block, raw, value, judge(decoded)))
    finally:
        at.line.close()
    if len(silent) == len(rows):
        raise TransientError(silent[-1])
    return rows


def _row(
    profile: ModbusProfile, point: ModbusPoint, block: Block, raw: str = "", value: str = "", verdict: str = ""
) -> tuple[str, ...]:
    return point.name, f"{profile.area(point)} {block.start}", raw, value, verdict, f"{point.en} {point.ja}"


def _raw(point: ModbusPoint, words: Sequence[int]) -> str:
    if point.type is RegisterType.BOOL:
        return str(int(words[0]))
    shown = " ".join(f"{word:04x}" for word in words[:4])
    return f"{shown} ..." if len(words) > 4 else shown  # noqa: PLR2004 - as above


def _value(point: ModbusPoint | JsonPoint, decoded: Decoded) -> str:
    if decoded.value is None:
        return ""
    text = f"{decoded.value:g}" if isinstance(decoded.value, float) else str(decoded.value)
    if isinstance(point, ModbusPoint):
        name = next((item for item in point.enum if item.value == decoded.value), None)
        text += f" ({name.en} {name.ja})" if name is not None else ""
    return f"{text} {point.unit}".rstrip()


def judge(decoded: Decoded) -> str:
    """Whether a value can be."""
    if decoded.value is None:
        return "no reading"
    return "ok" if decoded.quality is Quality.GOOD else "outside range"


async def _sensor(profile: JsonProfile, topic: str, options: Options) -> tuple[list[tuple[str, ...]], Iterable[str]]:
    """Return the rows of the table, and what could not be read."""
    if "+" in topic or "#" in topic or not topic:
        raise ConfigError(f"target `{topic}`: {profile.profile} is an MQTT sensor; give one topic, without + and #")
    decoded: dict[str, Decoded] = {}
    refused: list[str] = []
    wrong: list[str] = []
    trouble = ""
    below = {f"{topic}/{point.topic}".rstrip("/"): point.topic for point in profile.point}
    missing = set(below)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(options.wait), MqttSession(options.broker) as session:
            session.subscribe(list(below))
            while missing:
                for message in await session.receive():
                    try:
                        samples = jsonmap.decode_all(profile, message.payload, below[message.topic])
                    except DecodeError as error:
                        trouble = f"; a message came that cannot be read: {error}"
                        continue
                    missing.discard(message.topic)
                    for sample in samples:
                        decoded |= sample.values
                        refused += sample.refused
                        wrong += filter(None, (sample.wrong, sample.timeless))
    if not decoded and not refused:
        raise TransientError(
            f"nothing to read on `{topic}` at {options.broker.host}:{options.broker.port} within {options.wait:g} s"
            f"{trouble}: check the topic, the sensor's power and its settings, or make it send"
        )
    return list(_fields(profile, decoded, refused)), dict.fromkeys(wrong)


def _fields(profile: JsonProfile, found: Mapping[str, Decoded], refused: Iterable[str]) -> Iterator[tuple[str, ...]]:
    for point in profile.point:
        decoded = found.get(point.name)
        address, meaning = point.path or point.topic, f"{point.en} {point.ja}"
        if decoded is None:
            yield point.name, address, "", "", "not in the message", meaning
        else:
            raw = "" if decoded.raw is None else str(decoded.raw)
            yield point.name, address, raw, _value(point, decoded), judge(decoded), meaning
    for name in sorted(set(refused)):
        yield name, "", "", "", "refused", "could identify a child: not read 児童を特定しうるため読みません"
