"""Sparkplug B payloads as values: encode, decode, limits.

The message classes are built from `sparkplug_b.binpb`, the compiled form of `sparkplug_b.proto`: a descriptor
works with every protobuf release, while generated Python code is tied to the release that made it.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError as ProtobufDecodeError
from google.protobuf.message_factory import GetMessageClass

from sukusuku_core.catalogue import DataType
from sukusuku_core.compression import inflate
from sukusuku_core.errors import DecodeError
from sukusuku_core.model import Quality, Value

MAX_PAYLOAD_BYTES = 256 * 1024
"""Refused before parsing: 1 MB of empty metrics already parses into 46 MB."""
MAX_METRICS = 5000
"""Gateways have births with thousands of tags."""
MAX_STRING = 1024
SEQ_MODULUS = 256
"""`seq` counts the messages of a session and begins again at 0 after 255."""
BDSEQ_MODULUS = 256
"""`bdSeq` counts the sessions of an edge node, in the same way."""

COMPRESSED = "SPBV1.0_COMPRESSED"
"""The `uuid` of a payload whose body is another one, compressed."""
_COMPRESSED = COMPRESSED.encode()

BDSEQ = "bdSeq"
REBIRTH = "Node Control/Rebirth"
ACK_BIRTH = "Node Control/Ack Birth"
ACK_COUNT = "Node Control/Ack Count"
ACK_PROOF = "Node Control/Ack Proof"
"""In an NBIRTH what the proof of an acknowledgement must fit, in an acknowledgement the proof."""
CONTROL_PREFIX = "Node Control/"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a payload.

    `timestamp` is UTC ms. A None `value` travels as `is_null`.
    """

    name: str
    value: Value | None
    timestamp: int | None = None
    datatype: DataType | None = None
    historical: bool = False
    quality: Quality = Quality.GOOD


@dataclass(frozen=True, slots=True)
class Payload:
    """One Sparkplug message body. `seq` is absent in NDEATH and in commands."""

    timestamp: int | None
    metrics: tuple[Metric, ...]
    seq: int | None = None


def _payload_class() -> Callable[[], Any]:
    pool = DescriptorPool()
    raw = files(__package__).joinpath("sparkplug_b.binpb").read_bytes()
    for file in FileDescriptorSet.FromString(raw).file:
        pool.Add(file)
    descriptor = pool.FindMessageTypeByName("sukusuku.sparkplug_b.Payload")
    return GetMessageClass(descriptor)


PayloadMessage: Any = _payload_class()

# ---------------------------------------------------------------- writing


def _set_value(message: Any, value: Value) -> None:
    if isinstance(value, bool):
        message.boolean_value = value
    elif isinstance(value, int):
        message.long_value = value & 0xFFFF_FFFF_FFFF_FFFF
    elif isinstance(value, float):
        message.double_value = value
    else:
        message.string_value = value


def encode(payload: Payload) -> bytes:
    """Return the wire bytes. Integers ride as 64-bit two's complement, floats as double."""
    message = PayloadMessage()
    if payload.timestamp is not None:
        message.timestamp = payload.timestamp
    if payload.seq is not None:
        message.seq = payload.seq
    for metric in payload.metrics:
        out = message.metrics.add()
        out.name = metric.name
        if metric.timestamp is not None:
            out.timestamp = metric.timestamp
        if metric.datatype is not None:
            out.datatype = metric.datatype
        if metric.historical:
            out.is_historical = True
        if metric.quality is not Quality.GOOD:
            out.properties.keys.append("Quality")
            prop = out.properties.values.add()
            prop.type = 3  # Int32, as the standard demands for Quality
            prop.int_value = metric.quality
        if metric.value is None:
            out.is_null = True
        else:
            _set_value(out, metric.value)
    return bytes(message.SerializeToString())


# ---------------------------------------------------------------- reading


