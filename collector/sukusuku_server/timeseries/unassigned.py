"""Messages that wait for facility.toml to be corrected: statements that SQLite and PostgreSQL both understand."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sukusuku_server.model.series import Unassigned
from sukusuku_server.timeseries.database import Transaction, without_nul

OVERHEAD = 200
"""Bytes that a row counts beyond its payload."""
DROPPED = "unassigned/dropped"
"""Under which the number of messages is noted that had to make room."""
SIZE = "SELECT coalesce(sum(size), 0) FROM unassigned"
"""The bytes of everything that waits."""


def add(run: Transaction, items: Sequence[Unassigned]) -> int:
    """Keep messages; tells by how many bytes there are more."""
    rows = [
        (
            it.received,
            it.topic,
            it.reason,
            without_nul(it.detail),
            int(it.clock_set),
            len(it.payload) + OVERHEAD,
            it.payload,
        )
        for it in items
    ]
    run.executemany(
        "INSERT INTO unassigned (received, topic, reason, detail, clock_set, size, payload) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    return sum(row[5] for row in rows)


def make_room(run: Transaction, excess: int) -> tuple[int, int]:
    """Drop messages until so many bytes are free; tells how many messages and bytes went. The number is noted.

    The edge nodes that take the most room give way with their oldest messages, see `cuts`.
    """
    taken: Counter[str] = Counter()
    for topic, bytes_of_it in run.execute("SELECT topic, sum(size) FROM unassigned GROUP BY topic"):
        taken[_node(topic)] += bytes_of_it
    wanted = cuts(taken, excess)
    dropped: list[tuple[int]] = []
    freed = 0
    for ident, topic, bytes_of_it in run.execute("SELECT id, topic, size FROM unassigned ORDER BY id"):
        node = _node(topic)
        if wanted.get(node, 0) > 0:
            dropped.append((ident,))
            freed += bytes_of_it
            wanted[node] -= bytes_of_it
        elif not any(left > 0 for left in wanted.values()):
            break
    run.executemany("DELETE FROM unassigned WHERE id = ?", dropped)
    run.execute(
        "INSERT INTO host VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = host.value + excluded.value",
        (DROPPED, len(dropped)),
    )
    return len(dropped), freed


def cuts(taken: Mapping[str, int], excess: int) -> dict[str, int]:
    """Return how much of what each takes has to go, so that `excess` is freed in all and nobody keeps more than others.

    Whoever takes less than the rest keeps everything: a flood of one pushes out only its own.
    """
    order = sorted(taken, key=lambda name: -taken[name])
    for number, _ in enumerate(order, start=1):
        level = (sum(taken[name] for name in order[:number]) - excess) // number
        if number == len(order) or level >= taken[order[number]]:
            return {name: taken[name] - max(0, level) for name in order[:number]}
    return {}


def _node(topic: str) -> str:
    """Return the edge node of a Sparkplug topic; what is none stands for itself."""
    parts = topic.split("/")
    return parts[3] if len(parts) > 3 else topic  # noqa: PLR2004 - namespace, group, type, node


def remove(run: Transaction, idents: Sequence[int]) -> int:
    """Forget messages that have found their place; tells how many bytes went."""
    found = (run.execute("DELETE FROM unassigned WHERE id = ? RETURNING size", (ident,)).fetchone() for ident in idents)
    return sum(row[0] for row in found if row is not None)
