"""How a program loads its modules: without looking again and again for waste, of which there is none yet."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec


@contextmanager
def loading() -> Iterator[None]:
    """Load modules, which stay: afterwards, too, nobody looks through them for what could go.

    msgspec looks at a struct when that is first used, and the process crashes when two threads make it look at the same
    one at once (seen with msgspec 0.22 and several operators that are opened together). So it looks at all of them now,
    before there are threads.
    """
    looked = gc.isenabled()
    gc.disable()
    yield
    for struct in _below(msgspec.Struct):
        msgspec.json.Decoder(struct)
    gc.freeze()
    if looked:
        gc.enable()


def _below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for struct in kind.__subclasses__():
        yield struct
        yield from _below(struct)
