"""The key of this edge node: where the settings say that it is, and reading it."""

import stat
from pathlib import Path

from sukusuku_core.errors import ConfigError
from sukusuku_core.proof import ProofKey
from sukusuku_core.settings import Settings

_OPEN = stat.S_IRWXG | stat.S_IRWXO


class UplinkSettings(Settings, frozen=True, kw_only=True):
    """The key with which the collector proves what it says; give one of the two.

    Without it whoever may publish on the broker can make this node delete what nobody has stored.
    """

    key_file: str | None = None
    """A file that only this program may read, with the line that `sukusuku nodes key` has printed."""
    key: str | None = None
    """That line itself: "env:NAME"."""


def read(settings: UplinkSettings, where: str) -> ProofKey | None:
    """Return the key, None when there is none. `where` is the key path of the table. Raises ConfigError."""
    if settings.key is not None and settings.key_file is not None:
        raise ConfigError(f"{where}: give `key_file` or `key`, not both")
    if settings.key is not None:
        return _key(settings.key, f"{where}.key")
    if settings.key_file is None:
        return None
    path, where = Path(settings.key_file), f"{where}.key_file"
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: {path} cannot be read: {error}") from error
    if mode & _OPEN:
        raise ConfigError(f"{where}: other accounts may use {path} (mode {stat.S_IMODE(mode):o}): chmod 600 {path}")
    return _key(text, where)


def _key(text: str, where: str) -> ProofKey:
    try:
        return ProofKey.read(text)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error
