"""The clocks of the computer, and the agent's own time that is made of them."""

import logging
import time
from pathlib import Path
from typing import Protocol

from sukusuku_core.time import EARLIEST_CLOCK
from sukusuku_edge.timeline import Moment, Phase, Timeline

TIMESYNC = "run/systemd/timesync"

_log = logging.getLogger("sukusuku_edge.clock")


class BootClock(Protocol):
    """What a computer knows of the time."""

    boot: str
    """An id that every boot gets anew."""

    def __call__(self) -> Moment:
        """Return the clocks at this moment."""


class SystemClock:
    """The clocks of this computer.

    It counts as set when `sync_file` is there. By default that is the file of systemd-timesyncd; where that service
    does not run, somebody else keeps the clock, and it is trusted.
    """

    def __init__(self, sync_file: str | None = None, root: Path = Path("/")) -> None:
        self.boot = (root / "proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        timesync = root / TIMESYNC
        self._file = timesync / "synchronized" if timesync.is_dir() else None
        if sync_file is not None:
            self._file = Path(sync_file)
        self._synced = False

    def __call__(self) -> Moment:
        """Return the clocks at this moment. Once set, the clock stays so until the next boot."""
        uptime, wall = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000, time.time_ns() // 1_000_000
        if not self._synced:
            self._synced = wall >= EARLIEST_CLOCK and (self._file is None or self._file.exists())
        return Moment(uptime, wall, self._synced)


class Timekeeper:
    """The agent's time in UTC ms: `keeper()`. It steps once, in `observe`, when the clock has been set."""

    def __init__(self, clock: BootClock, floor: int | None, oldest: int | None, hold: float) -> None:
        self._clock = clock
        self._line = Timeline.begin(clock(), floor, oldest, round(hold * 1000))

    def __call__(self) -> int:
        """Return the best known time."""
        return self._line.now(self._clock())

    @property
    def line(self) -> Timeline:
        """The rules behind."""
        return self._line

    @property
    def held(self) -> bool:
        """Whether readings have to wait for the clock."""
        return self._line.phase is Phase.HELD

    def observe(self) -> bool:
        """Look at the clock; True when readings that are held may go."""
        if not self._line.observe(self._clock()):
            return False
        if self._line.phase is Phase.ESTIMATED:
            _log.warning(
                "the clock has not been set for %g s: readings go with estimated times; check the network and NTP",
                self._line.hold / 1000,
            )
        elif self._line.correction:
            _log.info("the clock has been set; times since boot are corrected by %g s", self._line.correction / 1000)
        return True
