"""Which certificate the broker shows, and who has signed it."""

import socket
import ssl
from pathlib import Path

from sukusuku_core.broker_settings import MqttSettings
from sukusuku_core.certificates import of_der, read
from sukusuku_core.errors import TransientError


def ends(settings: MqttSettings) -> tuple[int, int]:
    """Return when the certificate of the broker ends, and when that of who has signed it does (UTC ms); 0: not known.

    It is looked at whether it is right or not, so that one that has ended is seen too; nothing is said to the broker.
    Raises TransientError when it does not answer.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection((settings.host, settings.port), settings.connect_timeout) as raw,
            context.wrap_socket(raw, server_hostname=settings.host) as secured,
        ):
            der = secured.getpeercert(binary_form=True)
        if der is None or settings.ca_file is None:
            return 0, 0
        shown = of_der(der)
        authorities = read(Path(settings.ca_file).read_bytes())
    except (OSError, ValueError) as error:
        raise TransientError(f"the certificate of the broker {settings.host}:{settings.port}: {error}") from error
    return shown.ends, max((other.ends for other in authorities if shown.signed_by(other)), default=0)
