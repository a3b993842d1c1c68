"""Three NATS servers that are one MQTT broker."""

import socket
from functools import partial
from pathlib import Path

from sukusuku_demo.processes import Child, Processes
from sukusuku_demo.settings import HOST

SERVERS = 3
PORTS = 3 * SERVERS
"""MQTT, NATS and the routes between them, of each."""
_SECONDS = 60.0
_ENDS = 2.0
_SETTINGS = """\
server_name: nats-{number}
listen: "{host}:{client}"
jetstream {{ store_dir: "{folder}", max_memory_store: 256MB, max_file_store: 2GB }}
cluster {{ name: sukusuku, listen: "{host}:{route}", routes: [{routes}] }}
# Sessions, retained messages and QoS 1 are kept by all three.
mqtt {{ listen: "{host}:{mqtt}", stream_replicas: {servers}, consumer_memory_storage: true }}
max_payload: 8MB
"""


def mqtt_ports(first: int) -> list[int]:
    """Return where MQTT is spoken; `first` is the first port of all."""
    return list(range(first, first + SERVERS))


def route_ports(first: int) -> list[int]:
    """Return where the servers reach each other."""
    return list(range(first + 2 * SERVERS, first + 3 * SERVERS))


async def start(processes: Processes, program: str, folder: Path, first: int) -> None:
    """Start the servers and wait until each takes MQTT sessions. Raises ProcessFailedError."""
    routes = ", ".join(f'"nats://{HOST}:{port}"' for port in route_ports(first))
    children = []
    for place in range(SERVERS):
        number = place + 1
        own = folder / f"nats-{number}"
        own.mkdir(parents=True)
        file = folder / f"nats-{number}.conf"
        text = _SETTINGS.format(
            number=number,
            host=HOST,
            client=first + SERVERS + place,
            route=first + 2 * SERVERS + place,
            mqtt=first + place,
            folder=own,
            routes=routes,
            servers=SERVERS,
        )
        file.write_text(text, encoding="utf-8")
        children.append(await processes.begin(f"nats-{number}", [program, "-c", str(file)], patience=_ENDS))
    for place, child in enumerate(children):
        await processes.until(child, partial(_ready, first + place), _SECONDS)


def _ready(port: int, _child: Child) -> bool:
    return lets_in(port)


def lets_in(port: int) -> bool:
    """Whether a session can be had: only once the servers have elected who keeps sessions."""
    # CONNECT of MQTT 3.1.1, clean session, keep-alive 5 s, client id `demoN`; CONNACK with 0.
    name = b"demo" + str(port).encode()
    body = b"\x00\x04MQTT\x04\x02\x00\x05" + len(name).to_bytes(2, "big") + name
    try:
        with socket.create_connection((HOST, port), 3.0) as probe:
            probe.sendall(b"\x10" + bytes([len(body)]) + body)
            return probe.recv(4) == b"\x20\x02\x00\x00"
    except OSError:
        return False
