"""Sending one mail: what an SMTP server may do to us, and what that means for the mail."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP

from sukusuku_collector.channels.mail.smtp import Smtp
from sukusuku_core.errors import ConfigError, PermanentError, TransientError
from sukusuku_server import settings
from sukusuku_server.settings import MailAddress, MailServer
from tests.support import certificates
from tests.support.smtp_server import Mailbox, server

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[int]:
    """A server that answers as it likes, on the port that is given."""
    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        await listening.wait_closed()


def send_to(settings: MailServer) -> None:
    Smtp(settings).send("sukusuku@example.jp", "tobu@example.jp", b"Subject: x\r\n\r\nx\r\n")


def test_an_address_with_odd_dots_reaches_the_server_in_quotes() -> None:
    lines: list[bytes] = []

    async def take_down(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        async for line in reader:
            lines.append(line)
            if line == b"quit\r\n":
                break
            writer.write(b"354 go on\r\n" if line == b"data\r\n" else b"250 well\r\n")
        writer.close()

    async def scenario() -> None:
        async with answering(take_down) as port:
            recipient = MailAddress("a..b@docomo.ne.jp")
            await asyncio.to_thread(Smtp(server(port)).send, "sukusuku@example.jp", recipient, b".\r\n")

    asyncio.run(scenario())

    assert b'rcpt to:<"a..b"@docomo.ne.jp>\r\n' in [line.replace(b"TO:", b"to:") for line in lines]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"security": "starttls"}, "SMTPNotSupportedError"),
        ({"security": "tls"}, "SSLError"),
        ({"username": "u", "password": "p"}, "SMTPNotSupportedError"),
        ({"username": "ü", "password": "ü"}, "SMTPNotSupportedError"),
        ({"host": "no-such-host.invalid"}, "gaierror"),
    ],
)
def test_no_mail_goes_out_unprotected_when_protection_was_asked_for(options: dict[str, str], reason: str) -> None:
    async def scenario() -> None:
        box = Mailbox()
        async with box.open() as port:
            with pytest.raises(TransientError, match=reason):
                await asyncio.to_thread(send_to, server(port, **options))

        assert box.tries == 0

    asyncio.run(scenario())


def test_a_relay_with_a_certificate_of_ones_own_authority_takes_mails(tmp_path: Path) -> None:
    own = certificates.make(tmp_path)

    async def scenario() -> None:
        box = Mailbox()
        async with box.open(tls_context=own.server(), require_starttls=True) as port:
            relay = server(port, host="127.0.0.1", security="starttls", ca_file=str(own.authority))
            await asyncio.to_thread(send_to, relay)
        assert [envelope.rcpt_tos for envelope in box.taken] == [["tobu@example.jp"]]

    asyncio.run(scenario())


@pytest.mark.parametrize("trusted", [False, True])
def test_a_certificate_that_nobody_trusts_is_refused_with_a_hint(tmp_path: Path, trusted: bool) -> None:  # noqa: FBT001
    """Neither what the system trusts nor another authority of one's own has signed it."""
    own, other = certificates.make(tmp_path / "own"), certificates.make(tmp_path / "other", "another")

    async def scenario() -> None:
        box = Mailbox()
        async with box.open(tls_context=own.server(), require_starttls=True) as port:
            ca_file = str(other.authority) if trusted else None
            relay = server(port, host="127.0.0.1", security="starttls", ca_file=ca_file)
            with pytest.raises(TransientError, match=r"CERTIFICATE_VERIFY_FAILED.*name its file: \[mail\] ca_file"):
                await asyncio.to_thread(send_to, relay)
        assert box.tries == 0

    asyncio.run(scenario())


def test_a_certificate_for_another_name_is_refused(tmp_path: Path) -> None:
    own = certificates.make(tmp_path, hosts="DNS:mail.example.jp")

    async def scenario() -> None:
        box = Mailbox()
        async with box.open(tls_context=own.server(), require_starttls=True) as port:
            relay = server(port, host="127.0.0.1", security="starttls", ca_file=str(own.authority))
            with pytest.raises(TransientError, match=r"certificate is not valid for '127\.0\.0\.1'"):
                await asyncio.to_thread(send_to, relay)
        assert box.tries == 0

    asyncio.run(scenario())


def test_tls_from_the_start_knows_the_authority_too(tmp_path: Path) -> None:
    own = certificates.make(tmp_path)

    async def scenario() -> None:
        box = Mailbox()
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(
            lambda: SMTP(box, hostname="mail.example.jp", loop=loop), "127.0.0.1", 0, ssl=own.server()
        )
        async with listening:
            port = listening.sockets[0].getsockname()[1]
            relay = server(port, host="127.0.0.1", security="tls", ca_file=str(own.authority))
            await asyncio.to_thread(send_to, relay)
        assert len(box.taken) == 1

    asyncio.run(scenario())


MAIL = '[mail]\nsender = "sukusuku@example.jp"\n'
FACILITY = 'operator = {id = "toshima", name = {ja = "豊島区", en = "Toshima"}}\n' + MAIL


