"""Ports on loopback for the servers of a test."""

import itertools
import os
import random
import socket
from collections.abc import Iterator

FIRST, LAST = 20_000, 32_000
"""Below the ports that the kernel gives to clients: a client could take a port before its server does."""


def free_port() -> int:
    """A port that nobody listens on, and that no other process of this test run is given."""
    return free_block(1)


def free_block(size: int) -> int:
    """The first of `size` neighbouring ports of that kind."""
    while True:
        first, *others = itertools.islice(_ports, size)
        if others == list(range(first + 1, first + size)) and all(map(_is_free, (first, *others))):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _share() -> Iterator[int]:
    """The ports of this process, over and over. It begins anywhere, so that two test runs seldom meet."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    size = (LAST - FIRST) // workers
    begin = random.randrange(size)
    while True:
        for n in range(size):
            yield FIRST + number * size + (begin + n) % size


_ports = _share()
