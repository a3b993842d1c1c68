"""Child processes: started in order, watched, and all ended, whatever happens."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sukusuku_core.errors import SukusukuError

STOP_SECONDS = 10.0
_TAIL_LINES = 15


class ProcessFailedError(SukusukuError):
    """A child ended, or did not become ready; the message holds the last lines of its log."""


@dataclass(frozen=True, slots=True)
class Child:
    """A running child and its log file."""

    name: str
    process: asyncio.subprocess.Process
    log: Path

    def tail(self) -> str:
        """Return the last lines of the log, indented."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL_LINES:]
        return "\n".join(f"    {line}" for line in lines)


class Processes:
    """The children of this demo, in the order of their start."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []
        logs.mkdir(parents=True, exist_ok=True)

    async def start(
        self, name: str, command: Sequence[str], ready: Callable[[Child], bool], seconds: float = 30.0
    ) -> Child:
        """Start a program and wait until `ready` says so. Raises ProcessFailedError with the end of its log."""
        log = self._logs / f"{name}.log"
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C goes to the demo, which ends its children in order
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        child = Child(name, process, log)
        self._children.append(child)
        try:
            async with asyncio.timeout(seconds):
                while not ready(child):
                    if process.returncode is not None:
                        raise ProcessFailedError(f"{name} ended with status {process.returncode}:\n{child.tail()}")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise ProcessFailedError(f"{name} was not ready after {seconds:g} s:\n{child.tail()}") from None
        return child

    async def python(self, name: str, module: str, *arguments: str) -> Child:
        """Start one of our own programs; it is ready when its log has a line that says so."""
        return await self.start(name, [sys.executable, "-m", module, *arguments], says_ready)

    async def watch(self) -> None:
        """Return never; raise ProcessFailedError as soon as a child ends by itself."""
        waits = {asyncio.create_task(child.process.wait(), name=child.name): child for child in self._children}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        child = waits[done.pop()]
        raise ProcessFailedError(f"{child.name} ended with status {child.process.returncode}:\n{child.tail()}")

    async def stop(self, child: Child) -> None:
        """End one child: SIGTERM, and SIGKILL when it takes too long."""
        if child in self._children:
            self._children.remove(child)
        if child.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await child.process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                child.process.kill()
            await child.process.wait()

    async def stop_all(self) -> None:
        """End every child, the latest first."""
        for child in reversed(self._children.copy()):
            await self.stop(child)


def says_ready(child: Child) -> bool:
    """Whether a line of the log begins its message with `ready`."""
    text = child.log.read_text(encoding="utf-8", errors="replace")
    return any(" ready" in line for line in text.splitlines())
