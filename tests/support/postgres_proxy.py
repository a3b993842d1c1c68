"""A way to PostgreSQL that can be blocked, as by a network that swallows everything and says nothing."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

_SOCKET = ".s.PGSQL.5432"


class PostgresProxy:
    """What passes while `flowing` is set; the rest waits. `folder` is where clients find it, as their host."""

    def __init__(self, server: Path, folder: Path) -> None:
        self.folder = folder
        self.server = server
        self.flowing = asyncio.Event()
        self.flowing.set()
        self._links: dict[asyncio.Task[object], list[asyncio.StreamWriter]] = {}

    async def serve(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        """Connect a client until one side ends."""
        link = asyncio.current_task()
        assert link is not None
        ends = self._links[link] = [answers]
        try:
            await self.flowing.wait()
            reader, writer = await asyncio.open_unix_connection(str(self.server / _SOCKET))
            ends.append(writer)
            await asyncio.gather(self._pump(client, writer), self._pump(reader, answers), return_exceptions=True)
        finally:
            del self._links[link]

    async def end(self) -> None:
        """End all connections."""
        self.flowing.set()
        for writer in [writer for ends in self._links.values() for writer in ends]:
            writer.transport.abort()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                await self.flowing.wait()
                writer.write(data)
                await writer.drain()
            await self.flowing.wait()
        finally:
            writer.close()


@contextlib.asynccontextmanager
async def postgres_proxy(server: Path) -> AsyncIterator[PostgresProxy]:
    """Listen on a socket of its own. `server` is the folder of the server's."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        proxy = PostgresProxy(server, Path(folder))
        listening = await asyncio.start_unix_server(proxy.serve, str(proxy.folder / _SOCKET))
        try:
            yield proxy
        finally:
            listening.close()
            await proxy.end()
