"""How a program loads its modules: without looking again and again for waste, of which there is none yet."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Load modules, which stay: afterwards, too, nobody looks through them for what could go."""
    looked = gc.isenabled()
    gc.disable()
    yield
    gc.freeze()
    if looked:
        gc.enable()
