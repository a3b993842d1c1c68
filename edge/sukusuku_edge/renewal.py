"""The certificate of this edge node: renewed in time, with whom it trusts, and how it stands with that.

The server is asked every hour, so that it can change its authority, or this certificate, at any time. A new one is due
when a third of the life of the old one is left, and asked for at that moment. Certificate and key are one file, which
is replaced in one step.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sukusuku_core.backoff import Backoff
from sukusuku_core.certificates import Certificate, Request, read
from sukusuku_core.clock import Clock
from sukusuku_core.errors import PermanentError, SukusukuError
from sukusuku_core.proof import ProofKey, new_challenge, same
from sukusuku_core.renewal import Renewed, answered, asking
from sukusuku_core.time import SECOND_MS, japan_time
from sukusuku_core.transition_log import TransitionLog
from sukusuku_edge import durable_file
from sukusuku_edge.http_client import Ask
from sukusuku_edge.status_report import CertificateLine

EVERY_SECONDS = 3600.0
FIRST_SECONDS, LONGEST_SECONDS = 5.0, 600.0
"""Pauses after failures."""
PRIVATE, PUBLIC = 0o600, 0o644

_log = logging.getLogger("sukusuku_edge.renewal")


@dataclass(frozen=True, slots=True)
class Place:
    """A node, where the server is, and the files of its certificate with the key and of the broker's authorities."""

    node: str
    url: str
    certificate: Path
    authorities: Path


class Renewal:
    """Keeps a certificate young. `ask` is how the server is asked, `pauses` are those after failures."""

    def __init__(self, place: Place, key: ProofKey, ask: Ask, clock: Clock, pauses: Backoff | None = None) -> None:
        self._place = place
        self._key = key
        self._ask = ask
        self._clock = clock
        self._backoff = pauses or Backoff(FIRST_SECONDS, LONGEST_SECONDS, jitter=0.3)
        self._asked: int | None = None
        self._trouble = ""
        self._problems = TransitionLog(_log)

    async def run(self, renewed: Callable[[str], None]) -> None:
        """Go on until cancelled. `renewed` is called with the reason when there is another certificate."""
        while True:
            try:
                made = await asyncio.to_thread(self.look)
                pause = self.pause()
            except (SukusukuError, OSError, ValueError) as error:
                self._trouble = str(error)
                self._problems.problem("certificate", "cannot be renewed, trying again", error)
                await asyncio.sleep(self._backoff.next())
                continue
            self._backoff.reset()
            self._trouble, self._asked = "", self._clock()
            self._problems.recovered("certificate", "the server answers again")
            if made is not None:
                _log.info("a new certificate holds until %s", f"{japan_time(made.ends):%Y-%m-%d %H:%M}")
                renewed("there is a new certificate")
            await asyncio.sleep(pause)

    def look(self) -> Certificate | None:
        """Ask the server; renew what is due. Return the new certificate; None: there is none.

        Raises SukusukuError, OSError or ValueError when it does not answer, refuses, or files cannot be used.
        """
        held = self._held()
        if self._clock() < _due(held):
            found = self._exchange(held, None)
            if not found.due:
                return None
        wanted = Request.new(self._place.node)
        made = read(self._exchange(held, wanted).certificate)[0]
        if made.name != self._place.node or not wanted.fits(made):
            raise PermanentError("the certificate that came is not for this node and its new key")
        durable_file.replace(self._place.certificate, made.pem + wanted.key, PRIVATE)
        return made

    @property
    def line(self) -> CertificateLine:
        """How it stands."""
        try:
            ends = self._held().ends
        except (OSError, ValueError) as error:
            return CertificateLine(0, self._asked, str(error))
        return CertificateLine(ends, self._asked, self._trouble)

    def pause(self) -> float:
        """Return the seconds until the server is asked again.

        What is due by this clock although the server has just been asked is due by a wrong clock: it is not hurried.
        """
        left = (_due(self._held()) - self._clock()) / SECOND_MS
        return left if 0 < left < EVERY_SECONDS else EVERY_SECONDS

    def _held(self) -> Certificate:
        return read(self._place.certificate.read_text(encoding="ascii"))[0]

    def _exchange(self, held: Certificate, wanted: Request | None) -> Renewed:
        """Ask, and take over whom the node shall trust."""
        challenge, node = new_challenge(), self._place.node
        asked = asking(self._key, node, challenge, held.serial, "" if wanted is None else wanted.text)
        told = self._ask(
            f"{self._place.url.rstrip('/')}/api/v1/enrolments/{node}/certificate", msgspec.json.encode(asked)
        )
        found = self._believed(challenge, told)
        if found.authorities and read(found.authorities):
            before = self._place.authorities.read_text(encoding="ascii", errors="ignore")
            if found.authorities != before:
                durable_file.replace(self._place.authorities, found.authorities, PUBLIC)
                _log.info("the server names other authorities of the broker; they are trusted from now on")
        return found

    def _believed(self, challenge: str, told: bytes) -> Renewed:
        try:
            outer = json.loads(told)
            raw, proof = outer["answer"].encode(), outer["proof"]
            answer = msgspec.json.decode(raw, type=Renewed)
        except (ValueError, KeyError, TypeError, AttributeError, msgspec.MsgspecError) as error:
            raise PermanentError(f"what answers there is no Sukusuku server: {error}") from error
        if not same(proof, answered(self._key, self._place.node, challenge, raw)):
            raise PermanentError("what answers there has not the key of this node; nothing was changed")
        return answer


def _due(held: Certificate) -> int:
    """When it is to be renewed (UTC ms)."""
    return held.ends - (held.ends - held.begins) // 3
