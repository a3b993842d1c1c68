"""Modbus registers and values: read plans, decoding and encoding. Pure; the simulator writes what the edge reads."""

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sukusuku_core.model import Quality, Value
from sukusuku_core.profile import Area, ModbusPoint, ModbusProfile, RegisterType
from sukusuku_core.word_order import WordOrder

_FORMAT = {
    RegisterType.U16: ">H", RegisterType.S16: ">h", RegisterType.U32: ">I", RegisterType.S32: ">i",
    RegisterType.U64: ">Q", RegisterType.S64: ">q", RegisterType.F32: ">f", RegisterType.F64: ">d",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    """One read request: a run of addresses in one table and the points that lie in it."""

    area: Area
    start: int
    count: int
    points: tuple[ModbusPoint, ...]

    def __hash__(self) -> int:
        """By address: hashing all points costs more than reading them."""
        return hash((self.start, self.count))


@dataclass(frozen=True, slots=True)
class Decoded:
    """A point's value after scaling. None with quality BAD when the device says that it has no reading."""

    value: Value | None
    quality: Quality
    raw: Value | None = None


def plan(profile: ModbusProfile, points: Iterable[ModbusPoint] | None = None) -> tuple[Block, ...]:
    """Return the fewest requests that read the points (default: all) within `max_read` and `max_gap`."""
    chosen = profile.point if points is None else points
    wanted = sorted(chosen, key=lambda point: (profile.area(point), profile.address(point)))
    blocks: list[Block] = []
    for point in wanted:
        area, start = profile.area(point), profile.address(point)
        end = start + point.registers
        last = blocks[-1] if blocks else None
        if (
            last is not None
            and last.area is area
            and start - (last.start + last.count) <= profile.defaults.max_gap
            and end - last.start <= profile.defaults.max_read
        ):
            count = max(last.count, end - last.start)
            blocks[-1] = Block(area, last.start, count, (*last.points, point))
        else:
            blocks.append(Block(area, start, end - start, (point,)))
    return tuple(blocks)


def decode_block(profile: ModbusProfile, block: Block, words: Sequence[int]) -> dict[str, Decoded]:
    """Return the points of a block from the answered registers (or bits).

    Raises ValueError when the answer has not the length that was asked for.
    """
    if len(words) < block.count:
        raise ValueError(f"asked for {block.count} at {block.area} {block.start}, got {len(words)}")
    if block.count > 1 and not block.area.of_bits and words[0] in profile.defaults.blank and len(set(words)) == 1:
        return {point.name: Decoded(None, Quality.BAD) for point in block.points}
    found = {}
    for point in block.points:
        at = profile.address(point) - block.start
        found[point.name] = decode(point, words[at : at + point.registers], profile.words(point))
    return found


def decode(point: ModbusPoint, words: Sequence[int], order: WordOrder) -> Decoded:
    """One point from its registers."""
    raw = _raw(point, words, order)
    if _is_invalid(point, raw) or (isinstance(raw, float) and not math.isfinite(raw)):
        return Decoded(None, Quality.BAD, raw if not isinstance(raw, float) else None)
    return scaled(point, raw)


def _is_invalid(point: ModbusPoint, raw: Value) -> bool:
    if point.type is not RegisterType.F32:
        return raw in point.invalid
    # -99.9 of a profile has more digits than 32 bits hold
    return any(not isinstance(item, str) and _in_32_bits(item) == raw for item in point.invalid)


@cache
def _in_32_bits(number: float) -> float:
    try:
        found: float = struct.unpack(">f", struct.pack(">f", number))[0]
    except OverflowError:
        return number
    return found


def scaled(point: ModbusPoint, raw: Value) -> Decoded:
    """Return a raw value with scale, offset and plausible range applied."""
    value: Value = raw
    if not isinstance(raw, bool | str) and (point.scale != 1 or point.offset != 0):
        value = round(raw * point.scale + point.offset, 9)
    quality = Quality.GOOD
    if point.valid is not None and not isinstance(value, bool | str):
        low, high = point.valid
        quality = Quality.GOOD if low <= value <= high else Quality.BAD
    return Decoded(value, quality, raw)


def _raw(point: ModbusPoint, words: Sequence[int], order: WordOrder) -> Value:
    if point.type is RegisterType.BOOL:
        return bool(words[0])
    if point.type is RegisterType.STRING:
        data = b"".join(_ordered(word.to_bytes(2, "big"), order) for word in words)
        return data.split(b"\0", 1)[0].decode("utf-8", errors="replace").strip()
    data = _ordered(b"".join(word.to_bytes(2, "big") for word in words), order)
    value: int | float = struct.unpack(_FORMAT[point.type], data)[0]
    return value


def _ordered(data: bytes, order: WordOrder) -> bytes:
    """Bring bytes from the order on the wire into that of the value; the same way leads back."""
    return bytes(data[place] for place in order.places(len(data)))


def encode(point: ModbusPoint, value: Value | None, order: WordOrder) -> list[int]:
    """Return the registers that show a (scaled) value; the first `invalid` raw value for None.

    Raises ValueError when the value does not fit the point.
    """
    if point.type is RegisterType.BOOL:
        return [int(bool(value))]
    if point.type is RegisterType.STRING:
        room = 2 * point.length
        whole_characters = str(value or "").encode()[:room].decode(errors="ignore")
        data = whole_characters.encode().ljust(room, b"\0")
        return [int.from_bytes(_ordered(data[n : n + 2], order), "big") for n in range(0, len(data), 2)]
    try:
        data = struct.pack(_FORMAT[point.type], _unscaled(point, value))
    except (struct.error, OverflowError) as error:
        raise ValueError(f"{point.name}: {value!r} does not fit {point.type}") from error
    data = _ordered(data, order)
    return [int.from_bytes(data[n : n + 2], "big") for n in range(0, len(data), 2)]


def _unscaled(point: ModbusPoint, value: Value | None) -> float | int:
    if value is None:
        if not point.invalid or isinstance(point.invalid[0], str):
            raise ValueError(f"{point.name}: the profile names no value for `no reading`")
        return point.invalid[0]
    if isinstance(value, str):
        raise ValueError(f"{point.name}: text {value!r} for {point.type}")  # noqa: TRY004 - same error for every misfit
    # whole numbers stay whole: a float does not hold every u64
    raw = value if point.scale == 1 and point.offset == 0 else (value - point.offset) / point.scale
    if point.type in {RegisterType.F32, RegisterType.F64}:
        return raw
    whole = round(raw)
    return whole % point.wrap if point.wrap else whole


def image(profile: ModbusProfile, values: Mapping[str, Value | None]) -> dict[Area, dict[int, int]]:
    """Register contents per table that show the given point values, for a simulated device."""
    tables: dict[Area, dict[int, int]] = {}
    for point in profile.point:
        if point.name in values:
            table = tables.setdefault(profile.area(point), {})
            for n, word in enumerate(encode(point, values[point.name], profile.words(point))):
                table[profile.address(point) + n] = word
    return tables
