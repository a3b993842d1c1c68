"""Files with a secret that is made once and that only their owner reads."""

import os
from pathlib import Path

from sukusuku_core.errors import ConfigError


def write_new(path: Path, text: str, *, held: str) -> None:
    """Keep a secret in a new file of its owner.

    `held` is why one that is there stays. Raises ConfigError for that, and when the file cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(f"{path}: there is a key already; {held}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error}") from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
