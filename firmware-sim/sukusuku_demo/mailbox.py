"""A mail server that delivers to a web page: what the demo sends can be read at once, and goes nowhere else."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from importlib.resources import files

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment

from sukusuku_core.clock import now_ms
from sukusuku_core.time import japan_time
from sukusuku_demo.settings import HOST

_PAGE_POLICY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
    "img-src data:; frame-src 'self'",
    "Referrer-Policy": "no-referrer",
}

_MAIL_POLICY = {
    # mails are shown as they are, but may load nothing from anywhere
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Received:
    """One mail that has arrived. `time` is UTC ms."""

    number: int
    time: int
    message: EmailMessage

    @property
    def clock(self) -> str:
        """Local time of arrival."""
        return japan_time(self.time).strftime("%H:%M:%S")

    @property
    def subject(self) -> str:
        """The decoded subject."""
        return str(self.message["subject"])

    @property
    def to(self) -> str:
        """The recipients as written in the mail."""
        return str(self.message["to"])

    def body(self, kind: str) -> str:
        """Return the `plain` or `html` part; empty when there is none."""
        part = self.message.get_body(preferencelist=(kind,))
        return str(part.get_content()) if part is not None else ""

    @property
    def shown(self) -> str:
        """The HTML with its pictures inside it; links open beside the mailbox."""
        html = self.body("html").replace("<head>", '<head><base target="_blank">', 1)
        for part in self.message.walk():
            if part.get_content_maintype() == "image" and part["content-id"]:
                data = base64.b64encode(_bytes(part)).decode()
                name = str(part["content-id"]).strip("<>")
                html = html.replace(f"cid:{name}", f"data:{part.get_content_type()};base64,{data}")
        return html

    @property
    def files(self) -> list[tuple[str, str, bytes]]:
        """Name, media type and content of each attachment."""
        parts = self.message.iter_attachments()
        return [(part.get_filename() or "file", part.get_content_type(), _bytes(part)) for part in parts]


def _bytes(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


class Mailbox:
    """Keeps mails in memory, newest last."""

    def __init__(self) -> None:
        self.mails: list[Received] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd
        """Aiosmtpd calls this for every mail."""
        content = envelope.original_content or b""
        message = message_from_bytes(content, policy=policy.default)
        self.mails.append(Received(len(self.mails) + 1, now_ms(), message))
        return "250 OK"

    def app(self) -> FastAPI:
        """Return the web page of the mailbox."""
        app = FastAPI(openapi_url=None)
        templates = files(__package__).joinpath("templates")
        page = Environment(autoescape=True).from_string(templates.joinpath("mailbox.html").read_text(encoding="utf-8"))
        script = templates.joinpath("mailbox.js").read_bytes()

        def find(number: int) -> Received:
            if not 1 <= number <= len(self.mails):
                raise HTTPException(404, "there is no such mail")
            return self.mails[number - 1]

        @app.get("/")
        async def newest() -> Response:
            if self.mails:
                return RedirectResponse(f"/mails/{len(self.mails)}")
            return HTMLResponse(page.render(mails=[], shown=None), headers=_PAGE_POLICY)

        @app.get("/mailbox.js")
        async def refresh() -> Response:
            return Response(script, media_type="text/javascript")

        @app.get("/mails/{number}")
        async def show(number: int) -> Response:
            return HTMLResponse(page.render(mails=self.mails[::-1], shown=find(number)), headers=_PAGE_POLICY)

        @app.get("/mails/{number}/html")
        async def html(number: int) -> Response:
            return HTMLResponse(find(number).shown, headers=_MAIL_POLICY)

        @app.get("/mails/{number}/files/{place}")
        async def file(number: int, place: int) -> Response:
            files = find(number).files
            if not 0 <= place < len(files):
                raise HTTPException(404, "there is no such file")
            name, kind, content = files[place]
            headers = _MAIL_POLICY | {"Content-Disposition": f'attachment; filename="{name}"'}
            return Response(content, media_type=kind, headers=headers)

        return app


class _Server(uvicorn.Server):
    """Leaves the signals to the demo."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serve(smtp_port: int, page_port: int) -> AsyncIterator[Mailbox]:
    """Receive mails and show them, on loopback, until the block ends."""
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: SMTP(mailbox, hostname=HOST, enable_SMTPUTF8=True), HOST, smtp_port)
    page = _Server(uvicorn.Config(mailbox.app(), host=HOST, port=page_port, log_level="warning", lifespan="off"))
    task = asyncio.create_task(page.serve(), name="mailbox-page")
    try:
        yield mailbox
    finally:
        page.should_exit = True
        await task
        smtp.close()
        await smtp.wait_closed()
