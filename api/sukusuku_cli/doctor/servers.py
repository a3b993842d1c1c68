"""What was seen of the broker and of the mail server, and what that means. Pure."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sukusuku_cli.doctor.finding import Finding, note, ok, wrong
from sukusuku_cli.smtp_outcome import refused
from sukusuku_core.broker_settings import BrokerSettings
from sukusuku_core.time import DAY_MS
from sukusuku_server.i18n import Translate
from sukusuku_server.settings import MailServer

SOON = 30
"""Days before its end from which on a certificate should be renewed."""
BROKER, MAIL = "broker", "mail"


@dataclass(frozen=True, slots=True)
class BrokerSeen:
    """What a look at the broker gave.

    `error`: why there was no session with our account. `anonymous`: whether one without any account is let in.
    `largest`: bytes of the largest message that it takes, None when it names no limit; `told`: whether it could be
    asked (MQTT 5). `certificate`: when its certificate ends (UTC ms).
    """

    error: Exception | None = None
    anonymous: bool = False
    largest: int | None = None
    told: bool = False
    certificate: int | None = None


@dataclass(frozen=True, slots=True)
class MailSeen:
    """What a look at the mail server gave: why it refused, or when its certificate ends (UTC ms)."""

    error: Exception | None = None
    certificate: int | None = None


class Servers(Protocol):
    """Looks at servers."""

    def broker(self, settings: BrokerSettings) -> BrokerSeen:
        """Connect to the broker, as the collector does and without an account."""

    def mail(self, settings: MailServer) -> MailSeen:
        """Connect to the mail server and log in; no mail is sent."""


def judge_broker(settings: BrokerSettings, seen: BrokerSeen, now: int, _: Translate) -> Iterator[Finding]:
    """Yield what is said of the broker."""
    where = {"host": settings.host, "port": settings.port, "username": settings.username or "-"}
    if seen.error is not None:
        said, todo = _broker_error(seen.error, _)
        yield wrong(BROKER, said % {**where, "error": " ".join(str(seen.error).split())}, todo % where)
        return
    protection = _("with TLS") if settings.ca_file is not None else _("without TLS")
    yield ok(BROKER, _("%(host)s:%(port)s lets the collector in, %(protection)s") % {**where, "protection": protection})
    if seen.anonymous:
        yield wrong(
            f"{BROKER} anonymous",
            _("%(host)s:%(port)s lets everybody in: whoever reaches it can send readings and read all of them") % where,
            _(
                "Mosquitto: `allow_anonymous false`, `password_file` and `acl_file`; "
                "then `username` and `password` here and in edge.toml."
            ),
        )
    else:
        yield ok(f"{BROKER} anonymous", _("nobody is let in without an account"))
    if seen.certificate is not None:
        yield ends(f"{BROKER} certificate", seen.certificate, now, _)
    if not seen.told:
        yield note(
            f"{BROKER} size",
            _("it speaks no MQTT 5 and cannot be asked for its size limit"),
            _("Mosquitto: set `max_packet_size 1048576`."),
        )
    elif seen.largest is None:
        yield wrong(
            f"{BROKER} size",
            _("it takes messages of any size: one of 250 MB fills the memory of all who listen"),
            _("Mosquitto: set `max_packet_size 1048576`."),
        )
    else:
        yield ok(f"{BROKER} size", _("messages up to %(size)d bytes") % {"size": seen.largest})


def judge_mail(settings: MailServer | None, seen: MailSeen | None, now: int, _: Translate) -> Iterator[Finding]:
    """Yield what is said of the mail server."""
    if settings is None or seen is None:
        yield note(
            MAIL, _("no [mail] in facility.toml: alerts are shown on the wall only"), _("Write one, or a [[channel]].")
        )
        return
    if seen.error is not None:
        outcome = refused(seen.error, settings, _)
        yield wrong(MAIL, outcome.said, outcome.todo)
        return
    values = {"host": settings.host, "port": settings.port}
    yield ok(MAIL, _("%(host)s:%(port)s lets us in; `sukusuku mail test ADDRESS` sends a mail") % values)
    if seen.certificate is not None:
        yield ends(f"{MAIL} certificate", seen.certificate, now, _)


def ends(subject: str, end: int, now: int, _: Translate) -> Finding:
    """Judge the end of a certificate (UTC ms)."""
    days = (end - now) // DAY_MS
    if days < 0:
        return wrong(subject, _("ended %(days)d days ago") % {"days": -days}, _("Renew it, and restart what uses it."))
    if days < SOON:
        return wrong(subject, _("ends in %(days)d days") % {"days": days}, _("Renew it, and restart what uses it."))
    return ok(subject, _("ends in %(days)d days") % {"days": days})


def _broker_error(error: Exception, _: Translate) -> tuple[str, str]:
    match error.__cause__:
        case ssl.SSLCertVerificationError():
            diagnoses = (
                _("the certificate of %(host)s does not verify: %(error)s"),
                _("See that `ca_file` has signed it, that it names %(host)s, and that it has not ended."),
            )
        case ssl.SSLError():
            diagnoses = (
                _("%(host)s:%(port)s speaks no TLS that fits: %(error)s"),
                _("The TLS port is usually 8883; where it asks for our certificate, set `cert_file` and `key_file`."),
            )
        case socket.gaierror():
            diagnoses = (
                _("the name %(host)s was not found"),
                _("Correct `[broker] host`, or the name server of this computer."),
            )
        case ConnectionRefusedError():
            diagnoses = (
                _("nothing listens at %(host)s:%(port)s"),
                _("Start the broker (apt-get install mosquitto; systemctl status mosquitto), or correct `[broker]`."),
            )
        case OSError():
            diagnoses = (
                _("%(host)s:%(port)s is not reached: %(error)s"),
                _("Look at network and firewall; with TLS name the authority: `ca_file`."),
            )
        case _:
            diagnoses = (
                _("%(host)s:%(port)s refuses the collector as %(username)s: %(error)s"),
                _("Correct `username` and `password` of [broker] (Mosquitto: mosquitto_passwd), and its rules."),
            )
    return diagnoses
