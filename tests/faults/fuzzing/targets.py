"""What is fuzzed. A target takes the random source of one case and returns what it came to: a reason, or `read`.

An exception other than those that the code under test announces is a crash, and so is an answer that cannot be.
"""

import email
import hashlib
import math
import random
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email import policy
from pathlib import Path
from typing import Any

from sukusuku_collector.ingest.pipeline import Ingest
from sukusuku_core import frames, jsonmap, registers, sparkplug, topics
from sukusuku_core.catalogue import DataType
from sukusuku_core.edge_actions import Action, Publish
from sukusuku_core.edge_session import EdgeSession, NodeIdentity
from sukusuku_core.errors import DecodeError
from sukusuku_core.model import Reading
from sukusuku_core.profile import JsonProfile, ModbusProfile, builtin
from sukusuku_core.registers import Decoded
from sukusuku_mqtt import Message
from sukusuku_server.mail.message import Draft, HeaderError, build
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.collector.small_facility import facility
from tests.faults.fuzzing import inputs

T = 1_760_000_000_000
BATCH = 20
"""Messages of one commit."""
Case = Callable[[random.Random], str]


def check(condition: bool, what: str) -> None:  # noqa: FBT001 - reads like an assertion
    """Raises when something cannot be."""
    if not condition:
        raise AssertionError(what)


# ---------------------------------------------------------------- Sparkplug


def payload(rng: random.Random) -> bytes:
    """One Sparkplug input; the same for the same random source, in any process."""
    if rng.random() < 0.2:
        return inputs.noise(rng)
    made = inputs.sparkplug(rng, T)
    return made if rng.random() < 0.4 else inputs.damaged(made, rng)


@contextmanager
def decoder() -> Iterator[Case]:
    """The decoder that both ends use."""

    def case(rng: random.Random) -> str:
        try:
            found = sparkplug.decode(payload(rng))
        except DecodeError as error:
            return error.reason
        for metric in found.metrics:
            check(not isinstance(metric.value, float) or math.isfinite(metric.value), f"value {metric.value}")
            check(isinstance(metric.name, str), f"name {metric.name!r}")
        return "read"

    yield case


