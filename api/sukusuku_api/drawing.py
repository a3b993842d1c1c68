"""Charts as pictures, drawn in a process of its own that waits a minute for the next ones.

The libraries that draw take 200 MB and more than a second to start: too much to keep for good, and too slow to start
for every page. `drawing_process` is that process.
"""

import atexit
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from typing import IO, Any, Self

import msgspec

from sukusuku_core.errors import SukusukuError

_PROGRAM = "sukusuku_api.drawing_process"


class DrawingError(SukusukuError):
    """The charts could not be drawn."""


@dataclass(frozen=True, slots=True)
class _Process:
    """The process that draws, the line to it, and the file that takes what it says of its troubles."""

    process: "subprocess.Popen[bytes]"
    line: socket.socket
    said: IO[bytes]

    @classmethod
    def start(cls) -> Self:
        ours, its = socket.socketpair()
        said = tempfile.TemporaryFile()  # noqa: SIM115 - it is there as long as the process
        with its:
            end = its.fileno()
            process = subprocess.Popen([sys.executable, "-m", _PROGRAM], stdin=end, stdout=end, stderr=said)
        return cls(process, ours, said)

    def ask(self, what: bytes, seconds: float) -> list[str]:
        """Return the answer. Raises OSError when none comes in time; EOFError when the process has ended."""
        self.line.settimeout(seconds)
        try:
            self.line.sendall(what + b"\n")
            answer = self.line.makefile("rb").readline()
        except ConnectionError:
            raise EOFError from None
        if not answer.endswith(b"\n"):
            raise EOFError
        return msgspec.json.decode(answer, type=list[str])

    def end(self) -> str:
        """End the process, however it is; return the last line that it said."""
        self.process.kill()
        self.process.wait()
        with self.line, self.said:
            self.said.seek(0)
            lines = self.said.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""


class Drawer:
    """Draws for one thread at a time; its process is started when it is needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: _Process | None = None

    def draw(self, renderer: str, what: Any, seconds: float) -> list[str]:
        """Return the SVGs that a renderer makes of charts, in order.

        `renderer` is a module whose `draw` takes `what` as JSON. Raises DrawingError with the reason when it fails or
        takes longer than `seconds`.
        """
        asked = msgspec.json.encode((renderer, what))
        with self._lock:
            try:
                return self._ask(asked, seconds)
            except (OSError, EOFError) as error:
                reason = self._end() or str(error) or "no reason given"
                raise DrawingError(f"the charts cannot be drawn: {reason}") from error

    def close(self) -> None:
        """End the process, if there is one; what is being drawn fails."""
        self._end()

    def _ask(self, asked: bytes, seconds: float) -> list[str]:
        if (process := self._process) is not None:
            try:
                return process.ask(asked, seconds)
            except EOFError:
                if process.process.wait(seconds):
                    raise
            self._end()  # its minute was over
        self._process = process = _Process.start()
        return process.ask(asked, seconds)

    def _end(self) -> str:
        process, self._process = self._process, None
        return "" if process is None else process.end()


drawer = Drawer()
"""The one of this program: pages and reports together have no more than one process that draws."""
atexit.register(drawer.close)
