"""Keys of edge nodes, with which the collector proves what it says to them.

They are here and not in a folder, so that each that is made or revoked stands in the audit log in the same transaction,
several collectors read the same ones, and a backup that brings back the rest brings them back too: a node goes on
asking for proofs of a collector that was restored.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from sukusuku_core.proof import ProofKey
from sukusuku_server.access.records import UnknownAccountError
from sukusuku_server.db import audit_entry, node_certificates
from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_nodes import enrolment, node_key

_C = node_key.c
_HOLDING = select(node_key).where(_C.revoked.is_(None)).order_by(_C.node, _C.id)
"""Made once, for it is asked again and again."""
AT_ONCE = 2
"""Keys of one node that hold: the new one, and the one that the node still uses until it has got it."""


@dataclass(frozen=True, slots=True)
class NodeKeyRow:
    """A key that holds. `created` is UTC ms."""

    node: str
    key: ProofKey
    created: int
    created_by: str


def keep(connection: Connection, node: str, key: ProofKey, now: int, by: str) -> None:
    """Keep a new key of a node, within a transaction. The one before holds on; older ones are revoked."""
    holding = select(_C.id).where((_C.node == node) & _C.revoked.is_(None)).order_by(_C.id.desc())
    for row in connection.execute(holding).all()[AT_ONCE - 1 :]:
        connection.execute(update(node_key).where(_C.id == row.id).values(revoked=now))
    connection.execute(insert(node_key).values(node=node, value=key.value, created=now, created_by=by[:120]))
    audit_entry.note(connection, now, by, "node_key.make", node, after={"key": key.ident})


class NodeKeys:
    """The keys of a facility. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def make(self, node: str, now: int, by: str) -> ProofKey:
        """Make a key. The one before holds on until the next is made; older ones are revoked."""
        key = ProofKey.new()
        with self._operations.writing() as connection:
            keep(connection, node, key, now, by)
        return key

    def holding(self) -> list[NodeKeyRow]:
        """Return every key that holds, by node, the newest of a node last."""
        with self._operations.reading() as connection:
            found = connection.execute(_HOLDING)
            return [NodeKeyRow(row.node, ProofKey(bytes(row.value)), row.created, row.created_by) for row in found]

    def revoke(self, node: str, now: int, by: str) -> None:
        """End all keys and certificates of a node, and the code with which it could get others.

        Raises UnknownAccountError when it has none.

        What it sends is not acknowledged any more.
        """
        code = (enrolment.c.node == node) & (enrolment.c.expires > now)
        own = (_C.node == node) & _C.revoked.is_(None)
        with self._operations.writing() as connection:
            ended = connection.execute(delete(enrolment).where(code)).rowcount
            ended += connection.execute(update(node_key).where(own).values(revoked=now)).rowcount
            ended += node_certificates.revoke(connection, node, now)
            if not ended:
                raise UnknownAccountError(f"edge node {node!r} has no key that holds")
            audit_entry.note(connection, now, by, "node_key.revoke", node)
