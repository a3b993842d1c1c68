"""The aliases of one edge node's session: which metric a number stands for. Pure.

A birth declares a metric by name and alias; data then may carry the alias alone. An alias is unique among all metrics
of the node and its devices, and holds until the next node birth.
"""

from collections.abc import Iterable
from typing import Any

from sukusuku_core.errors import DecodeError

MOST = 100_000
"""Aliases of one edge node."""

_Owner = str | None
"""A device; None: the node itself."""


class Aliases:
    """What the births of one session have declared."""

    def __init__(self) -> None:
        self._metrics: dict[int, tuple[_Owner, str]] = {}

    def declare(self, device: _Owner, metrics: Iterable[Any]) -> None:
        """Take the aliases of a birth, in place of those that this device declared before.

        Raises DecodeError (`alias`) when one stands for two metrics; nothing of the birth then holds.
        """
        self.release(device)
        declared: dict[int, tuple[_Owner, str]] = {}
        for metric in metrics:
            if not metric.HasField("alias"):
                continue
            mine = device, metric.name
            other = declared.get(metric.alias) or self._metrics.get(metric.alias)
            if other is not None and other != mine:
                raise DecodeError(
                    "alias",
                    f"alias {metric.alias} stands for {_path(*other)} and for {_path(*mine)}; "
                    "give each metric of the edge node an alias of its own, or switch aliases off there",
                )
            declared[metric.alias] = mine
        if len(self._metrics) + len(declared) > MOST:
            raise DecodeError("alias", f"more than {MOST} aliases of one edge node")
        self._metrics |= declared

    def release(self, device: _Owner) -> None:
        """Forget what a device has declared: it is dead, or is born anew."""
        self._metrics = {alias: owned for alias, owned in self._metrics.items() if owned[0] != device}

    def name(self, device: _Owner, metrics: Iterable[Any]) -> None:
        """Fill in the names of data that carry aliases.

        A metric whose alias is not declared, or belongs to another metric than it names, has no name afterwards.
        """
        for metric in metrics:
            if not metric.HasField("alias"):
                continue
            owned = self._metrics.get(metric.alias)
            if owned is None:
                continue  # with a name it can be read by that
            owner, name = owned
            metric.name = name if owner == device and metric.name in {"", name} else ""

    def __bool__(self) -> bool:
        return bool(self._metrics)


def _path(device: _Owner, name: str) -> str:
    return repr(name) if device is None else f"{name!r} of device {device!r}"