def plain(data: bytes) -> bytes:
    """Return a payload as it was before a gateway compressed it; most come back as they are.

    Raises DecodeError (`oversized`, `protobuf`, `compression`).
    """
    if _COMPRESSED not in data:
        return data
    outer = _parse(data)
    if outer.uuid != COMPRESSED:
        return data
    inner = inflate(outer.body, MAX_PAYLOAD_BYTES)
    if _COMPRESSED in inner and _parse(inner).uuid == COMPRESSED:
        raise DecodeError("compression", "a compressed payload within a compressed payload")
    found = PayloadMessage()  # what the inner one lacks
    for field in ("timestamp", "seq"):
        if outer.HasField(field):
            setattr(found, field, getattr(outer, field))
    return bytes(found.SerializeToString()) + inner  # of a field that stands twice, the last one counts


def parse(data: bytes) -> Any:
    """Return the protobuf message of a payload, limits checked; for the hot path, which reads its fields directly.

    Raises DecodeError (`oversized`, `protobuf`, `too-many-metrics`, `compression`).
    """
    message = _parse(plain(data))
    if len(message.metrics) > MAX_METRICS:
        raise DecodeError("too-many-metrics", f"{len(message.metrics)} metrics, at most {MAX_METRICS} are read")
    return message


def _parse(data: bytes) -> Any:
    if len(data) > MAX_PAYLOAD_BYTES:
        raise DecodeError("oversized", f"{len(data)} bytes, at most {MAX_PAYLOAD_BYTES} are read")
    try:
        return PayloadMessage.FromString(data)
    except (ProtobufDecodeError, UnicodeDecodeError) as error:  # protobuf in pure Python checks the texts at once
        raise DecodeError("protobuf", str(error)) from error


_INT_BITS = {1: 8, 2: 16, 3: 32, 4: 64}
_UINT_TYPES = {5, 6, 7, 8}
_FLOAT_TYPES = {9, 10}
_TEXT_TYPES = {12, 14, 15}
_BOOLEAN, _DATETIME = 11, 13


_FIELDS: dict[DataType, tuple[str, ...]] = {
    DataType.INT64: ("int_value", "long_value"),
    DataType.DATETIME: ("int_value", "long_value"),
    DataType.DOUBLE: ("float_value", "double_value"),
    DataType.BOOLEAN: ("boolean_value",),
    DataType.STRING: ("string_value",),
}


UNREAD_FIELDS = frozenset({"bytes_value", "dataset_value", "template_value", "extension_value"})
"""Where values stand that are never read."""
_UNREAD_NAMES = {
    16: "DataSet", 17: "Bytes", 18: "File", 19: "Template", 20: "PropertySet", 21: "PropertySetList",
    **dict.fromkeys(range(22, 35), "array"),
}  # fmt: skip
"""Datatypes that are passed over."""


def unread(metric: Any, datatype: int) -> str | None:
    """Return what a parsed metric carries that is never read, in a word; None: a value of an ordinary type."""
    name = _UNREAD_NAMES.get(datatype)
    if name is None and metric.WhichOneof("value") in UNREAD_FIELDS:
        return str(metric.WhichOneof("value")).removesuffix("_value")
    return name


def canonical(datatype: int) -> DataType | None:
    """Return the datatype of ours that a Sparkplug datatype number maps onto; None when we do not read it."""
    if datatype in _INT_BITS or datatype in _UINT_TYPES:
        return DataType.INT64
    if datatype in _FLOAT_TYPES:
        return DataType.DOUBLE
    if datatype in _TEXT_TYPES:
        return DataType.STRING
    return {_BOOLEAN: DataType.BOOLEAN, _DATETIME: DataType.DATETIME}.get(datatype)


def type_of(metric: Any, declared: int) -> int:
    """Return the datatype of a parsed metric: as its birth declared it, or as it tells when that does not fit."""
    told = metric.datatype
    if not told or told == declared:
        return declared
    kind = canonical(declared)
    fits = kind is not None and (metric.is_null or metric.WhichOneof("value") in _FIELDS[kind])
    return declared if fits else int(told)


