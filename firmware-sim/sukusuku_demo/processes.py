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


@dataclass(slots=True, eq=False)
class Child:
    """A running child and its log file. `user` is as whom it runs; None: as whoever runs the demo."""

    name: str
    command: Sequence[str]
    process: asyncio.subprocess.Process
    log: Path
    user: str | None = None
    patience: float = STOP_SECONDS
    """Seconds that it gets to end by itself."""

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
        self,
        name: str,
        command: Sequence[str],
        ready: Callable[[Child], bool],
        seconds: float = 30.0,
        user: str | None = None,
    ) -> Child:
        """Start a program and wait until `ready` says so. Raises ProcessFailedError with the end of its log."""
        child = await self.begin(name, command, user)
        await self.until(child, ready, seconds)
        return child

    async def begin(
        self, name: str, command: Sequence[str], user: str | None = None, patience: float = STOP_SECONDS
    ) -> Child:
        """Start a program that is not ready before others have been started, too."""
        log = self._logs / f"{name}.log"
        child = Child(name, command, await _spawned(command, log, user), log, user, patience)
        self._children.append(child)
        return child

    async def until(self, child: Child, ready: Callable[[Child], bool], seconds: float = 30.0) -> None:
        """Wait until `ready` says so. Raises ProcessFailedError with the end of the child's log."""
        try:
            async with asyncio.timeout(seconds):
                while not ready(child):
                    if child.process.returncode is not None:
                        raise _ended(child)
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise ProcessFailedError(f"{child.name} was not ready after {seconds:g} s:\n{child.tail()}") from None

    async def python(self, name: str, module: str, *arguments: str) -> Child:
        """Start one of our own programs; it is ready when its log has a line that says so."""
        return await self.start(name, program(module, *arguments), says_ready)

    async def watch(self) -> None:
        """Return never; raise ProcessFailedError as soon as a child ends by itself."""
        waits = {asyncio.create_task(child.process.wait(), name=child.name): child for child in self._children}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        raise _ended(waits[done.pop()])

    async def keep(self, pause: float, say: Callable[[str], None]) -> None:
        """Return never; start each child again that ends, so many seconds later, as an init system would."""

        async def kept(child: Child) -> None:
            while True:
                status = await child.process.wait()
                say(f"{child.name} ended with status {status}; it is started again in {pause:g} s")
                await asyncio.sleep(pause)
                child.process = await _spawned(child.command, child.log, child.user)
                say(f"{child.name} is started again")

        async with asyncio.TaskGroup() as group:
            for child in self._children:
                group.create_task(kept(child))

    def ended(self) -> list[str]:
        """Return the names of children that do not run now."""
        return [child.name for child in self._children if child.process.returncode is not None]

    def named(self, name: str) -> Child:
        """Return the child with this name."""
        return next(child for child in self._children if child.name == name)

    async def stop(self, child: Child) -> None:
        """End one child: SIGTERM, and SIGKILL when it takes too long."""
        if child in self._children:
            self._children.remove(child)
        if child.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(child.patience):
                await child.process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                child.process.kill()
            await child.process.wait()

    async def stop_all(self) -> None:
        """End every child, the latest first."""
        for child in reversed(self._children.copy()):
            await self.stop(child)


def program(module: str, *arguments: str) -> list[str]:
    """Return the command that starts one of our own programs."""
    return [sys.executable, "-m", module, *arguments]


async def _spawned(command: Sequence[str], log: Path, user: str | None) -> asyncio.subprocess.Process:
    as_user = {} if user is None else {"user": user, "group": user, "extra_groups": list[int]()}
    with log.open("ab") as out:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,  # Ctrl-C goes to the demo, which ends its children in order
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            **as_user,  # type: ignore[arg-type] # mypy takes all values for one type
        )


def _ended(child: Child) -> ProcessFailedError:
    return ProcessFailedError(f"{child.name} ended with status {child.process.returncode}:\n{child.tail()}")


def says_ready(child: Child) -> bool:
    """Whether a line of the log begins its message with `ready`."""
    text = child.log.read_text(encoding="utf-8", errors="replace")
    return any(" ready" in line for line in text.splitlines())
