"""A gateway of another make, written by hand: types of its own, aliases if it likes, and no acknowledgements."""

from typing import Any

from sukusuku_core import sparkplug
from sukusuku_mqtt import Message
from tests.collector.ingest.scripted_edge import NOW

FIELDS: dict[int, str] = {
    **dict.fromkeys((1, 2, 3, 5, 6, 7), "int_value"),
    4: "long_value", 8: "long_value", 13: "long_value", 9: "float_value", 10: "double_value", 11: "boolean_value",
    **dict.fromkeys((12, 14, 15), "string_value"),
    16: "dataset_value", 17: "bytes_value", 18: "bytes_value", 19: "template_value",
    **dict.fromkeys(range(22, 35), "bytes_value"),
}  # fmt: skip
"""Where the value of a Sparkplug datatype stands."""


def metric(
    body: Any, name: str = "", value: Any = None, datatype: int = 0, *, alias: int | None = None,
    declared: bool = True, time: int | None = NOW, field: str | None = None,
) -> None:  # fmt: skip
    """Add a metric as a gateway writes it; a value of None is a null."""
    item = body.metrics.add()
    if name:
        item.name = name
    if alias is not None:
        item.alias = alias
    if time is not None:
        item.timestamp = time
    if declared and datatype:
        item.datatype = datatype
    if value is None:
        item.is_null = True
        return
    field = field or FIELDS[datatype]
    bits = 64 if field == "long_value" else 32
    is_number = isinstance(value, int) and not isinstance(value, bool)
    setattr(item, field, value % (1 << bits) if is_number and field in {"int_value", "long_value"} else value)


class ForeignGateway:
    """Makes the messages of one session; `seq` runs by itself."""

    def __init__(self, node: str = "tobu-pi", group: str = "toshima", bdseq: int = 0) -> None:
        self.node, self.group, self.bdseq, self.seq = node, group, bdseq, 0

    def body(self) -> Any:
        return sparkplug.PayloadMessage(timestamp=NOW)

    def message(self, kind: str, body: Any, device: str | None = None) -> Message:
        if kind == "NBIRTH":
            self.seq = 0
        body.seq = self.seq
        self.seq = (self.seq + 1) % 256
        tail = f"/{device}" if device else ""
        return Message(f"spBv1.0/{self.group}/{kind}/{self.node}{tail}", body.SerializeToString())

    def nbirth(self, *metrics: dict[str, Any]) -> Message:
        body = self.body()
        metric(body, "bdSeq", self.bdseq, 8)
        metric(body, "Node Control/Rebirth", value=False, datatype=11)
        for item in metrics:
            metric(body, **item)
        return self.message("NBIRTH", body)

    def birth(self, device: str, *metrics: dict[str, Any]) -> Message:
        body = self.body()
        for item in metrics:
            metric(body, **item)
        return self.message("DBIRTH", body, device)

    def data(self, device: str | None, *metrics: dict[str, Any], declared: bool = False) -> Message:
        """Data as the standard wants it: without datatypes."""
        body = self.body()
        for item in metrics:
            metric(body, **{"declared": declared, "time": NOW + 1000, **item})
        return self.message("DDATA" if device else "NDATA", body, device)

    def ndeath(self) -> Message:
        body = sparkplug.PayloadMessage()
        metric(body, "bdSeq", self.bdseq, 8, time=None)
        return Message(f"spBv1.0/{self.group}/NDEATH/{self.node}", body.SerializeToString())