def fingerprint(rng: random.Random, parse: Callable[[bytes], Any]) -> str:
    """What a protobuf implementation reads in an input, field by field, and what our decoder makes of it there.

    `text`: bytes that are not UTF-8 stand where a text belongs. Implementations differ there: one refuses the message,
    one hands out bytes; either way our decoder must not take them for a text.
    `odd`: a field number over 32 bits or padded with zeros, or a group: nobody writes such, and implementations differ.
    """
    data = payload(rng)
    if odd(data, _LEVELS):
        return "odd"
    try:
        message = parse(data)
        fields = [message.HasField("timestamp") and message.timestamp, message.HasField("seq") and message.seq]
        texts: list[object] = []
        for metric in message.metrics:
            kind = metric.WhichOneof("value")
            keys = list(metric.properties.keys)
            texts += [metric.name, *keys, metric.string_value]
            qualities = [(value.type, value.int_value, value.long_value) for value in metric.properties.values]
            fields += [metric.name, metric.timestamp, metric.datatype, metric.is_historical, metric.is_null, keys]
            fields += [qualities, kind, kind and getattr(metric, kind)]
    except UnicodeDecodeError:
        return "text"
    except DecodeError as error:
        return "text" if "utf-8" in error.detail.lower() else error.reason
    if any(not isinstance(item, str) for item in texts):
        return "text"
    try:
        ours: object = sparkplug.decode(data)
    except DecodeError as error:
        ours = error.reason
    return hashlib.sha256(repr((fields, ours)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


_LEVELS: dict[int, Any] = {2: {9: {2: {}}}}
"""Fields that are messages themselves: metrics, their properties, the values of these."""


def odd(data: bytes, levels: dict[int, Any]) -> bool:
    """Whether a message, or one inside, has a group or an odd field number; damaged ends do not count."""
    at = 0
    while at < len(data):
        start = at
        tag, at = _varint(data, at)
        kind, length = tag & 7, 0
        padded = at - start > 1 and data[at - 1] == 0
        if tag >= 1 << 32 or padded or kind in {3, 4}:
            return True
        if kind in {0, 2}:
            length, at = _varint(data, at)
        if kind == 2:
            inside = levels.get(tag >> 3)
            if inside is not None and odd(data[at : at + length], inside):
                return True
        at += {1: 8, 2: length, 5: 4}.get(kind, 0)
    return False


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while at < len(data):
        number |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            break
    return number, at


# ---------------------------------------------------------------- edge


@contextmanager
def json_sensors() -> Iterator[Case]:
    """Every profile of a JSON sensor, each with what any sensor may send."""
    profiles = [profile for profile in builtin().values() if isinstance(profile, JsonProfile)]
    source = inputs.JsonInputs()

    def case(rng: random.Random) -> str:
        profile = rng.choice(profiles)
        topic = rng.choice(profile.point).topic
        try:
            samples = jsonmap.decode_all(profile, source.one(rng), topic)
        except DecodeError as error:
            return error.reason
        for sample in samples:
            _plausible(sample.values.values())
            check(sample.time is None or 0 < sample.time < 2**42, f"time {sample.time}")
        return "read"

    yield case


@contextmanager
def modbus() -> Iterator[Case]:
    """Frames on both kinds of line, and the registers of every profile."""
    blocks = [
        (profile, block)
        for profile in builtin().values()
        if isinstance(profile, ModbusProfile)
        for block in registers.plan(profile)
    ]

    def case(rng: random.Random) -> str:
        profile, block = rng.choice(blocks)
        if rng.random() < 0.5:
            return _frame(rng, block.count)
        short = rng.random() < 0.05
        count = rng.randrange(block.count) if short else block.count
        words = [rng.choice((0, 1, 0x7FC0, 0x7F80, 0x8000, 0xFFFF, rng.randrange(65536))) for _ in range(count)]
        try:
            _plausible(registers.decode_block(profile, block, words).values())
        except ValueError:
            check(short, "a whole block was refused")
            return "short"
        return "read"

    yield case


def _frame(rng: random.Random, count: int) -> str:
    request = frames.Request(rng.randint(1, 247), rng.choice((1, 2, 3, 4)), count, rng.randrange(65536))
    serial = rng.random() < 0.5
    head = b"" if serial else request.transaction.to_bytes(2, "big") + bytes((0, 0, 0, request.payload + 3))
    body = bytes((request.unit, request.function, request.payload % 256)) + rng.randbytes(request.payload)
    whole = body + frames.checksum(body) if serial else head + body
    data = rng.choice((whole, inputs.damaged(whole, rng), inputs.noise(rng)))
    heard = (frames.from_serial if serial else frames.from_tcp)(request, data)
    if serial and heard.frame:
        check(frames.checksum(heard.frame[:-2]) == heard.frame[-2:], "a frame with a wrong checksum was taken")
    check(not (heard.frame and heard.wrong), "an answer that is wrong")
    return "frame" if heard.frame else heard.wrong and "wrong"


def _plausible(found: Any) -> None:
    for decoded in found:
        check(isinstance(decoded, Decoded), f"{decoded!r}")
        check(not isinstance(decoded.value, float) or math.isfinite(decoded.value), f"value {decoded.value}")


@contextmanager
def commands() -> Iterator[Case]:
    """What an edge node is told: STATE of the host and commands, in any order."""
    metrics: dict[str, dict[str, DataType]] = {"tobu-pi": {}, "unit-1": {"Fill/Percent": DataType.DOUBLE}}
    sessions: list[EdgeSession] = []

    def case(rng: random.Random) -> str:
        if not sessions or rng.random() < 0.02:
            session = EdgeSession(NodeIdentity("toshima", "tobu-pi", "sukusuku"), rng.randrange(256), metrics)
            session.connected(T)
            session.asset_up("unit-1", T)
            sessions[:] = [session]
        now = T + rng.randrange(10**6)
        topic = rng.choice(
            (
                "spBv1.0/STATE/sukusuku",
                "spBv1.0/toshima/NCMD/tobu-pi",
                "spBv1.0/toshima/DCMD/tobu-pi/unit-1",
                inputs.text(rng),
            )
        )
        state = b'{"online":%s,"timestamp":%d}' % (rng.choice((b"true", b"false")), now)
        told = rng.choice((payload(rng), state, inputs.damaged(state, rng)))
        try:
            sessions[0].received(topic, told, now)
            sessions[0].send([(1, Reading("unit-1", "Fill/Percent", now, 1.0))], now, historical=False)
            sessions[0].tick(now)
        except DecodeError as error:
            return error.reason
        return "read"

    yield case


# ---------------------------------------------------------------- collector

HEADERS = {
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "MIME-Version",
    "Content-Type",
}  # fmt: skip


@contextmanager
def mails() -> Iterator[Case]:
    """Mails with any words in them: refused, or exactly our headers."""

    def case(rng: random.Random) -> str:
        hostile = rng.randrange(8)
        words = [inputs.text(rng) if hostile == place else f"word{place}@example.jp" for place in range(6)]
        reference = f"<{words[5]}>" if rng.random() < 0.5 else None
        body = inputs.text(rng).encode("utf-8", "ignore").decode()
        draft = Draft(words[0], words[1], words[2], words[3], f"<{words[4]}>", T, body, body, reference)
        try:
            made = build(draft)
        except HeaderError:
            return "refused"
        check(max(map(len, made.split(b"\r\n"))) <= 998, "a line is too long")
        names = [name for name, _ in email.message_from_bytes(made, policy=policy.compat32).items()]
        check(len(set(names)) == len(names) and set(names) <= HEADERS, f"headers {names}")
        check(("References" in names) == (reference is not None), "a reference comes or goes")
        return "sent"

    yield case


class Node:
    """An edge node that behaves: its messages make up sessions as they should be."""

    def __init__(self) -> None:
        self._bdseq = self._birth = 0
        self._session: EdgeSession | None = None

    def messages(self, rng: random.Random, now: int) -> list[Message]:
        """The next ones of the session, or the first ones of another."""
        actions: list[Action] = []
        if self._session is None or rng.random() < 0.05:
            self._bdseq = (self._bdseq + 1) % 256
            self._session = EdgeSession(NodeIdentity("toshima", "tobu-pi"), self._bdseq, DECLARED, self._birth)
            actions += [self._session.will(), *self._session.connected(now), *self._session.asset_up("unit-1", now)]
            self._birth = self._session.last_birth
        level, rows = rng.uniform(0, 100), rng.randrange(10**6)
        readings = [Reading("unit-1", "Fill/Percent", now, level), Reading("tobu-pi", "Buffer/Rows", now, rows)]
        actions += self._session.send(list(enumerate(readings)), now, historical=rng.random() < 0.3)
        if self._session.room() <= 0:
            self._session = None
        return [Message(action.topic, action.payload) for action in actions if isinstance(action, Publish)]


DECLARED = {"tobu-pi": {"Buffer/Rows": DataType.INT64}, "unit-1": {"Fill/Percent": DataType.DOUBLE}}


@contextmanager
def ingest() -> Iterator[Case]:
    """The collector's data path with a real store behind it: messages that are in order, damaged, or made up."""
    now = [T]
    node = Node()
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore.open(Path(folder) / "store.db")
        path = Ingest(facility(), store, lambda: now[0])

        def case(rng: random.Random) -> str:
            now[0] += 1000
            if rng.random() < 0.01:
                path.begin_session()
            honest = node.messages(rng, now[0])
            messages = [*honest, *(_message(rng, now[0], honest) for _ in range(rng.choice((0, 1, 1, BATCH))))]
            committed = path.process(messages).committed
            if rng.random() < 0.01:
                store.latest()
            return "stored" if committed.stored else "nothing stored"

        try:
            yield case
        finally:
            verdict = store._all("PRAGMA integrity_check", ())[0][0]
            store.close()
        check(verdict == "ok", f"the store says {verdict}")


def _message(rng: random.Random, now: int, honest: Sequence[Message]) -> Message:
    kind = rng.choice(("NBIRTH", "DBIRTH", "NDATA", "DDATA", "DDATA", "NDEATH", "DDEATH", "NCMD", "STATE", "?"))
    node = rng.choice(("tobu-pi", "tobu-pi", "seibu-pi", "seibu-pi", "nobody"))
    device = rng.choice(("", "/unit-1", "/unit-1", "/room", "/unit-2", "/unit-9", "/" + inputs.text(rng)))
    topic = f"spBv1.0/{rng.choice(('toshima', 'toshima', 'toshima', 'x'))}/{kind}/{node}{device}"
    if rng.random() < 0.02:
        topic = inputs.text(rng)
    topic = topic.encode("utf-8", "ignore").decode()  # MQTT carries nothing else
    real = rng.choice(honest)
    match rng.randrange(4):
        case 0:
            return Message(real.topic, inputs.damaged(real.payload, rng))
        case 1:
            return Message(topic, real.payload, retain=rng.random() < 0.1)
        case 2:
            return Message(topic, inputs.noise(rng))
        case _:
            return Message(topic, inputs.sparkplug(rng, now))


@contextmanager
def topic_names() -> Iterator[Case]:
    """Topics."""

    def case(rng: random.Random) -> str:
        levels = ("spBv1.0", "toshima", "DDATA", "NBIRTH", "STATE", "tobu-pi", "", "+", "#", inputs.text(rng))
        try:
            topics.parse("/".join(rng.choice(levels) for _ in range(rng.randint(0, 6))))
        except DecodeError as error:
            return error.reason
        return "read"

    yield case


TARGETS: dict[str, Callable[[], Any]] = {
    "sparkplug": decoder,
    "json": json_sensors,
    "modbus": modbus,
    "commands": commands,
    "mail": mails,
    "ingest": ingest,
    "topics": topic_names,
}
