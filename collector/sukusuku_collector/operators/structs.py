"""Makes msgspec know every struct before there are threads that use them.

It looks at a struct when that is first used, and the process crashes when two threads make it look at the same one at
once (seen with msgspec 0.22 and eight operators that start together).
"""

from collections.abc import Iterator

import msgspec


def prepare() -> None:
    """Have it look at all structs that are imported."""
    for struct in _below(msgspec.Struct):
        msgspec.json.Decoder(struct)


def _below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for struct in kind.__subclasses__():
        yield struct
        yield from _below(struct)
