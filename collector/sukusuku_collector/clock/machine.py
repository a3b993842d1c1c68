"""The clocks of the computer that the collector runs on."""

import ctypes
import os
import time
import uuid
from pathlib import Path
from typing import Protocol

from sukusuku_collector.clock.judge import Instant
from sukusuku_core.clock import Clock

UPTIME = Path("/proc/uptime")
"""Read from the kernel and not by `clock_gettime`: a container or a debugger may show a process other clocks."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_LONGEST = 64
_FRESH = 0.1
"""Seconds for which the time since boot is counted on by the monotonic clock."""
_UNSYNCHRONISED = 0x40
_SIZE = 256
_STATUS = ctypes.sizeof(ctypes.c_long) * 5
"""Where `struct timex` has its status (adjtimex(2)): after modes (padded), offset, freq, maxerror and esterror."""


class Machine(Protocol):
    """What a computer knows of the time."""

    def __call__(self) -> Instant:
        """Return its clocks at this moment."""

    def ntp(self) -> bool:
        """Tell whether something keeps its clock right."""


class ThisMachine:
    """The clocks of this computer."""

    def __init__(self) -> None:
        self._boot = uuid.UUID(BOOT_ID.read_text(encoding="ascii").strip()).int >> 65
        """63 bits: a number that the store can keep."""
        self._uptime = os.open(UPTIME, os.O_RDONLY)
        self._read: tuple[int, float] | None = None
        self._libc = ctypes.CDLL(None)

    def __call__(self) -> Instant:
        """Return its clocks at this moment."""
        now = time.monotonic()
        if self._read is None or not 0 <= now - self._read[1] < _FRESH:
            since_boot = os.pread(self._uptime, _LONGEST, 0).split(maxsplit=1)[0]
            self._read = round(float(since_boot) * 1000), now
        uptime, read = self._read  # each message looks at the clocks: the file is read now and then
        return Instant(time.time_ns() // 1_000_000, uptime + round((now - read) * 1000), self._boot)

    def ntp(self) -> bool:
        """Tell whether the kernel's clock is kept by NTP: chrony, ntpd and systemd-timesyncd all tell it so."""
        timex = ctypes.create_string_buffer(_SIZE)
        if self._libc.adjtimex(timex) < 0:
            return False
        return not ctypes.c_int.from_buffer(timex, _STATUS).value & _UNSYNCHRONISED

    def close(self) -> None:
        """Give back the file."""
        os.close(self._uptime)


class SteadyMachine:
    """A computer whose clock is the one given, which is right: for replays and simulated time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __call__(self) -> Instant:
        """Return its clocks at this moment."""
        now = self._clock()
        return Instant(now, now, 0)

    def ntp(self) -> bool:
        """Tell whether something keeps its clock right."""
        return True
