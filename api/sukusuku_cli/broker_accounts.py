"""Accounts in the password file of Mosquitto, as `mosquitto_passwd` writes them, with no password on a command line."""

import base64
import hashlib
import os
from pathlib import Path

from sukusuku_core.errors import ConfigError
from sukusuku_server.facility_document.version_folder import store

_ROUNDS, _SALT_BYTES = 101, 12
_PBKDF2 = 7
"""Mosquitto's number of PBKDF2 with SHA-512."""


def put(file: Path, account: str, password: str) -> None:
    """Make an account, or give it another password. Raises ConfigError when the file is not there or not to be used."""
    salt = os.urandom(_SALT_BYTES)
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS)
    said = f"{account}:${_PBKDF2}${_ROUNDS}${_text(salt)}${_text(made)}"
    _write(file, account, [said])


def remove(file: Path, account: str) -> None:
    """End an account; one that is not there has ended. Raises ConfigError likewise."""
    _write(file, account, [])


def _write(file: Path, account: str, lines: list[str]) -> None:
    try:
        kept = [line for line in file.read_text(encoding="utf-8").splitlines() if line.partition(":")[0] != account]
        known = file.stat()
        content = "".join(f"{line}\n" for line in [*kept, *lines])
        store(file, content.encode(), known.st_mode & 0o7777, (known.st_uid, known.st_gid))
    except OSError as error:
        raise ConfigError(f"{file}: the broker's accounts cannot be changed: {error}; run this as root") from error


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
