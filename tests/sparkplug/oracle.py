"""The whole Sparkplug B message, written down once more and apart from the programs' own, which know a subset.

A field that ours lack (an alias, a data set, a template) would be invisible to them.
"""

from functools import cache
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

_F = FieldDescriptorProto
_SCALAR = {
    "u32": _F.TYPE_UINT32, "u64": _F.TYPE_UINT64, "float": _F.TYPE_FLOAT, "double": _F.TYPE_DOUBLE,
    "bool": _F.TYPE_BOOL, "string": _F.TYPE_STRING, "bytes": _F.TYPE_BYTES,
}  # fmt: skip
_MESSAGES = {
    "Payload": "timestamp 1 u64, metrics 2 *Metric, seq 3 u64, uuid 4 string, body 5 bytes",
    "Metric": "name 1 string, alias 2 u64, timestamp 3 u64, datatype 4 u32, is_historical 5 bool, is_transient 6 bool, "
    "is_null 7 bool, metadata 8 MetaData, properties 9 PropertySet, int_value 10 |u32, long_value 11 |u64, "
    "float_value 12 |float, double_value 13 |double, boolean_value 14 |bool, string_value 15 |string, "
    "bytes_value 16 |bytes, dataset_value 17 |DataSet, template_value 18 |Template",
    "PropertySet": "keys 1 *string, values 2 *PropertyValue",
    "PropertySetList": "propertyset 1 *PropertySet",
    "PropertyValue": "type 1 u32, is_null 2 bool, int_value 3 |u32, long_value 4 |u64, float_value 5 |float, "
    "double_value 6 |double, boolean_value 7 |bool, string_value 8 |string, propertyset_value 9 |PropertySet, "
    "propertysets_value 10 |PropertySetList",
    "MetaData": "is_multi_part 1 bool, content_type 2 string, size 3 u64, seq 4 u64, file_name 5 string, "
    "file_type 6 string, md5 7 string, description 8 string",
    "DataSet": "num_of_columns 1 u64, columns 2 *string, types 3 *u32",
    "Template": "version 1 string, metrics 2 *Metric, template_ref 4 string, is_definition 5 bool",
}
"""Field, number, type; `*` repeated, `|` one of the values."""

DATATYPES = range(1, 35)
"""Every datatype number but Unknown."""
INT32, INT64, BOOLEAN = 3, 4, 11
VALUE_FIELDS = {
    4: {"long_value"}, 8: {"long_value"}, 9: {"float_value"}, 10: {"double_value"}, 11: {"boolean_value"},
    12: {"string_value"}, 13: {"long_value"}, 3: {"int_value"}, 7: {"int_value", "long_value"},
}  # fmt: skip
"""The field that holds a value of a datatype; those that the programs may send."""


def _message(name: str, fields: str) -> DescriptorProto:
    message = DescriptorProto(name=name)
    for text in fields.split(", "):
        label, number, kind = text.split()
        field = message.field.add(name=label, number=int(number), label=_F.LABEL_OPTIONAL)
        if kind.startswith("*"):
            field.label = _F.LABEL_REPEATED
        elif kind.startswith("|"):
            if not message.oneof_decl:
                message.oneof_decl.add(name="value")
            field.oneof_index = 0
        kind = kind.strip("*|")
        if kind in _SCALAR:
            field.type = _SCALAR[kind]
        else:
            field.type, field.type_name = _F.TYPE_MESSAGE, f".oracle.{kind}"
    return message


@cache
def _payload() -> Any:
    file = FileDescriptorProto(name="oracle.proto", package="oracle", syntax="proto2")
    file.message_type.extend(_message(name, fields) for name, fields in _MESSAGES.items())
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("oracle.Payload"))


def decode(data: bytes) -> Any:
    """A payload as the protobuf library reads it."""
    return _payload().FromString(data)


def payload(timestamp: int, seq: int | None = None) -> Any:
    """A payload to be filled."""
    made = _payload()(timestamp=timestamp)
    if seq is not None:
        made.seq = seq
    return made


def value(metric: Any) -> Any:
    """The value of a metric, signed where its datatype is; None for a null. Data messages tell no datatype."""
    if metric.is_null:
        return None
    found = getattr(metric, metric.WhichOneof("value"))
    if metric.WhichOneof("value") == "long_value" and found >= 1 << 63:
        return found - (1 << 64)
    return found


def named(payload: Any, name: str) -> Any:
    """The only metric of that name."""
    (metric,) = (item for item in payload.metrics if item.name == name)
    return metric
