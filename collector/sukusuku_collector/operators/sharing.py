"""Which shards a process takes and which one it gives up, so that all processes have about as many. Pure."""

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence

from sukusuku_server.db.shards import View


def share(view: View, process: str, waits: Collection[str]) -> int:
    """Return how many shards a process takes at most: all shards by all processes, rounded up."""
    known = {*view.holders, *waits}.union(*view.standing.values())
    return -(-len(known) // len(_counts(view, process)))


def to_take(
    view: View, process: str, waits: Collection[str], neglected: Collection[str], left: Collection[str] = ()
) -> Sequence[str]:
    """Return the shards to take now.

    `waits` are those that this process could work for, `neglected` those among them that nobody has taken although they
    were free for a while: better too many than none. `left` were just given up, for another one to take.
    """
    mine = _counts(view, process)[process]
    room = max(0, share(view, process, waits) - mine)
    free = sorted(set(waits) - {*view.holders}, key=lambda shard: _order(process, shard))
    wanted = [shard for shard in free if shard not in left][:room]
    return [*wanted, *(shard for shard in free if shard in neglected and shard not in wanted)]


def to_give(view: View, process: str) -> str | None:
    """Return a shard that another process is to have, which works for two fewer at least; None: all is fair."""
    counts = _counts(view, process)
    mine = sorted(shard for shard, holder in view.holders.items() if holder == process)
    needy = sorted((other for other in counts if counts[other] <= len(mine) - 2), key=lambda it: (counts[it], it))
    for other in needy:
        wanted = sorted(view.standing.get(other, frozenset()).intersection(mine), key=lambda it: _order(other, it))
        if wanted:
            return wanted[0]
    return None


def _counts(view: View, process: str) -> Counter[str]:
    """Return for how many shards each process works that is there."""
    counts = Counter(view.holders.values())
    counts.update(dict.fromkeys([process, *view.standing], 0))
    return counts


def _order(process: str, shard: str) -> bytes:
    """Return an order of the shards that is another one for each process, so that few want the same."""
    return hashlib.sha256(f"{process} {shard}".encode()).digest()
