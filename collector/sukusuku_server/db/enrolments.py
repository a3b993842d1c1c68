"""Codes that were given out to enrol edge nodes: each for one node, for ten minutes, for once."""

from dataclasses import dataclass

import msgspec
from sqlalchemy import delete, insert, select

from sukusuku_core.enrolment import VALID_SECONDS, Answer, Code, new_nonce
from sukusuku_core.proof import same
from sukusuku_core.time import SECOND_MS
from sukusuku_server.db import audit_entry
from sukusuku_server.db.database import Operations
from sukusuku_server.db.node_certificates import issue
from sukusuku_server.db.node_keys import keep
from sukusuku_server.db.tables_nodes import enrolment
from sukusuku_server.settings import CertificateSettings

_C = enrolment.c
BY = "enrolment"
"""Under which name keys that are made here stand in the audit log."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What an edge node comes with: its random number, its request for a certificate (PEM, or empty), and the proof."""

    challenge: str
    request: str
    proof: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an edge node is answered, as it is on the wire, and the proof that it comes from here."""

    answer: bytes
    proof: str


class Enrolments:
    """The codes of a facility. Methods raise TransientError when the database does not answer."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def offer(self, answer: Answer, node: str, now: int, by: str) -> Code:
        """Make a code for a node; one that was given out for it before ends. `answer` still lacks its nonce."""
        code = Code.new(node)
        values = {"node": node, "secret": code.secret, "expires": now + VALID_SECONDS * SECOND_MS}
        with self._operations.writing() as connection:
            connection.execute(delete(enrolment).where((_C.node == node) | (_C.expires <= now)))
            connection.execute(insert(enrolment).values(**values, answer=msgspec.json.encode(answer).decode()))
            audit_entry.note(connection, now, by, "enrolment.offer", node)
        return code

    def accept(self, node: str, asking: Asking, certificates: CertificateSettings | None, now: int) -> Accepted | None:
        """Enrol a node that has its code: its new key holds, the code does not any more. None: it has no such code.

        `certificates`: None, it gets none. Raises ValueError when what it asks for one with is no request; then the
        code holds on.
        """
        challenge = asking.challenge
        with self._operations.writing() as connection:
            row = connection.execute(select(enrolment).where((_C.node == node) & (_C.expires > now))).first()
            if row is None:
                return None
            code = Code(node, row.secret)
            if not same(asking.proof, code.request(challenge, asking.request)):
                return None
            connection.execute(delete(enrolment).where(_C.node == node))
            nonce = new_nonce()
            keep(connection, node, code.key(challenge, nonce), now, BY)
            answer = msgspec.structs.replace(msgspec.json.decode(row.answer, type=Answer), nonce=nonce)
            if certificates is not None and asking.request:
                made = issue(connection, node, asking.request, certificates.valid_days, now, BY)
                answer = msgspec.structs.replace(answer, certificate=made.pem, port=certificates.port)
        told = msgspec.json.encode(answer)
        return Accepted(told, code.answered(challenge, told))
