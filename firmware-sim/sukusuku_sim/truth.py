"""The truth log: what devices really showed and what really happened, one JSON object per line.

`{"time": UTC ms, "kind": "point", "device": id, "point": name, "value": v}` whenever a shown value changes, in the form
in which the profile decodes it; for a JSON sensor with `"seq"`, the number of the message that carried it.
`{"time": UTC ms, "kind": "event", "asset" or "device": id, "event": name}` for everything else.
"""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from sukusuku_core.errors import ConfigError
from sukusuku_core.model import Value
from sukusuku_core.registers import Decoded


class TruthLog:
    """`with TruthLog(path) as truth`: starts the file anew."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = path.open("wb")
        except OSError as error:
            raise ConfigError(f"{path}: the truth log cannot be written: {error}") from error
        self._encoder = msgspec.json.Encoder()
        self._shown: dict[tuple[str, str], Value | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def points(self, time: int, device: str, shown: Mapping[str, Decoded], seq: int | None = None) -> None:
        """Write what a device shows from `time` on. Only changes are written."""
        for name, decoded in shown.items():
            key = (device, name)
            if key in self._shown and self._shown[key] == decoded.value:
                continue
            self._shown[key] = decoded.value
            line: dict[str, Value | None] = {"time": time, "kind": "point", "device": device}
            line |= {"point": name, "value": decoded.value}
            self._write(line if seq is None else line | {"seq": seq})

    def asset(self, time: int, asset: str, event: str) -> None:
        """Something happened to a unit or a room."""
        self._write({"time": time, "kind": "event", "asset": asset, "event": event})

    def device(self, time: int, device: str, event: str) -> None:
        """Write that a device died, refuses, or is back."""
        self._write({"time": time, "kind": "event", "device": device, "event": event})

    def flush(self) -> None:
        """Hands the lines to the operating system, so that a reader of the file sees them."""
        self._file.flush()

    def _write(self, line: Mapping[str, Value | None]) -> None:
        self._file.write(self._encoder.encode(line) + b"\n")
