"""What a browser keeps while it is away at the provider: a cookie of its own that binds the way back to the way there.

Whoever reads or writes the cookies of a browser is in it already, so the cookie is neither signed nor kept here as
well: nobody can fill this server with sign-ins that were begun and left.
"""

import base64
import binascii
import secrets
from dataclasses import dataclass

import msgspec

from sukusuku_core.time import MINUTE_MS
from sukusuku_server.settings import Language

LASTS_MS = 10 * MINUTE_MS
_BYTES = 32
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-in that has begun at `began` (UTC ms).

    `state` comes back in the address, `nonce` in the ID token, and `verifier` proves to the provider that the code is
    redeemed by whoever asked for it (PKCE, RFC 7636). `then` is the page that was asked for. `account` is who wants to
    link their account; 0: nobody, it is a sign-in.
    """

    state: str
    nonce: str
    verifier: str
    began: int
    then: str
    language: Language
    account: int = 0

    def holds(self, state: str, now: int) -> bool:
        """Tell whether an answer with this state belongs to it, and has come in time."""
        return secrets.compare_digest(self.state.encode(), state.encode()) and 0 <= now - self.began < LASTS_MS


def begin(then: str, language: Language, now: int, account: int = 0) -> Flow:
    """Return a new sign-in, or the linking of an account, with random values that nobody can guess."""
    state, nonce, verifier = (secrets.token_urlsafe(_BYTES) for _ in range(3))
    return Flow(state, nonce, verifier, now, then, language, account)


def written(flow: Flow) -> str:
    """Return the value of the cookie."""
    return base64.urlsafe_b64encode(msgspec.json.encode(flow)).decode().rstrip("=")


def read(cookie: str) -> Flow | None:
    """Return what `written` wrote; None: anything else."""
    try:
        text = base64.urlsafe_b64decode(cookie[:_LONGEST] + "=" * (-len(cookie) % 4))
        return msgspec.json.decode(text, type=Flow)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        return None
