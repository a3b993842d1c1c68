"""An SMTP server on loopback that keeps what it takes, and how it is reached."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from sukusuku_server.settings import MailAddress, MailServer
from tests.support.patience import PATIENCE


class Mailbox:
    """The handler of the SMTP server: keeps what it takes; `answers` are given first, one per mail."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.answers: list[str] = []
        self.tries = 0
        self._changed = asyncio.Condition()
        self.port = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        answer = self.answers.pop(0) if self.answers else "250 OK"
        async with self._changed:
            self.tries += 1
            if answer.startswith("250"):
                self.taken.append(envelope)
            self._changed.notify_all()
        return answer

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def until_tries(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: self.tries >= count)

    @asynccontextmanager
    async def open(self, **options: Any) -> AsyncIterator[int]:
        """Listen, on the same port as before if there was one."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(self, hostname="mail.example.jp", loop=loop, **options), "127.0.0.1", self.port
        )
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self.port
        finally:
            server.close()
            await server.wait_closed()


def server(port: int, **options: Any) -> MailServer:
    return MailServer(sender=MailAddress("sukusuku@example.jp"), port=port, **options)
