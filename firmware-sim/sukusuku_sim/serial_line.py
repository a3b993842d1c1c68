"""An RS485 line with simulated Modbus RTU devices: a pair of pseudo terminals with the timing of real characters."""

import asyncio
import contextlib
import os
import tty
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pymodbus.constants import ExcCodes

from sukusuku_core import frames
from sukusuku_core.ending import end
from sukusuku_core.errors import ConfigError
from sukusuku_sim.server import SimulatedDevice

REQUEST = 8
"""Bytes of every request that reads or writes one thing."""
PIECE = 8
"""Characters that are sent at a time."""
_READ = frozenset(frames.READ.values())

Disturb = Callable[[bytes, bytes], Sequence[tuple[float, bytes]]]
"""From a request and its answer (empty: none) to what goes over the line: seconds to wait, then bytes, and so on."""


def _undisturbed(_request: bytes, answer: bytes) -> Sequence[tuple[float, bytes]]:
    return [(0.0, answer)]


class SerialLine:
    """`async with SerialLine(path, devices)`: the devices answer on the serial port that `path` then leads to.

    Devices are found by their unit id; units that are not there, or dead, say nothing. Raises ConfigError when there is
    something else at `path`.
    """

    def __init__(
        self, path: Path, devices: Mapping[int, SimulatedDevice], baud: int = 9600, disturb: Disturb = _undisturbed
    ) -> None:
        self._path = path
        self._devices = devices
        self._character = 11 / baud
        self._disturb = disturb
        self._waiting: deque[bytes] = deque()
        self._came = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        os.set_blocking(self._ours, False)
        try:
            if self._path.is_symlink():
                self._path.unlink()  # left behind by a run that was killed
            self._path.symlink_to(os.ttyname(self._theirs))
        except OSError as error:
            self._close()
            raise ConfigError(f"{self._path}: a serial port cannot be put here: {error.strerror}") from error
        asyncio.get_running_loop().add_reader(self._ours, self._read)
        self._task = asyncio.create_task(self._serve(), name=f"serial-{self._path.name}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await end([self._task])
        finally:
            asyncio.get_running_loop().remove_reader(self._ours)
            self._path.unlink(missing_ok=True)
            self._close()

    def _close(self) -> None:
        os.close(self._ours)
        os.close(self._theirs)

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._waiting.append(os.read(self._ours, 1024))
            self._came.set()

    async def _serve(self) -> None:
        while True:
            await self._came.wait()
            self._came.clear()
            request = b"".join(self._waiting)
            self._waiting.clear()
            # What the master sent takes its time on the line, and then every device waits for the end of the frame.
            await asyncio.sleep((len(request) + 3.5) * self._character)
            for pause, data in self._disturb(request, self._answer(request)):
                await asyncio.sleep(pause)
                await self._send(data)

    async def _send(self, data: bytes) -> None:
        for start in range(0, len(data), PIECE):
            piece = data[start : start + PIECE]
            await asyncio.sleep(len(piece) * self._character)
            with contextlib.suppress(BlockingIOError):  # nobody reads
                os.write(self._ours, piece)

    def _answer(self, request: bytes) -> bytes:
        if len(request) != REQUEST or frames.checksum(request[:-2]) != request[-2:]:
            return b""
        unit, function = request[0], request[1]
        device = self._devices.get(unit)
        if device is None or device.dead:
            return b""
        address, count = int.from_bytes(request[2:4], "big"), int.from_bytes(request[4:6], "big")
        found = device.answer(function, address, count if function in _READ else 1)
        if isinstance(found, ExcCodes):
            return _framed(bytes((unit, function | 0x80, found)))
        if function <= 2:  # noqa: PLR2004 - coils and discrete inputs: eight to a byte, the first one lowest
            bits = sum(int(bit) << n for n, bit in enumerate(found))
            data = bits.to_bytes((count + 7) // 8, "little")
        else:
            data = b"".join(word.to_bytes(2, "big") for word in found)
        return _framed(bytes((unit, function, len(data))) + data)


def _framed(data: bytes) -> bytes:
    return data + frames.checksum(data)
