"""Whether the agent of this computer works: the judgement on a new version."""

from dataclasses import dataclass
from pathlib import Path

from sukusuku_edge import lock, status_report
from sukusuku_edge.settings import Edge


@dataclass(frozen=True, slots=True)
class Sight:
    """How the agent looks. `missing`: what it lacks, in words; empty when it is well. `process`: its id."""

    missing: str
    process: int | None = None


def look(edge: Edge, version: str | None) -> Sight:
    """Return how the agent is, which should be of this version (None: any).

    Well is what holds the outbox, has a session with the collector, and has had an acknowledgement since its start.
    """
    path = Path(edge.settings.outbox.path)
    process, status = lock.holder(path), status_report.read(path)
    if process is None:
        return Sight("the agent does not run")
    if status is None or status.process != process:
        return Sight("the agent has not said anything since its start", process)
    if version is not None and status.version != version:
        return Sight(f"the agent that runs is version {status.version}, not {version}", process)
    if edge.settings.acknowledge and status.last_ack is None:
        return Sight(f"no acknowledgement since its start: {status.uplink}", process)
    if not status.uplink.startswith("online"):
        return Sight(f"no session with the collector: {status.uplink}", process)
    return Sight("", process)
