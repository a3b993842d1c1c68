"""Certificates of edge nodes, beside their keys: who signs them, which hold, and which the broker shall refuse.

They are here for the same reasons as the keys: each that is made or revoked is in the audit log in the same step,
and a server that was restored goes on with the same authority, so that no node has to be enrolled again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from sukusuku_core.certificates import Certificate, read
from sukusuku_core.errors import ConfigError
from sukusuku_core.proof import ProofKey, same
from sukusuku_core.renewal import Asked, Renewed, answered, asking
from sukusuku_core.time import DAY_MS
from sukusuku_server.access.records import UnknownAccountError
from sukusuku_server.certificates.authority import Authority
from sukusuku_server.db import audit_entry
from sukusuku_server.db.database import Operations
from sukusuku_server.db.tables_nodes import node_authority, node_certificate, node_key

_A, _C = node_authority.c, node_certificate.c
AUTHORITY = "Sukusuku edge nodes"
BY = "renewal"
"""Under which name certificates that nodes renew stand in the audit log."""


@dataclass(frozen=True, slots=True)
class NodeCertificateRow:
    """The newest certificate of a node that is not revoked. Times are UTC ms.

    `asked`: when the node last asked, with it, whether all is well; None: never. `outdated`: it shall have another one,
    because one was asked for here, or because another authority signs now.
    """

    node: str
    serial: str
    ends: int
    asked: int | None
    outdated: bool


@dataclass(frozen=True, slots=True)
class BrokerFiles:
    """What the broker must know, as PEM: whose certificates it believes, and which it refuses all the same."""

    authorities: str
    revoked: str


@dataclass(frozen=True, slots=True)
class Answered:
    """What a node is answered, as it is on the wire, and the proof that it comes from here."""

    answer: bytes
    proof: str


def issue(connection: Connection, node: str, request: str, days: int, now: int, by: str) -> Certificate:
    """Sign a request (PEM) of a node, within a transaction. The same request again gets the same certificate.

    Raises ValueError when the request is none.
    """
    digest = sha256(request.encode()).hexdigest()
    own = (_C.node == node) & _C.revoked.is_(None) & (_C.request == digest)
    before = connection.execute(select(_C.certificate).where(own)).scalar()
    if before is not None:
        return read(before)[0]
    ident, authority = _signing(connection, now)
    made = authority.sign(request, node, now, now + days * DAY_MS)
    values = {"node": node, "serial": made.serial, "authority": ident, "request": digest, "certificate": made.pem}
    connection.execute(insert(node_certificate).values(**values, issued=now, ends=made.ends))
    audit_entry.note(connection, now, by, "node_certificate.issue", node, after={"serial": made.serial})
    return made


def revoke(connection: Connection, node: str, now: int) -> int:
    """End all certificates of a node, within a transaction. Return how many there were; `for_broker` tells of them."""
    own = (_C.node == node) & _C.revoked.is_(None) & (_C.ends > now)
    return connection.execute(update(node_certificate).where(own).values(revoked=now)).rowcount


class NodeCertificates:
    """The certificates of a facility. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def renew(self, node: str, asked: Asked, authorities: str, days: int, now: int) -> Answered | None:
        """Answer a node that asks with one of its keys. None: it has none that holds. Raises ValueError like `issue`.

        `authorities`: by which it knows the broker (PEM).
        """
        with self._operations.writing() as connection:
            key = _key(connection, node, asked)
            if key is None:
                return None
            own = (_C.node == node) & (_C.serial == asked.serial)
            connection.execute(update(node_certificate).where(own).values(asked=now))
            certificate = issue(connection, node, asked.request, days, now, BY).pem if asked.request else ""
            due = not certificate and any(it.node == node and it.outdated for it in _newest(connection))
        told = msgspec.json.encode(Renewed(authorities=authorities, certificate=certificate, due=due))
        return Answered(told, answered(key, node, asked.challenge, told))

    def newest(self) -> list[NodeCertificateRow]:
        """Return the newest certificate of each node that is not revoked, by node."""
        with self._operations.reading() as connection:
            return _newest(connection)

    def authorities(self) -> list[Certificate]:
        """Return the authorities that are in use, the one that signs last; none before the first certificate."""
        with self._operations.reading() as connection:
            return [read(row.certificate)[0] for row in _used(connection)]

    def replace(self, node: str, now: int) -> None:
        """Let a node get another certificate when it next asks. The one that it has holds, and so does its key.

        Raises UnknownAccountError when it has none.
        """
        own = (_C.node == node) & _C.revoked.is_(None)
        with self._operations.writing() as connection:
            if not connection.execute(update(node_certificate).where(own).values(replaced=now)).rowcount:
                raise UnknownAccountError(f"edge node {node!r} has no certificate; enrol it again to give it one")

    def change_authority(self, now: int, by: str) -> None:
        """Let another authority sign from now on. The one before is believed until each node has a new certificate."""
        with self._operations.writing() as connection:
            _make(connection, now, by)

    def for_broker(self, now: int, by: str) -> BrokerFiles:
        """Return what the broker must know; the first time, an authority is made."""
        with self._operations.writing() as connection:
            _signing(connection, now, by)
            lists, used = [], _used(connection)
            for row in used:
                held = _C.revoked.is_not(None) & (_C.ends > now) & (_C.authority == row.id)
                ended = connection.execute(select(_C.serial, _C.revoked).where(held).order_by(_C.id)).all()
                serials = [(it.serial, it.revoked) for it in ended]
                lists.append(Authority.read(row.certificate, row.key).revoked(serials, now))
        return BrokerFiles("".join(row.certificate for row in used), "".join(lists))


