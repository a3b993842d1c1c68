"""`sukusuku mail test`: one real mail, and what the server's answer means."""

import asyncio
import email
import email.policy
import smtplib
import socket
import ssl
from pathlib import Path

import pytest

from sukusuku_cli.__main__ import main
from sukusuku_cli.smtp_outcome import refused
from sukusuku_core.errors import TransientError
from sukusuku_server.i18n import texts
from tests.support.smtp_server import Mailbox, server

FACILITY = '[operator]\nid = "x"\nname = { ja = "豊島区", en = "Toshima City" }\n'


def run(folder: Path, box: Mailbox, *arguments: str, more: str = "") -> int:
    """The command against a mail server on loopback."""

    async def scenario() -> int:
        async with box.open() as port:
            mail = f'[mail]\nsender = "sukusuku@example.jp"\nport = {port}\n{more}\n'
            (folder / "facility.toml").write_text(FACILITY + mail, encoding="utf-8")
            words = ["mail", "test", *arguments, "-f", str(folder / "facility.toml")]
            return await asyncio.to_thread(main, words)

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("language", "subject", "said"),
    [
        ("ja", "[すくすく] 豊島区 の試験メール", "has taken the mail for you@example.jp."),
        ("en", "[Sukusuku] Test mail of Toshima City", "has taken the mail for you@example.jp."),
    ],
)
def test_a_mail_arrives_in_the_language_of_the_operator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str, subject: str, said: str
) -> None:
    box = Mailbox()

    contact = f'[[contact]]\nname = "Chief"\nmail = "chief@example.jp"\nlanguage = "{language}"\n'
    assert run(tmp_path, box, "you@example.jp", "--lang", "en", more=contact) == 0

    (taken,) = box.taken
    assert isinstance(taken.content, bytes)
    mail = email.message_from_bytes(taken.content, policy=email.policy.default)
    assert (taken.mail_from, taken.rcpt_tos) == ("sukusuku@example.jp", ["you@example.jp"])
    assert mail["Subject"] == subject
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    ("address", "answers", "more", "said", "todo"),
    [
        ("nobody@example.jp", [], "", "refuses the recipient: 550 no such user", "Correct the address"),
        ("you@example.jp", ["554 spam"], "", "refuses the mail itself: 554 spam", "Show the reply"),
        ("you@example.jp", [], 'security = "starttls"', "offers no STARTTLS", "port 465"),
        ("you@example.jp", [], 'security = "tls"', "does not speak TLS there", "starttls"),
        ("you@example.jp", [], 'username = "u"\npassword = "p"', "offers no login", "set `security`"),
    ],
)
def test_a_refusal_says_who_refused_what_and_what_to_change(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    address: str,
    answers: list[str],
    more: str,
    said: str,
    todo: str,
) -> None:
    box = Mailbox()
    box.answers = answers

    assert run(tmp_path, box, address, "--lang", "en", more=more) == 1

    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("127.0.0.1")
    assert said in first
    assert todo in second
    assert box.taken == []


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (socket.gaierror(-2, "Name or service not known"), "was not found"),
        (ConnectionRefusedError(), "Nothing listens at mail.example.jp:465"),
        (smtplib.SMTPServerDisconnected("closed"), "speaks TLS from the start"),
        (TimeoutError("timed out"), "speaks TLS from the start"),
        (ssl.SSLCertVerificationError(1, "unknown authority"), "Nobody whom this computer trusts"),
        (smtplib.SMTPAuthenticationError(535, b"5.7.8 bad"), "refuses the login as sukusuku: 535 5.7.8 bad"),
        (smtplib.SMTPSenderRefused(550, b"not yours", "s"), "refuses the sender sukusuku@example.jp: 550 not yours"),
        (smtplib.SMTPConnectError(554, b"go away"), "greets with a refusal: 554 go away"),
        (UnicodeEncodeError("ascii", "ü", 0, 1, "no"), "characters beyond ASCII"),
        (OSError("no route to host"), "No mail can be handed to mail.example.jp:465: no route to host"),
    ],
)
def test_every_error_has_words_in_both_languages(error: Exception, said: str) -> None:
    mail = server(465, host="mail.example.jp", username="sukusuku", password="canary-2026")
    wrapped = TransientError("...")
    wrapped.__cause__ = error

    outcomes = [refused(wrapped, mail, texts("sukusuku_cli", language).gettext) for language in ("en", "ja")]

    assert said in outcomes[0].said
    assert all("canary" not in outcome.said + outcome.todo for outcome in outcomes)
    assert outcomes[0].todo != outcomes[1].todo


def test_without_a_mail_server_the_command_says_what_to_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "facility.toml").write_text(FACILITY, encoding="utf-8")

    assert main(["mail", "test", "you@example.jp", "-f", str(tmp_path / "facility.toml"), "--lang", "en"]) == 2
    assert "has no [mail]: write one" in capsys.readouterr().err
    assert main(["mail", "test", "you@example.jp", "-f", str(tmp_path / "none.toml")]) == 2
