"""The broker of the demo: Mosquitto where it is installed, else the broker that pip brings along."""

import socket
import sys
from pathlib import Path

from sukusuku_demo.processes import Child, Processes
from sukusuku_demo.settings import HOST

_MOSQUITTO = """\
listener {port} {host}
allow_anonymous true
persistence false
max_queued_messages 100000
max_packet_size 1048576
set_tcp_nodelay true
"""


async def start(processes: Processes, port: int, folder: Path, mosquitto: str | None) -> tuple[Child, str]:
    """Start a broker on loopback and wait until it answers. Returns the child and the broker's name.

    `mosquitto` is the path of the program, None where it is not installed.
    """

    def answers(_child: Child) -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            return probe.connect_ex((HOST, port)) == 0

    if mosquitto is not None:
        config = folder / "mosquitto.conf"
        config.write_text(_MOSQUITTO.format(port=port, host=HOST), encoding="utf-8")
        return await processes.start("broker", [mosquitto, "-c", str(config)], answers), "Mosquitto"
    command = [sys.executable, "-m", "sukusuku_demo.iotcore_broker", str(port)]
    return await processes.start("broker", command, answers), "iotcore"