def _key(connection: Connection, node: str, asked: Asked) -> ProofKey | None:
    held = select(node_key.c.value).where((node_key.c.node == node) & node_key.c.revoked.is_(None))
    for value in connection.execute(held).scalars():
        key = ProofKey(bytes(value))
        if same(asked.proof, asking(key, node, asked.challenge, asked.serial, asked.request).proof):
            return key
    return None


def _newest(connection: Connection) -> list[NodeCertificateRow]:
    signs = connection.execute(select(_A.id).order_by(_A.id.desc())).scalar()
    found = connection.execute(select(node_certificate).where(_C.revoked.is_(None)).order_by(_C.node, _C.id))
    newest = {row.node: row for row in found}
    return [
        NodeCertificateRow(
            row.node, row.serial, row.ends, row.asked, row.replaced is not None or row.authority != signs
        )
        for row in newest.values()
    ]


def _signing(connection: Connection, now: int, by: str = BY) -> tuple[int, Authority]:
    row = connection.execute(select(node_authority).order_by(_A.id.desc())).first() or _make(connection, now, by)
    try:
        return row.id, Authority.read(row.certificate, row.key)
    except ValueError as error:
        raise ConfigError(f"the authority of the edge nodes in the operations data cannot be read: {error}") from error


def _make(connection: Connection, now: int, by: str) -> Row[tuple[object, ...]]:
    made = Authority.new(f"{AUTHORITY} {now // 1000}", now)
    connection.execute(insert(node_authority).values(certificate=made.certificate.pem, key=made.key, created=now))
    audit_entry.note(connection, now, by, "node_authority.make", made.certificate.name)
    return connection.execute(select(node_authority).order_by(_A.id.desc()).limit(1)).one()


def _used(connection: Connection) -> Sequence[Row[tuple[object, ...]]]:
    """Return the authority that signs, last, and before it those of the newest certificate of some node."""
    found = connection.execute(select(node_authority).order_by(_A.id)).all()
    serials = [row.serial for row in _newest(connection)]
    used = set(connection.execute(select(_C.authority).where(_C.serial.in_(serials))).scalars())
    return [row for row in found if row.id in used or row == found[-1]]
