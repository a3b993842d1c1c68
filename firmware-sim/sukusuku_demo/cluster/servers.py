"""The servers of a demo in which any one process may be lost."""

from collections.abc import Callable, Mapping
from pathlib import Path

from sukusuku_demo import broker
from sukusuku_demo.cluster import nats, patroni, programs
from sukusuku_demo.processes import Child, Processes, program, says_ready
from sukusuku_demo.settings import HOST, Ports

RESTARTS = 30.0
"""Seconds: a computer that begins anew."""
_REFRESH = 2.0
"""Seconds: so often does the wall get something new, and shows what a loss delays."""
COLLECTORS = ("collector-1", "collector-2")
_STORE = """\
kind = "postgres"

[store.postgres]
url = "postgresql://sukusuku@{servers}/sukusuku?target_session_attrs=read-write"
"""
_OPERATIONS = 'url = "postgresql+psycopg://sukusuku@/sukusuku?{servers}&target_session_attrs=read-write"'


class Cluster:
    """Starts what `OneMachine` starts, several times. The sensors have a broker of their own, as in a centre."""

    restarts: float | None = RESTARTS

    def __init__(self, folder: Path, ports: Ports) -> None:
        self._programs = programs.find()
        self._folder, self._ports = folder, ports
        self.database = patroni.Database(self._programs, folder / "database", ports.cluster + nats.PORTS)
        self.brokers, self.routes = nats.mqtt_ports(ports.cluster), nats.route_ports(ports.cluster)
        second = ports.cluster + nats.PORTS + patroni.PORTS
        self.webs: Mapping[str, int] = {"api-1": ports.web, "api-2": second}
        self.broker = self.brokers[0]

    def values(self) -> Mapping[str, object]:
        """See `OneMachine`."""
        first, *others = self.brokers
        places = [f"{HOST}:{port}" for port in self.database.ports]
        return {
            "broker": first,
            "refresh": _REFRESH,
            "others": f"others = {[f'{HOST}:{port}' for port in others]}\nsubscribe_qos = 0",
            "sensors": f'\n[sensors]\nhost = "{HOST}"\nport = {self._ports.broker}',
            "store": _STORE.format(servers=",".join(places)),
            "operations": _OPERATIONS.format(servers="&".join(f"host={place}" for place in places)),
        }

    async def start(self, processes: Processes, step: Callable[[str], None]) -> None:
        """See `OneMachine`."""
        self._folder.chmod(0o711)  # the database, which never runs as root, is below it
        await broker.start(processes, self._ports.broker, self._folder, self._programs.mosquitto)
        step(f"sensors      Mosquitto on {HOST}:{self._ports.broker}")
        await nats.start(processes, self._programs.nats, self._folder / "nats", self._ports.cluster)
        step(f"broker       NATS on {', '.join(f'{HOST}:{port}' for port in self.brokers)}")
        await self.database.start(processes)
        roles = self.database.members()
        step(f"database     Patroni: {', '.join(f'{name} {role}' for name, role in sorted(roles.items()))}")

    async def start_collectors(self, processes: Processes, file: str) -> None:
        """See `OneMachine`."""
        for name in COLLECTORS:
            await processes.start(name, program("sukusuku_collector", file), _at_work)

    def close(self) -> None:
        """See `OneMachine`."""
        self.database.close()


def _at_work(child: Child) -> bool:
    return says_ready(child) or "standing by" in child.log.read_text(encoding="utf-8", errors="replace")
