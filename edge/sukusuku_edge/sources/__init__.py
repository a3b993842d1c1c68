"""Where samples come from. A new kind of device: write a source, add a line to SOURCES."""

from collections.abc import Callable, Sequence
from typing import Protocol

from sukusuku_core.clock import Clock
from sukusuku_edge.events import Emit
from sukusuku_edge.settings import Edge
from sukusuku_edge.sources import modbus, mqtt_json


class Source(Protocol):
    """One device or one connection that carries several."""

    name: str

    async def run(self, emit: Emit) -> None:
        """Hand on samples until cancelled. Troubles of devices are events, not exceptions."""


SOURCES: dict[str, Callable[[Edge, Clock], Sequence[Source]]] = {
    "modbus": modbus.sources,
    "mqtt": mqtt_json.sources,
}
