"""The key of backups, and what it does to their contents. The one file that knows `cryptography`.

AES-256-GCM: nobody without the key reads a block, changes it, or puts it under another name. The name of a block is a
keyed digest of what is in it, so that the same content is kept once and its name tells nothing of it.
"""

import base64
import binascii
import hmac
import secrets
import stat
from hashlib import sha256
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from sukusuku_core.errors import ConfigError, PermanentError

KEY_BYTES = 32
_NONCE_BYTES = 12
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class DamagedError(PermanentError):
    """What is in a backup is not what was put there, or the key is another one."""


class BackupKey:
    """The key of a folder of backups. Whoever has it reads them all; without it nobody does, its owner included."""

    def __init__(self, secret: bytes) -> None:
        """Raise ValueError when it is no key."""
        if len(secret) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, found {len(secret)}")
        self.text = base64.b64encode(secret).decode("ascii")
        """The key as a file holds it."""
        self._naming = HKDFExpand(SHA256(), KEY_BYTES, b"sukusuku backup 1: names").derive(secret)
        self._sealing = AESGCM(HKDFExpand(SHA256(), KEY_BYTES, b"sukusuku backup 1: contents").derive(secret))

    @classmethod
    def new(cls) -> Self:
        """Make a key."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the key in a file. Raises ConfigError, which does not show it."""
        try:
            mode, text = path.stat().st_mode, path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"the key of backups cannot be read: {error}") from error
        if mode & _OTHERS:
            raise ConfigError(
                f"the key of backups: other accounts may use {path} (mode {stat.S_IMODE(mode):o}): chmod 600 {path}"
            )
        try:
            return cls(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            raise ConfigError(
                f"{path} holds no key of backups; expected the line that `sukusuku backup FACILITY.toml key` made"
            ) from None

    def name(self, content: bytes) -> str:
        """Return the name of a content: the same content has the same one."""
        return hmac.new(self._naming, content, sha256).hexdigest()

    def seal(self, content: bytes, name: str) -> bytes:
        """Return the content as only this key opens it, and only under this name."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._sealing.encrypt(nonce, content, name.encode())

    def open(self, sealed: bytes, name: str) -> bytes:
        """Return what was sealed under this name. Raises DamagedError."""
        try:
            return self._sealing.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
        except (InvalidTag, ValueError):
            raise DamagedError(f"{name}: damaged, or made with another key") from None
