"""A program under test: started, killed, started again, and surely gone at the end."""

import asyncio
import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 15.0
READY_SECONDS = 60.0
"""The machine may be busy."""


class NotReadyError(Exception):
    """A program ended or did not say that it is ready."""


@dataclass(eq=False)
class Program:
    """One program. `ready` looks at its log since the last start; `kills` are the moments (UTC ms) of its SIGKILLs."""

    name: str
    command: Sequence[str]
    log: Path
    ready: Callable[[str], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    kills: list[int] = field(default_factory=list)
    process: asyncio.subprocess.Process | None = None
    startup: float = 0.0
    """The longest (s) that it was waited for until it was ready."""
    _begin: int = 0
    _started: float = 0.0

    async def start(self, *, wait: bool = True) -> None:
        """Start it; wait until it is ready."""
        self._begin = self.log.stat().st_size if self.log.exists() else 0
        self._started = time.monotonic()
        with self.log.open("ab") as out:
            self.process = await asyncio.create_subprocess_exec(
                *_dying_with_us(),
                *self.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **self.environment},
            )
        if wait:
            await self.until_ready()

    async def until_ready(self) -> None:
        """Wait until it has said so. Raises NotReadyError with the end of its log."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READY_SECONDS):
                while not self.ready(self.said()):
                    if self.process is None or self.process.returncode is not None:
                        break
                    await asyncio.sleep(0.02)
                else:
                    self.startup = max(self.startup, time.monotonic() - self._started)
                    return
        raise NotReadyError(f"{self.name} is not ready:\n{self.said()[-1500:]}")

    def said(self) -> str:
        """Its log since the last start."""
        with self.log.open("rb") as log:
            log.seek(self._begin)
            return log.read().decode("utf-8", "replace")

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self.process is not None and self.process.returncode is None

    async def kill(self) -> None:
        """SIGKILL."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
            self.kills.append(time.time_ns() // 1_000_000)

    def signal(self, number: signal.Signals) -> None:
        """Any other signal."""
        assert self.process is not None
        self.process.send_signal(number)

    async def stop(self) -> int | None:
        """SIGTERM, and SIGKILL when that takes too long: the exit status."""
        if self.process is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                return await self.process.wait()
        except TimeoutError:
            await self.kill()
            return self.process.returncode


def _dying_with_us() -> Sequence[str]:
    """A kill of the rig must leave nothing behind."""
    command = shutil.which("setpriv")
    return () if command is None else (command, "--pdeathsig", "KILL", "--")


def says_ready(text: str) -> bool:
    """Whether one of our own programs has said so."""
    return any(" ready" in line for line in text.splitlines())