def test_the_authority_is_found_beside_the_settings(tmp_path: Path) -> None:
    own = certificates.make(tmp_path)
    (tmp_path / "facility.toml").write_text(FACILITY + 'security = "tls"\nca_file = "ca.pem"\n', encoding="utf-8")

    facility = settings.read(tmp_path / "facility.toml")

    assert facility.mail is not None
    assert facility.mail.ca_file == str(own.authority)


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ('security = "tls"\nca_file = "none.pem"', "mail.ca_file: there is no file {folder}/none.pem"),
        ('security = "tls"\nca_file = "."', "mail.ca_file: there is no file {folder}"),
        ('security = "tls"\nca_file = "text"', "mail.ca_file: {folder}/text holds no certificate that can be read"),
        ('security = "tls"\nca_file = "server.key"', "mail.ca_file: {folder}/server.key holds no certificate that"),
        ('ca_file = "ca.pem"', 'mail.ca_file: with security = "none" there is no TLS and it would not be used'),
    ],
)
def test_a_file_that_is_no_authority_is_found_at_the_start(tmp_path: Path, keys: str, error: str) -> None:
    certificates.make(tmp_path)
    (tmp_path / "text").write_text("すくすく", encoding="utf-8")
    (tmp_path / "facility.toml").write_text(FACILITY + keys, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        settings.read(tmp_path / "facility.toml")

    assert f"facility.toml: {error.format(folder=tmp_path)}" in str(caught.value)


def test_a_login_that_is_refused_may_work_later(tmp_path: Path) -> None:
    """A wrong password is no fault of the mail: it waits for the right one."""

    async def scenario() -> None:
        box = Mailbox()
        async with box.open(auth_require_tls=False) as port:
            with pytest.raises(TransientError, match="535"):
                await asyncio.to_thread(send_to, server(port, username="u", password="wrong"))

    asyncio.run(scenario())


@pytest.mark.parametrize("greeting", [b"", b"554 not today\r\n", b"421 too busy\r\n", b"nonsense\r\n", b"\xff" * 3000])
def test_a_server_that_is_out_of_its_mind_is_tried_again(greeting: bytes) -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        writer.close()

    async def scenario() -> None:
        async with answering(answer) as port:
            with pytest.raises(TransientError, match=f"127.0.0.1:{port}"):
                await asyncio.to_thread(send_to, server(port))

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("before", "said", "kind"),
    [
        (0, b"530 5.7.0 Authentication required", TransientError),
        (0, b"530 5.7.0 Must issue a STARTTLS command first", TransientError),
        (0, b"503 AUTH first", TransientError),
        (1, b"554 5.7.1 <taro@docomo.ne.jp>: Relay access denied", TransientError),
        (1, b"550 5.7.1 Unable to relay", TransientError),
        (1, b"553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", TransientError),
        (1, b"554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied", TransientError),
        (1, b"450 4.7.1 Greylisted, come back later", TransientError),
        (1, b"452 4.2.2 mailbox full", TransientError),
        (0, b"553 5.1.8 sender domain does not exist", PermanentError),
        (1, b"550 5.1.1 User unknown", PermanentError),
        (1, b"550 5.1.1 <taro@docomo.ne.jp>: User unknown in relay recipient table", PermanentError),
        (1, b"552 5.2.2 mailbox full", PermanentError),
    ],
)
def test_what_is_about_the_relay_may_pass_and_what_is_about_the_mail_is_final(
    before: int, said: bytes, kind: type[Exception]
) -> None:
    """`before` is how many of MAIL and RCPT are answered with 250."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        for line in (b"250 hello", *[b"250 ok"] * before, said, b"250 ok", b"221 bye"):
            await reader.readline()
            writer.write(line + b"\r\n")
        writer.close()

    async def scenario() -> None:
        async with answering(answer) as port:
            with pytest.raises(kind, match=said[:3].decode()) as caught:
                await asyncio.to_thread(send_to, server(port))
        assert ("username and password in [mail]" in str(caught.value)) == (
            kind is TransientError and said.startswith(b"5")
        )

    asyncio.run(scenario())


def test_a_server_that_says_nothing_is_given_up() -> None:
    async def scenario() -> None:
        ended = asyncio.Event()

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()
            ended.set()

        async with answering(answer) as port:
            with pytest.raises(TransientError, match="timed out"):
                await asyncio.to_thread(send_to, server(port, timeout=0.2))
            await ended.wait()

    asyncio.run(scenario())


def test_a_server_that_parts_badly_has_still_taken_the_mail() -> None:
    """What comes after the 250 for the content must not send the mail again."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hello\r\n")
        for answers in (b"250 hello\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go on\r\n"):
            await reader.readline()
            writer.write(answers)
        while await reader.readline() != b".\r\n":
            pass
        writer.write(b"250 taken\r\n")
        await reader.readline()
        writer.write(b"421 bad mood\r\n")
        writer.close()

    async def scenario() -> None:
        async with answering(answer) as port:
            await asyncio.to_thread(send_to, server(port))

    asyncio.run(scenario())
