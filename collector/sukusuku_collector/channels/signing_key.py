"""Keys that both sides of a signature share, in the form of Standard Webhooks: `whsec_` and base64."""

import base64
import secrets

from sukusuku_core.errors import ConfigError
from sukusuku_server.settings import Channel

PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64
"""Bytes of a key that Standard Webhooks allows."""


def new() -> str:
    """Return a fresh key in the form that both sides keep."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def read(settings: Channel) -> bytes:
    """Return the key of a channel. Raises ConfigError, which does not show it."""
    where, text = f"channel `{settings.id}`: key", settings.signing_key()
    if text is None:
        raise ConfigError(f"{where}: missing; `sukusuku notify --new-key` makes one, and the receiver needs the same")
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except ValueError as error:  # binascii.Error is one; characters beyond ASCII raise another
        raise ConfigError(f"{where}: is not base64 behind `{PREFIX}`") from error
    if not _SHORTEST <= len(key) <= _LONGEST:
        raise ConfigError(f"{where}: has {len(key)} bytes, allowed: {_SHORTEST} to {_LONGEST}")
    return key
