"""What a metric of a gateway is here, and its value in our terms, by `[[gateway]]` of `facility.toml`. Pure."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from sukusuku_collector.ingest import validation
from sukusuku_collector.ingest.fitting import fitted
from sukusuku_collector.ingest.validation import Subject
from sukusuku_core.catalogue import DataType, Metric
from sukusuku_core.errors import DecodeError
from sukusuku_core.model import AssetKind, Value
from sukusuku_server.settings import Gateway, GatewayMetric
from sukusuku_server.settings.gateways import filled, key_of


@dataclass(frozen=True, slots=True)
class Target:
    """Where readings of a metric go. Without a rule their values stay as they are."""

    subject: Subject
    row: Metric
    name: str
    """Of the metric: `Zones/eating/Count` where the row is `Zones/*/Count`."""
    rule: GatewayMetric | None = None


class GatewayMap:
    """The rules of one gateway."""

    def __init__(self, gateway: Gateway, subjects: Mapping[str, Subject]) -> None:
        self._rules = gateway.metric
        self._subjects = subjects
        self.id = gateway.id
        self.means = gateway, tuple(sorted((it.id, it.edge, it.kind, it.zones) for it in subjects.values()))
        """What is to be compared between the maps of two facilities."""

    def find(self, device: str | None, name: str) -> Target:
        """Return what a metric is here. Raises DecodeError (`unmapped`)."""
        for rule in self._rules:
            if (stars := _match(rule, device, name)) is None:
                continue
            assets = rule.asset.count("*")
            wanted = stars if assets or "*" in rule.metric else ()
            subject = self._subjects.get(filled(rule.asset, wanted[:assets]))
            metric = filled(rule.metric, wanted[assets:])
            if subject is not None and subject.kind is not AssetKind.EDGE_NODE:
                return Target(subject, _row(subject, metric), metric, rule)
        subject = self._subjects.get(device or "")
        if subject is None or subject.kind is AssetKind.EDGE_NODE or subject.edge != self.id:
            raise DecodeError("unmapped", f"[[gateway]] {self.id} has no metric {name!r} of device {device!r}")
        return Target(subject, _row(subject, name), name)  # a gateway that names things as we do needs no rule

    def assets(self, device: str | None) -> set[str]:
        """Return the assets that rules without `*` name for a device; None: for any."""
        return {
            rule.asset
            for rule in self._rules
            if "*" not in rule.asset and (device is None or (rule.device and rule.device.match(device) is not None))
        }


def converted(target: Target, value: Value | None) -> Value | None:
    """Return a value in the terms of its target. Raises DecodeError (`unlisted`, `datatype`)."""
    rule = target.rule
    if rule is None or value is None:
        return value
    if rule.values:
        if (found := rule.values.get(key_of(value))) is None:
            shown = "a text" if isinstance(value, str) else key_of(value)  # a text may be anything
            raise DecodeError(
                "unlisted", f"{shown} for {target.row.name} is not among `values` of its [[gateway.metric]]"
            )
        return found
    if rule.true_values:
        return key_of(value) in {key_of(item) for item in rule.true_values}
    if (rule.scale, rule.offset) == (1.0, 0.0):
        return value
    number = fitted(DataType.INT64, value)
    if number is None:
        number = fitted(DataType.DOUBLE, value)
    if number is None:
        raise DecodeError("datatype", f"{type(value).__name__} for {target.row.name} cannot be scaled")
    scaled = _decimal(number) * _decimal(rule.scale) + _decimal(rule.offset)
    return int(scaled) if scaled == scaled.to_integral_value() else float(scaled)


def _match(rule: GatewayMetric, device: str | None, name: str) -> tuple[str, ...] | None:
    if rule.device is None or device is None:
        return rule.name.match(name) if rule.device is None and device is None else None
    of_device, of_name = rule.device.match(device), rule.name.match(name)
    return None if of_device is None or of_name is None else (*of_device, *of_name)


def _row(subject: Subject, metric: str) -> Metric:
    try:
        return validation.metric(subject, metric)
    except DecodeError as error:
        raise DecodeError("unmapped", error.detail) from error


def _decimal(number: Value) -> Decimal:
    """Return a number as people write it: 0.1 for 0.1, also when it came as a Float of 32 bits."""
    if isinstance(number, float) and abs(number) < 1e38 and struct.unpack("f", struct.pack("f", number))[0] == number:  # noqa: PLR2004 - beyond is no Float
        for digits in range(6, 10):
            text = f"{number:.{digits}g}"
            if struct.unpack("f", struct.pack("f", float(text)))[0] == number:
                return Decimal(text)
    return Decimal(repr(number))
