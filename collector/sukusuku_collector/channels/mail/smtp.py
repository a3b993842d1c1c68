"""Hands one mail to a mail server, with the standard library's `smtplib`. Blocking; the worker runs it in a thread.

Which failures are final: a 5xx answer to the sender, the recipient or the content is about this mail, and trying again
is useless. All else (no connection, time-out, 4xx, a refused login, a certificate that does not verify, a relay that
wants a login first or does not relay for us) is about the server or the settings and may pass.
"""

import contextlib
import re
import smtplib
import ssl
from collections.abc import Iterator

from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_server.settings import MailServer

_PERMANENT = 500
_OF_US = frozenset({502, 503, 504, 521, 523, 530, 534, 535, 538})
"""Statuses of that kind which are about how we speak to the relay."""
_RELAYS_NOT = re.compile(r"\brelay(?! recipient)|authent|rcpthosts|client host rejected|pop before smtp", re.IGNORECASE)
"""The same in words, which come under 550, 553, 554 and 571; not `User unknown in relay recipient table`."""
_CURE = "; the relay does not take mails from here: check host, port, security, username and password in [mail]"
_UNTRUSTED = "; when the relay's certificate is signed by an authority of your own, name its file: [mail] ca_file"


class Smtp:
    """One mail server."""

    def __init__(self, settings: MailServer) -> None:
        self._settings = settings

    def send(self, sender: str, recipient: str, content: bytes) -> None:
        """Return once the server has taken the mail. Raises TransientError or PermanentError with what it said."""
        with self._session() as server:
            server.sendmail(sender, [recipient], content)

    def greet(self) -> int | None:
        """Connect, secure and log in as for a mail, and send none.

        Return when the server's certificate ends (UTC ms); None: no TLS. Raises TransientError with what it said.
        """
        with self._session() as server:
            certificate = server.sock.getpeercert() if isinstance(server.sock, ssl.SSLSocket) else None
            return round(ssl.cert_time_to_seconds(str(certificate["notAfter"])) * 1000) if certificate else None

    @contextlib.contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        try:
            server = self._connect()
            try:
                self._secure(server)
                yield server
                with contextlib.suppress(smtplib.SMTPException, OSError):  # a mail is taken; how we part is no matter
                    server.quit()
            finally:
                server.close()
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _refusal("recipient refused", code, text) from error
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            raise _refusal("mail refused", error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError, ValueError) as error:  # ValueError: names or passwords beyond ASCII
            settings = self._settings
            hint = _UNTRUSTED if isinstance(error, ssl.SSLCertVerificationError) else ""
            raise TransientError(f"{settings.host}:{settings.port}: {type(error).__name__}: {error}{hint}") from error

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.security == "tls":
            return smtplib.SMTP_SSL(settings.host, settings.port, timeout=settings.timeout, context=self._trust())
        return smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout)

    def _secure(self, server: smtplib.SMTP) -> None:
        settings = self._settings
        if settings.security == "starttls":
            server.starttls(context=self._trust())  # raises when the server does not offer it
        if settings.username is not None:
            server.login(settings.username, settings.password or "")

    def _trust(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._settings.ca_file)
        if self._settings.ca_file is not None:  # from 3.13 on Python is stricter than those who sign for themselves
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        return context


def _refusal(what: str, code: int, text: bytes | str) -> PermanentError | TransientError:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    if code in _OF_US or (code >= _PERMANENT and _RELAYS_NOT.search(said)):
        return TransientError(f"{what}: {code} {said}{_CURE}")
    kind = PermanentError if code >= _PERMANENT else TransientError
    return kind(f"{what}: {code} {said}")
