"""Which keys of edge nodes hold: looked up every few seconds, so that one that is made or revoked counts soon."""

import asyncio
import itertools
import logging
from operator import attrgetter

from sukusuku_collector.ingest.proofs import KeyRing
from sukusuku_core.errors import TransientError
from sukusuku_core.transition_log import TransitionLog
from sukusuku_server.db.node_keys import NodeKeys

EVERY = 5.0
"""Seconds."""

_log = logging.getLogger("sukusuku_collector.maintenance.node_keys")


def read(keys: NodeKeys, ring: KeyRing) -> None:
    """Let the keys hold that hold in the operations data. Raises TransientError."""
    by_node = itertools.groupby(keys.holding(), key=attrgetter("node"))
    ring.take({node: [row.key for row in rows] for node, rows in by_node})


async def follow(keys: NodeKeys, ring: KeyRing) -> None:
    """Do so until cancelled. While the operations data cannot be read, those of before hold."""
    problems = TransitionLog(_log)
    while True:
        await asyncio.sleep(EVERY)
        try:
            read(keys, ring)
        except TransientError as error:
            problems.problem("node keys", "cannot be read, those of before hold", error)
        else:
            problems.recovered("node keys", "can be read again")
