"""What the dialogue with a mail server came to, in words: who refused what, and what to change. Pure."""

import smtplib
import socket
import ssl
from dataclasses import dataclass

from sukusuku_server.i18n import Translate
from sukusuku_server.settings import MailServer

_TLS_PORT = 465
_NAME_MISMATCH, _EXPIRED = 62, 10
"""Numbers of OpenSSL for why a certificate does not verify; all others are about who signed it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What happened, and what to do about it."""

    said: str
    todo: str


def refused(error: BaseException, mail: MailServer, _: Translate) -> Outcome:
    """Explain an error of the mail server. `error` is what `smtplib` raised, or a SukusukuError from it."""
    cause = error.__cause__ or error
    said, todo = _explained(cause, mail, _)
    values = {
        "host": mail.host,
        "port": mail.port,
        "sender": mail.sender,
        "username": mail.username or "",
        "seconds": f"{mail.timeout:g}",
        "answer": answer(cause),
    }
    return Outcome(said % values, todo % values)


def answer(error: BaseException) -> str:
    """Return what the far end said, on one line: code and text of the server, or the words of the system."""
    code: int
    text: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, text = error.smtp_code, error.smtp_error
    else:
        return " ".join(str(error).split())
    words = text if isinstance(text, str) else text.decode("utf-8", "replace")
    return " ".join(f"{code} {words}".split())


def _explained(error: BaseException, mail: MailServer, _: Translate) -> tuple[str, str]:
    match error:
        case ssl.SSLError() | smtplib.SMTPNotSupportedError():
            advice = _unprotected(error, mail, _)
        case smtplib.SMTPResponseException() | smtplib.SMTPRecipientsRefused():
            advice = _answered(error, _)
        case socket.gaierror():
            advice = (
                _("The name %(host)s was not found: %(answer)s"),
                _("Correct `[mail] host`, or the name server of this computer."),
            )
        case ConnectionRefusedError():
            advice = (
                _("Nothing listens at %(host)s:%(port)s."),
                _("Correct `[mail] host` and `port` (587 with starttls, 465 with tls), and see that the server runs."),
            )
        case TimeoutError() | smtplib.SMTPServerDisconnected() if mail.port == _TLS_PORT and mail.security != "tls":
            advice = (
                _("%(host)s:%(port)s gave no greeting: port 465 speaks TLS from the start."),
                _('Set `[mail] security = "tls"`, or port 587 with "starttls".'),
            )
        case TimeoutError():
            advice = (
                _("%(host)s:%(port)s did not reply within %(seconds)s s."),
                _("See whether a firewall or the provider blocks the port (25 is often blocked: use 587)."),
            )
        case smtplib.SMTPServerDisconnected():
            advice = (
                _("%(host)s:%(port)s ended the connection: %(answer)s"),
                _("Ask its operator whether this computer may send, and whether the port expects TLS."),
            )
        case UnicodeError():
            advice = (
                _("User name or password have characters beyond ASCII, which the login of %(host)s cannot carry."),
                _("Choose a password of ASCII characters for this account."),
            )
        case _:
            advice = (
                _("No mail can be handed to %(host)s:%(port)s: %(answer)s"),
                _("Look at `[mail]` and at the network."),
            )
    return advice


def _unprotected(error: BaseException, mail: MailServer, _: Translate) -> tuple[str, str]:
    match error:
        case ssl.SSLCertVerificationError(verify_code=code) if code == _NAME_MISMATCH:
            return (
                _("The certificate of %(host)s is for another name: %(answer)s"),
                _("Write the name that the certificate has into `[mail] host`."),
            )
        case ssl.SSLCertVerificationError(verify_code=code) if code == _EXPIRED:
            return (
                _("The certificate of %(host)s has ended, or the clock of this computer is wrong: %(answer)s"),
                _("Let the operator of the mail server renew it; look at `date`."),
            )
        case ssl.SSLCertVerificationError():
            return (
                _("Nobody whom this computer trusts has signed the certificate of %(host)s: %(answer)s"),
                _("Where it is an authority of your own, name its file: `[mail] ca_file`."),
            )
        case ssl.SSLError():
            return (
                _("%(host)s:%(port)s does not speak TLS there: %(answer)s"),
                _('Use `security = "starttls"` with port 587, or "tls" with port 465.'),
            )
    if mail.security == "starttls" and "STARTTLS" in str(error):
        return (
            _("%(host)s:%(port)s offers no STARTTLS."),
            _('Use port 465 with `security = "tls"`; `none` only for a relay inside this house.'),
        )
    return (
        _("%(host)s:%(port)s offers no login: %(answer)s"),
        _("Many servers offer one only with TLS: set `security`. A relay that asks for none needs no `username`."),
    )


def _answered(error: BaseException, _: Translate) -> tuple[str, str]:
    match error:
        case smtplib.SMTPAuthenticationError():
            return (
                _("%(host)s refuses the login as %(username)s: %(answer)s"),
                _("Correct `[mail] username` and `password`; some providers ask for an app password."),
            )
        case smtplib.SMTPSenderRefused():
            return (
                _("%(host)s refuses the sender %(sender)s: %(answer)s"),
                _("Set `[mail] sender` to an address that this account may use, or log in."),
            )
        case smtplib.SMTPRecipientsRefused():
            return (
                _("%(host)s refuses the recipient: %(answer)s"),
                _(
                    "Correct the address; where it says `relay`, this computer may not send there: "
                    "log in, or ask its operator."
                ),
            )
        case smtplib.SMTPDataError():
            return (
                _("%(host)s refuses the mail itself: %(answer)s"),
                _("Show the reply to its operator: a filter or a limit said so."),
            )
    return (
        _("%(host)s greets with a refusal: %(answer)s"),
        _("Ask its operator whether this computer may send through it."),
    )
