"""A broker that only talks: whoever connects and subscribes gets all messages of a file, as fast as he takes them.

`python -m bench.feeder FILE` prints its port and serves one client after the other. What a client says is not read but
for its CONNECT and SUBSCRIBE, so nothing of a broker is measured.
"""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from sukusuku_mqtt import Message

_PUBLISH, _CONNACK, _SUBACK = 0x30, b"\x20\x02\x00\x00", b"\x90\x03%b\x00"


def packets(messages: Iterable[Message]) -> bytes:
    """Return messages at QoS 0 as they are on the wire."""
    found = bytearray()
    for message in messages:
        topic = message.topic.encode()
        rest = len(topic).to_bytes(2, "big") + topic + message.payload
        found.append(_PUBLISH)
        size = len(rest)
        while size > 0x7F:
            found.append(size & 0x7F | 0x80)
            size >>= 7
        found.append(size)
        found += rest
    return bytes(found)


@contextlib.contextmanager
def feeding(file: Path) -> Iterator[int]:
    """Provide a feeder of a file in a process of its own; its port."""
    with subprocess.Popen([sys.executable, "-m", "bench.feeder", str(file)], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def _serve(client: socket.socket, data: bytes) -> None:
    client.recv(4096)
    client.sendall(_CONNACK)
    subscribe = client.recv(4096)
    client.sendall(_SUBACK % subscribe[2:4])
    client.sendall(data)
    while client.recv(1 << 16):
        pass


def main() -> None:
    """Serve until killed."""
    data = Path(sys.argv[1]).read_bytes()
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            client, _ = server.accept()
            with client, contextlib.suppress(OSError):
                _serve(client, data)


if __name__ == "__main__":
    main()
