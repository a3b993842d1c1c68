"""The Sparkplug codec against protobuf's own compiler, against what other makers send, and against noise."""

import math
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from importlib import util
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sukusuku_core
from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.errors import DecodeError
from sukusuku_core.model import Quality, Value
from sukusuku_core.sparkplug import Metric, Payload

CORE = Path(sukusuku_core.__file__).parent

INT64 = st.integers(-(2**63), 2**63 - 1)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
UNSIGNED = st.integers(0, 2**64 - 1)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def typed(datatype: DataType) -> st.SearchStrategy[Value]:
    values: dict[DataType, st.SearchStrategy[Value]] = {
        DataType.INT64: INT64,
        DataType.DATETIME: st.integers(0, 2**63 - 1),
        DataType.DOUBLE: FINITE,
        DataType.BOOLEAN: st.booleans(),
        DataType.STRING: TEXT,
    }
    return values[datatype]


@st.composite
def metrics(draw: st.DrawFn) -> Metric:
    datatype = draw(st.sampled_from(DataType))
    return Metric(
        draw(NAMES),
        draw(st.none() | typed(datatype)),
        draw(st.none() | UNSIGNED),
        datatype,
        draw(st.booleans()),
        draw(st.sampled_from(Quality)),
    )


payloads = st.builds(
    Payload, st.none() | UNSIGNED, st.lists(metrics(), max_size=6).map(tuple), st.none() | st.integers(0, 255)
)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The classes that protobuf's compiler makes of our .proto file."""
    folder = tmp_path_factory.mktemp("proto")
    protoc(f"--python_out={folder}")
    spec = util.spec_from_file_location("sparkplug_b_pb2", folder / "sparkplug_b_pb2.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def protoc(output: str) -> None:
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{CORE}", output, "sparkplug_b.proto"]
    subprocess.run(command, check=True, capture_output=True)


def test_the_descriptor_is_what_the_compiler_makes_of_the_proto_file(tmp_path: Path) -> None:
    protoc(f"--descriptor_set_out={tmp_path / 'made.binpb'}")
    assert (CORE / "sparkplug_b.binpb").read_bytes() == (tmp_path / "made.binpb").read_bytes(), "run `make proto`"


@given(payloads)
@settings(max_examples=150)
def test_what_is_encoded_is_decoded(payload: Payload) -> None:
    assert sparkplug.decode(sparkplug.encode(payload)) == payload


@given(payload=payloads)
@settings(max_examples=100)
def test_the_compiled_classes_read_the_same(compiled: Any, payload: Payload) -> None:
    data = sparkplug.encode(payload)
    message = compiled.Payload.FromString(data)
    assert message.SerializeToString() == data
    assert (message.seq if message.HasField("seq") else None) == payload.seq
    assert [metric.name for metric in message.metrics] == [metric.name for metric in payload.metrics]
    for theirs, ours in zip(message.metrics, payload.metrics, strict=True):
        assert theirs.is_null == (ours.value is None)
        assert theirs.is_historical == ours.historical
        if ours.value is None:
            assert theirs.WhichOneof("value") is None
        elif isinstance(ours.value, int) and not isinstance(ours.value, bool):
            assert theirs.long_value == ours.value % 2**64
        else:
            assert getattr(theirs, theirs.WhichOneof("value")) == ours.value


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_noise_raises_nothing_but_decode_errors(data: bytes) -> None:
    with suppress(DecodeError):
        for metric in sparkplug.decode(data).metrics:
            assert metric.name
            metric.name.encode()  # text, not bytes


@given(payloads, st.data())
@settings(max_examples=300)
def test_damaged_messages_raise_nothing_but_decode_errors(payload: Payload, data: st.DataObject) -> None:
    whole = bytearray(sparkplug.encode(payload))
    for _ in range(data.draw(st.integers(1, 3))):
        if whole:
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(DecodeError):
        sparkplug.decode(bytes(whole[: data.draw(st.integers(0, len(whole)))]))


# -------------------------------------------------------------------- what other makers send


def message(**fields: Any) -> Any:
    """One metric in a payload, as a peer of another make may send it."""
    payload = sparkplug.PayloadMessage()
    metric = payload.metrics.add(name="m")
    for name, value in fields.items():
        setattr(metric, name, value)
    return payload.metrics[0]


@pytest.mark.parametrize(
    ("datatype", "fields", "value"),
    [
        (1, {"int_value": 0xFF}, -1),
        (1, {"int_value": 0xFFFF_FF80}, -128),
        (2, {"int_value": 0xFFFF}, -1),
        (2, {"int_value": 0xFFFF_FFFF}, -1),
        (2, {"int_value": 0x8000}, -32_768),
        (2, {"int_value": 0x7FFF}, 32_767),
        (3, {"int_value": 0xFFFF_FFFE}, -2),
        (3, {"long_value": 0xFFFF_FFFF_FFFF_FFFE}, -2),
        (4, {"long_value": 2**64 - 5}, -5),
        (4, {"int_value": 7}, 7),
        (5, {"int_value": 255}, 255),
        (6, {"int_value": 65_535}, 65_535),
        (7, {"int_value": 2**32 - 1}, 2**32 - 1),
        (7, {"long_value": 2**32 - 1}, 2**32 - 1),
        (8, {"long_value": 2**63 - 1}, 2**63 - 1),
        (9, {"float_value": 1.5}, 1.5),
        (10, {"float_value": 1.5}, 1.5),
        (11, {"boolean_value": True}, True),
        (12, {"string_value": "満杯"}, "満杯"),
        (14, {"string_value": "text"}, "text"),
        (13, {"long_value": 1_780_000_000_000}, 1_780_000_000_000),
        (2, {"is_null": True}, None),
        (2, {"is_null": True, "int_value": 5}, None),
    ],
)
def test_every_form_of_a_number_is_read(datatype: int, fields: dict[str, Any], value: Value | None) -> None:
    read = sparkplug.read_value(message(**fields), datatype)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("datatype", "fields", "reason"),
    [
        (8, {"long_value": 2**63}, "wrong-type"),
        (10, {"double_value": math.nan}, "not-finite"),
        (10, {"double_value": math.inf}, "not-finite"),
        (9, {"float_value": -math.inf}, "not-finite"),
        (10, {"long_value": 5}, "wrong-type"),
        (4, {"double_value": 5.0}, "wrong-type"),
        (11, {"int_value": 1}, "wrong-type"),
        (4, {}, "wrong-type"),
        (12, {"string_value": "x" * 1025}, "text"),
        (0, {"int_value": 1}, "datatype"),
        (16, {}, "datatype"),
        (17, {}, "datatype"),
        (34, {}, "datatype"),
        (2**32 - 1, {}, "datatype"),
    ],
)
def test_what_is_no_value_has_a_reason(datatype: int, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(DecodeError) as caught:
        sparkplug.read_value(message(**fields), datatype)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("code", "quality"),
    [(192, Quality.GOOD), (0, Quality.BAD), (500, Quality.STALE), (7, Quality.BAD), (None, Quality.GOOD)],
)
def test_the_quality_property(code: int | None, quality: Quality) -> None:
    metric = message(int_value=1)
    metric.properties.keys.append("engUnit")
    metric.properties.values.add(type=12)
    if code is not None:
        metric.properties.keys.append("Quality")
        metric.properties.values.add(type=3, int_value=code)
    assert sparkplug.read_quality(metric) is quality


