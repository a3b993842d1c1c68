"""The servers of an ordinary demo: one broker, databases in files, one collector, one API."""

from collections.abc import Callable, Mapping
from pathlib import Path

from sukusuku_demo import broker
from sukusuku_demo.processes import Processes
from sukusuku_demo.settings import HOST, Ports, StoreKind, find_mosquitto

_INFLUX = 'kind = "influx"\n\n[store.influx]\nurl = "http://{host}:{port}"\n'


class OneMachine:
    """Starts broker, databases and collector.

    `webs` are names and ports of the APIs; `broker` is a port of the broker that edge nodes and collector speak to.
    `restarts`: a child that ends is started again after so many seconds; None: its end is the end of the demo.
    """

    restarts: float | None = None

    def __init__(self, folder: Path, ports: Ports, store: StoreKind) -> None:
        self._folder, self._ports, self._store = folder, ports, store
        self.webs: Mapping[str, int] = {"api": ports.web}
        self.broker = ports.broker

    def values(self) -> Mapping[str, object]:
        """Return what the settings files say of them."""
        return {"store": _INFLUX.format(host=HOST, port=self._ports.influx)} if self._store == "influx" else {}

    async def start(self, processes: Processes, step: Callable[[str], None]) -> None:
        """Start broker and databases; `step` tells of it. Raises ProcessFailedError."""
        _, name = await broker.start(processes, self._ports.broker, self._folder, find_mosquitto())
        step(f"broker       {name} on {HOST}:{self._ports.broker}")

    async def start_collectors(self, processes: Processes, file: str) -> None:
        """Start what writes to the databases. Raises ProcessFailedError."""
        await processes.python("collector", "sukusuku_collector", file)

    def close(self) -> None:
        """End what the children have left, once they have ended."""
