"""The documents of several operators: a folder in which each operator has a folder with its `facility.toml`."""

from collections.abc import Mapping
from pathlib import Path

FILE = "facility.toml"


def documents(folder: Path) -> Mapping[str, Path]:
    """Return the document of each operator by the name of its folder. Raises OSError when `folder` cannot be read."""
    return {path.name: path / FILE for path in sorted(folder.iterdir()) if (path / FILE).is_file()}
