"""What edge nodes and gateways send that has no place here, told once and counted: by design it is not stored. Pure."""

from dataclasses import dataclass

MOST = 10_000
"""Names that are remembered of one node; a hostile peer may invent more."""
SHOWN = 10
"""Names of one line of the log."""


@dataclass(frozen=True, slots=True)
class News:
    """Metrics that were not seen before: why they are passed over, some of their names, and how many there are now."""

    node: str
    why: str
    fresh: tuple[str, ...]
    count: int


class PassedOver:
    """Every metric that was passed over since the start, by node and reason."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], set[str]] = {}
        self._fresh: dict[tuple[str, str], list[str]] = {}

    def note(self, node: str, why: str, name: str) -> None:
        """Note a metric, by its device and name."""
        known = self._known.setdefault((node, why), set())
        if name not in known and len(known) < MOST:
            known.add(name)
            self._fresh.setdefault((node, why), []).append(name)

    def news(self) -> list[News]:
        """Return what is new since the last call."""
        fresh, self._fresh = self._fresh, {}
        return [News(node, why, tuple(names), len(self._known[node, why])) for (node, why), names in fresh.items()]
