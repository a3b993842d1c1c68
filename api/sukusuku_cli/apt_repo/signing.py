"""The key that signs a repository: OpenPGP with Ed25519, the form that apt of Debian 12 (gpgv) and 13 (sqv) takes."""

import stat
from pathlib import Path
from typing import Self

from pysequoia import CipherSuite, Profile, SignatureMode, Tsk, sign

from sukusuku_cli import key_file
from sukusuku_core.errors import ConfigError

_OWNER = "Sukusuku packages"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Key:
    """A secret key. `public` is what a computer needs that trusts it, as text."""

    def __init__(self, secret: Tsk) -> None:
        self._secret = secret
        certificate = secret.extract_certificate()
        self.public = str(certificate)
        self.fingerprint = certificate.fingerprint.upper()

    @classmethod
    def new(cls) -> Self:
        """Make a key. It does not end: edge nodes whose key has ended would never again be updated."""
        return cls(Tsk.generate(_OWNER, profile=Profile.RFC4880, cipher_suite=CipherSuite.Cv25519))

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the key in a file. Raises ConfigError, which does not show it."""
        try:
            mode, content = path.stat().st_mode, path.read_bytes()
        except OSError as error:
            raise ConfigError(f"the key of the repository cannot be read: {error}; `key` makes one") from error
        if mode & _OTHERS:
            raise ConfigError(f"other accounts may use {path} (mode {stat.S_IMODE(mode):o}): chmod 600 {path}")
        try:
            return cls(Tsk.from_bytes(content))
        except RuntimeError as error:  # the rest of its text is a stack of the library
            why = str(error).partition("\n")[0]
            raise ConfigError(f"{path}: expected an OpenPGP secret key without a password: {why}") from error

    def write(self, path: Path) -> None:
        """Keep it in a new file of its owner. Raises ConfigError when there is one, or it cannot be written."""
        key_file.write_new(path, str(self._secret), held="edge nodes trust that one")

    def clear_signed(self, text: bytes) -> bytes:
        """Return the text with its signature around it (RFC 9580, section 7)."""
        signed: bytes = sign(self._secret.signer(), text, mode=SignatureMode.CLEAR)
        return signed
