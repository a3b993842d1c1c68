"""Looks at real servers."""

import asyncio
import os
import socket
import ssl
from dataclasses import replace

from sukusuku_cli.doctor.servers import BrokerSeen, MailSeen
from sukusuku_collector.channels.mail.smtp import Smtp
from sukusuku_core.broker_settings import BrokerSettings, MqttSettings
from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_mqtt import MqttSession
from sukusuku_server.settings import MailServer


class RealServers:
    """See `servers.Servers`."""

    def broker(self, settings: BrokerSettings) -> BrokerSeen:
        """See `servers.Servers`."""
        return asyncio.run(_broker(settings.session(f"sukusuku-doctor-{os.getpid()}")))

    def mail(self, settings: MailServer) -> MailSeen:
        """See `servers.Servers`."""
        try:
            return MailSeen(certificate=Smtp(settings).greet())
        except (TransientError, PermanentError) as error:
            return MailSeen(error)


async def _broker(settings: MqttSettings) -> BrokerSeen:
    try:
        certificate = await asyncio.to_thread(_certificate, settings)
        async with MqttSession(settings):
            pass
    except TransientError as error:
        return BrokerSeen(error)
    nobody = replace(settings, username=None, password=None, cert_file=None, key_file=None)
    told, largest = await _limit(replace(settings, protocol="5"))
    anonymous = nobody == settings or await _is_let_in(nobody)
    return BrokerSeen(None, anonymous, largest, told, certificate)


async def _limit(settings: MqttSettings) -> tuple[bool, int | None]:
    try:
        async with MqttSession(settings) as session:
            return True, session.largest
    except TransientError:
        return False, None


async def _is_let_in(settings: MqttSettings) -> bool:
    try:
        async with MqttSession(settings):
            return True
    except TransientError:
        return False


def _certificate(settings: MqttSettings) -> int | None:
    """Return when the broker's certificate ends (UTC ms); None: no TLS, or it does not say. Raises TransientError."""
    if settings.ca_file is None:
        return None
    where = settings.host, settings.port
    try:
        context = ssl.create_default_context(cafile=str(settings.ca_file))
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if settings.cert_file is not None:
            context.load_cert_chain(settings.cert_file, settings.key_file)
        with (
            socket.create_connection(where, settings.connect_timeout) as raw,
            context.wrap_socket(raw, server_hostname=settings.host) as secured,
        ):
            certificate = secured.getpeercert() or {}
    except OSError as error:
        raise TransientError(str(error)) from error
    return round(ssl.cert_time_to_seconds(str(certificate["notAfter"])) * 1000) if "notAfter" in certificate else None
