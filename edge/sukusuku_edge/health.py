"""How the computer is: power, temperature, room on the disk. What it does not tell is left out."""

import contextlib
import shutil
from pathlib import Path

from sukusuku_core.model import Value

THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
THERMAL = "sys/class/thermal"
_UNDERVOLTAGE = 1 << 0 | 1 << 16
"""Now, and since the start."""
_CPU = ("cpu-thermal", "cpu_thermal", "x86_pkg_temp", "soc-thermal")


class Computer:
    """Reads below `root`; `disk` is where the outbox lies."""

    def __init__(self, disk: Path, root: Path = Path("/")) -> None:
        self._disk = disk
        self._root = root

    def values(self) -> dict[str, Value]:
        """Metrics of the node."""
        found: dict[str, Value] = {}
        with contextlib.suppress(OSError, ValueError):
            bits = int((self._root / THROTTLED).read_text(encoding="ascii"), 16)
            found["Power/Undervoltage"] = bool(bits & _UNDERVOLTAGE)
        with contextlib.suppress(OSError):
            found["Disk/Free"] = shutil.disk_usage(self._disk).free // 1_000_000
        temperature = self._temperature()
        if temperature is not None:
            found["Cpu/Temperature"] = temperature
        return found

    def _temperature(self) -> float | None:
        zones: dict[str, float] = {}
        for zone in sorted((self._root / THERMAL).glob("thermal_zone*")):
            with contextlib.suppress(OSError, ValueError):
                kind = (zone / "type").read_text(encoding="ascii").strip()
                zones.setdefault(kind, int((zone / "temp").read_text(encoding="ascii")) / 1000)
        return next((zones[kind] for kind in _CPU if kind in zones), None)