def read_value(metric: Any, datatype: int) -> Value | None:
    """Return the value of a parsed metric, read as the datatype its birth declared; None for a null.

    Small negative integers are accepted in 8 to 64 bit two's complement, in either integer field.
    Raises DecodeError (`wrong-type`, `not-finite`, `datatype`, `text`).
    """
    if metric.is_null:
        return None
    kind = canonical(datatype)
    if kind is None:
        raise DecodeError("datatype", f"Sparkplug datatype {datatype} is not read")
    field = metric.WhichOneof("value")
    if field not in _FIELDS[kind]:
        raise DecodeError("wrong-type", f"{field or 'no value'} for Sparkplug datatype {datatype}")
    value: Value = getattr(metric, field)
    if kind is DataType.INT64 or kind is DataType.DATETIME:
        return _integer(int(value), datatype)
    if kind is DataType.DOUBLE and not math.isfinite(float(value)):
        raise DecodeError("not-finite", str(value))
    if kind is DataType.STRING and (not isinstance(value, str) or len(value) > MAX_STRING):
        raise DecodeError("text", f"not UTF-8, or longer than {MAX_STRING} characters")
    return value


def _integer(value: int, datatype: int) -> int:
    bits = _INT_BITS.get(datatype)
    if bits is None:
        if value >= 1 << 63:
            raise DecodeError("wrong-type", f"{value} does not fit 63 bits")
        return value
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def read_quality(metric: Any) -> Quality:
    """Return the quality property of a parsed metric; GOOD when it carries none, BAD when it carries an unknown one."""
    if not metric.HasField("properties"):
        return Quality.GOOD
    for key, prop in zip(metric.properties.keys, metric.properties.values, strict=False):
        if key == "Quality":
            try:
                return Quality(prop.int_value or prop.long_value)
            except ValueError:
                return Quality.BAD
    return Quality.GOOD


def read_name(metric: Any) -> str:
    """Return the name of a parsed metric, which `Aliases.name` has filled in where it came as an alias.

    Raises DecodeError (`alias` for an alias that stands for no name, `name` for bytes that are not UTF-8).
    """
    name = metric.name
    if not name and metric.HasField("alias"):
        raise DecodeError("alias", f"no birth declares alias {metric.alias} for a metric of this sender")
    if not isinstance(name, str) or not name or len(name) > 255:  # noqa: PLR2004 - our bound on a metric name
        raise DecodeError("name", "a metric needs a UTF-8 name of 1 to 255 characters")
    return name


def decode(data: bytes, datatypes: Callable[[str], int | None] = lambda _name: None) -> Payload:
    """Return a whole payload as values.

    `datatypes` tells the type of a metric whose message does not (data after a birth).

    Without either, the type follows from the field that is set. Raises DecodeError.
    """
    message = parse(data)
    return Payload(
        message.timestamp if message.HasField("timestamp") else None,
        tuple(read_metric(item, datatypes(item.name)) for item in message.metrics),
        message.seq if message.HasField("seq") else None,
    )


def read_metric(item: Any, declared: int | None = None) -> Metric:
    """Return a parsed metric as a value; `declared` is the datatype of its birth. Raises DecodeError."""
    name = read_name(item)
    return Metric(
        name,
        read_value(item, item.datatype or declared or _guess(item)),
        item.timestamp if item.HasField("timestamp") else None,
        canonical(item.datatype) if item.datatype else None,
        item.is_historical,
        read_quality(item),
    )


_FIELD_TYPE = {
    "int_value": 4, "long_value": 4, "float_value": 10, "double_value": 10, "boolean_value": 11, "string_value": 12,
}  # fmt: skip


def _guess(metric: Any) -> int:
    return _FIELD_TYPE.get(metric.WhichOneof("value"), 12)


def command(metrics: Iterable[tuple[str, Value]], now: int) -> bytes:
    """Return an NCMD or DCMD body: metrics with a timestamp, no seq.

    They tell their datatype, which they need not: without it, Eclipse Tahu and the npm clients do not understand them.
    """
    return encode(Payload(now, tuple(Metric(name, value, now, datatype_of(value)) for name, value in metrics)))


def datatype_of(value: Value | None) -> DataType:
    """Return the datatype that a value travels as."""
    if isinstance(value, bool):
        return DataType.BOOLEAN
    if isinstance(value, int):
        return DataType.INT64
    return DataType.STRING if isinstance(value, str) else DataType.DOUBLE


def metric_value(metrics: Sequence[Metric], name: str) -> Value | None:
    """Return the value of the first metric of that name, None when there is none."""
    return next((metric.value for metric in metrics if metric.name == name), None)
