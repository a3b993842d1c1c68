"""A renderer that does as it is told, for tests of the process that draws."""

import os
import select
import threading

import msgspec


class Orders(msgspec.Struct):
    """`last`: this process will see nothing more to draw, as if its minute were over."""

    say: str = ""
    fail: str = ""
    forever: bool = False
    last: bool = False


def draw(what: bytes) -> list[str]:
    """Return what is to be said, and the number of this process."""
    orders = msgspec.json.decode(what, type=Orders)
    if orders.fail:
        raise ValueError(orders.fail)
    if orders.forever:
        threading.Event().wait()
    if orders.last:
        select.select = lambda *_: ([], [], [])  # as after a minute
    return [orders.say, str(os.getpid())]
