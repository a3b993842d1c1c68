"""Word to systemd: ready, alive, stopping (the protocol of sd_notify)."""

import contextlib
import os
import socket
from collections.abc import Mapping


class Notifier:
    """Sends to the socket in NOTIFY_SOCKET; does nothing where there is none."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def send(self, *lines: str) -> None:
        """Lines such as `READY=1`. A service manager that does not listen is no trouble of ours."""
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
            link.settimeout(0)
            link.sendto("\n".join(lines).encode(), self._address)