def test_our_quality_is_an_int32_property() -> None:
    (metric,) = sparkplug.parse(sparkplug.encode(Payload(1, (Metric("m", 1, 1, quality=Quality.STALE),)))).metrics
    assert list(metric.properties.keys) == ["Quality"]
    (value,) = metric.properties.values
    assert (value.type, value.int_value, value.WhichOneof("value")) == (3, 500, "int_value")


@pytest.mark.parametrize("name", [b"", b"\xff\xfe", b"x" * 256])
def test_a_name_that_is_empty_overlong_or_not_text_is_refused(name: bytes) -> None:
    metric = b"\x0a" + varint(len(name)) + name + b"\x58\x01"
    with pytest.raises(DecodeError) as caught:
        sparkplug.decode(b"\x12" + varint(len(metric)) + metric)
    assert caught.value.reason in {"name", "protobuf"}


def test_a_text_that_is_not_utf_8_is_refused() -> None:
    metric = b"\x0a\x01m\x20\x0c\x7a\x02\xff\xfe"
    with pytest.raises(DecodeError) as caught:
        sparkplug.decode(b"\x12" + varint(len(metric)) + metric)
    assert caught.value.reason in {"text", "protobuf"}


def varint(number: int) -> bytes:
    return bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80]) + varint(number >> 7)


