"""Inputs for the fuzzers: noise, real messages that were damaged, and messages that only look right."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sukusuku_core.sparkplug import PayloadMessage

PAYLOADS = Path(__file__).parents[2] / "fixtures" / "payloads"
NAMES = (
    "bdSeq", "Fill/Percent", "Cycles/Total", "State", "Lid/Open", "Info/Serial", "Occupancy/Count",
    "Zones/eating/Count", "Buffer/Rows", "Info/Version", "Node Control/Rebirth", "Node Control/Ack Birth",
    "Node Control/Ack Count", "", "*",
    "Zones/*/Count", "Buffer/Dropped", "x" * 256,
)  # fmt: skip
NUMBERS = (0, 1, 2, 4, 10, 11, 12, 127, 128, 255, 256, 500, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**63, 2**64 - 1)
FLOATS = (0.0, -0.0, 1.5, -1e300, 1e308, float("inf"), float("-inf"), float("nan"), 5e-324)
TEXTS = (
    "", "一号", "a\x00b", "\u202eabc", "=?UTF-8?Q?=0A?=", "line\r\nBcc: x@example.jp", "x" * 2000, "\U0001f9f7", "%s{}",
)  # fmt: skip
Maker = Callable[[], Any]


def damaged(data: bytes, rng: random.Random) -> bytes:
    """A few changes: bits, bytes, pieces lost, doubled or put in."""
    content = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(content))
        until = min(len(content), at + rng.randint(0, 8))
        match rng.randrange(7):
            case 0 if at < len(content):
                content[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(content):
                content[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
            case 2:
                del content[at:until]
            case 3:
                content[at:at] = rng.randbytes(rng.randint(1, 8))
            case 4:
                content[at:at] = content[at:until] * rng.randint(1, 30)
            case 5:
                del content[at:]
            case _:
                content += rng.randbytes(rng.randint(0, 3))
    return bytes(content)


def noise(rng: random.Random) -> bytes:
    """Bytes without a meaning; now and then very many."""
    size = rng.choice((0, 1, 5, 40, 300)) if rng.random() < 0.999 else 300_000
    return rng.randbytes(rng.randint(0, size))


def text(rng: random.Random) -> str:
    """Something to read, seldom anything good."""
    if rng.random() < 0.5:
        return rng.choice(TEXTS)
    return "".join(chr(_letter(rng)) for _ in range(rng.randint(0, 20)))


def _letter(rng: random.Random) -> int:
    point = rng.choice((rng.randrange(0x80), rng.randrange(0x3040, 0x30FF), rng.randrange(0x110000)))
    return 0x3042 if 0xD800 <= point < 0xE000 and rng.random() < 0.9 else point


def sparkplug(rng: random.Random, now: int) -> bytes:
    """A payload with any field set to anything its type allows."""
    message = PayloadMessage()
    if rng.random() < 0.9:
        message.timestamp = now if rng.random() < 0.9 else rng.choice(NUMBERS)
    if rng.random() < 0.8:
        message.seq = rng.randrange(300)
    for _ in range(rng.choice((0, 1, 1, 2, 5, 20)) if rng.random() < 0.999 else 1200):
        _metric(message.metrics.add(), rng, now)
    return bytes(message.SerializeToString())


def _metric(metric: Any, rng: random.Random, now: int) -> None:
    if rng.random() < 0.95:
        name = rng.choice(NAMES) if rng.random() < 0.8 else text(rng)
        metric.name = name.encode("utf-8", "ignore").decode()
    if rng.random() < 0.9:
        metric.timestamp = now - rng.randrange(10**6) if rng.random() < 0.8 else rng.choice(NUMBERS)
    if rng.random() < 0.5:
        metric.datatype = rng.choice((*range(22), 2**32 - 1))
    for flag in ("is_historical", "is_null"):
        if rng.random() < 0.1:
            setattr(metric, flag, rng.random() < 0.8)
    value = rng.choice(("int_value", "long_value", "float_value", "double_value", "boolean_value", "string_value", ""))
    makers: dict[str, Maker] = {
        "int_value": lambda: rng.choice(NUMBERS) % 2**32,
        "long_value": lambda: rng.choice(NUMBERS),
        "float_value": lambda: rng.choice(FLOATS),
        "double_value": lambda: rng.choice((*FLOATS, rng.uniform(0, 100))),
        "boolean_value": lambda: rng.random() < 0.5,
        "string_value": lambda: text(rng).encode("utf-8", "ignore").decode(),
    }
    if value:
        setattr(metric, value, makers[value]())
    if rng.random() < 0.1:
        metric.properties.keys.append(rng.choice(("Quality", "quality", "Unit")))
        prop = metric.properties.values.add()
        prop.type = rng.choice((3, 4, 7))
        prop.int_value = rng.choice((0, 192, 500, 7))


class JsonInputs:
    """What sensors really send (the recorded payloads), changed in bytes or in meaning."""

    def __init__(self) -> None:
        self._bytes = [path.read_bytes() for path in sorted(PAYLOADS.glob("*/*")) if ".expected." not in path.name]
        self._trees = [tree for data in self._bytes if isinstance(tree := _tree(data), dict | list)]

    def one(self, rng: random.Random) -> bytes:
        """The next input."""
        choice = rng.random()
        if choice < 0.1:
            return noise(rng)
        if choice < 0.5:
            return damaged(rng.choice(self._bytes), rng)
        if choice < 0.51:
            return b"[" * rng.randint(1, 70_000) + b"]" * rng.randint(0, 5)
        tree = _changed(rng.choice(self._trees), rng)
        return json.dumps(tree, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def _tree(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _changed(value: Any, rng: random.Random) -> Any:
    """A copy with some values of another kind."""
    if rng.random() < 0.06:
        return _anything(rng)
    if isinstance(value, dict):
        return {(text(rng) if rng.random() < 0.02 else key): _changed(item, rng) for key, item in value.items()}
    if isinstance(value, list):
        return [_changed(item, rng) for item in value for _ in range(rng.choice((0, 1, 1, 1, 1, 1, 2)))]
    return value


def _anything(rng: random.Random) -> Any:
    choices: tuple[Maker, ...] = (
        lambda: None,
        lambda: rng.random() < 0.5,
        lambda: rng.choice((*NUMBERS, *(-number for number in NUMBERS), 10**400)),
        lambda: rng.choice(FLOATS),
        lambda: text(rng),
        lambda: rng.choice(
            ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-02-30", "1e400", "nan", "-0")
        ),
        lambda: {"a": {"b": []}},
        lambda: [[[[]]], {}],
    )
    return rng.choice(choices)()
