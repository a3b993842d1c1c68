"""What happens to a unit in order of time: what people say, readings, and a look every five minutes. Pure."""

from collections.abc import Iterator, Sequence

from sukusuku_core.model import Reading
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.model.collection import Emptying

GRID_MS = 5 * MINUTE_MS
"""Between two looks."""


def next_look(after: int) -> int:
    """Return the first look after a moment."""
    return after // GRID_MS * GRID_MS + GRID_MS


def in_order(
    after: int, readings: Sequence[Reading], said: Sequence[Emptying], until: int
) -> Iterator[Reading | Emptying | int]:
    """Yield what people said, then readings, then the look of a moment; all in order of time."""
    grid = next_look(after)
    words = iter(said)
    word = next(words, None)
    for reading in readings:
        while grid < reading.time or (word is not None and word.time <= reading.time):
            if word is not None and word.time <= grid:
                yield word
                word = next(words, None)
            else:
                yield grid
                grid += GRID_MS
        yield reading
    while grid <= until or word is not None:
        if word is not None and (word.time <= grid or grid > until):
            yield word
            word = next(words, None)
        else:
            yield grid
            grid += GRID_MS