def test_fields_outside_of_the_subset_are_passed_over() -> None:
    """Alias, metadata and a data set in a metric; uuid and body in the payload."""
    metric = b"\x0a\x01m" + b"\x10\x05" + b"\x42\x02\x08\x01" + b"\x20\x04" + b"\x58\x2a"
    data = b"\x08\x07" + b"\x12" + varint(len(metric)) + metric + b"\x18\x03" + b"\x22\x02id" + b"\x2a\x01x"
    assert sparkplug.decode(data) == Payload(7, (Metric("m", 42, None, DataType.INT64),), 3)


def test_data_is_read_with_the_types_of_the_birth() -> None:
    payload = sparkplug.PayloadMessage()
    payload.metrics.add(name="small", int_value=0xFFFF)
    payload.metrics.add(name="new", int_value=0xFFFF)
    decoded = sparkplug.decode(payload.SerializeToString(), {"small": 2}.get)
    assert [(metric.value, metric.datatype) for metric in decoded.metrics] == [(-1, None), (65_535, None)]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x00" * (sparkplug.MAX_PAYLOAD_BYTES + 1), "oversized"),
        (b"\x12\x00" * (sparkplug.MAX_METRICS + 1), "too-many-metrics"),
        (b"\xff", "protobuf"),
        (b"\x12\x7f", "protobuf"),
    ],
)
def test_limits_hold(data: bytes, reason: str) -> None:
    with pytest.raises(DecodeError) as caught:
        sparkplug.parse(data)
    assert caught.value.reason == reason


def test_the_datatype_costs_data_two_bytes_a_value() -> None:
    """The figure in docs/measurements.md."""
    values: list[Value] = [71.5, 12_345, 0, False, 21.5, 80.0]
    names = ["Fill/Percent", "Cycles/Total", "State", "Lid/Open", "Temperature", "Film/Remaining"]
    now = 1_795_981_836_230
    data = [Metric(names[n % 6], values[n % 6], now + n, sparkplug.datatype_of(values[n % 6])) for n in range(200)]
    sizes = [
        len(sparkplug.encode(Payload(now, tuple(metrics), 7)))
        for metrics in ([replace(metric, datatype=None) for metric in data], data)
    ]
    assert sizes == [5413, 5813]


def test_a_command_has_timestamps_and_datatypes_and_no_seq() -> None:
    payload = sparkplug.decode(sparkplug.command([(sparkplug.REBIRTH, True), ("n", 5)], 99))
    assert payload == Payload(
        99,
        (
            Metric(sparkplug.REBIRTH, value=True, timestamp=99, datatype=DataType.BOOLEAN),
            Metric("n", 5, 99, DataType.INT64),
        ),
    )
    assert sparkplug.metric_value(payload.metrics, "n") == 5
    assert sparkplug.metric_value(payload.metrics, "other") is None
