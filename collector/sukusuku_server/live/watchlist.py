"""Which subjects must be looked at again: those of which something has changed, and those whose time has come. Pure.

Looking at everything every few seconds costs with every asset that exists, whether anything happens to it or not. What
a subject shows depends on what is known of it, which is never changed once it has been handed out, and on the time. The
moments at which time itself changes something stand in a heap, the next one in front. Whoever looks says when that is;
what it cannot say is covered by looking again after a while.
"""

import zlib
from collections.abc import Iterable, Mapping
from heapq import heappop, heappush
from itertools import compress
from operator import is_not

from sukusuku_core.time import MINUTE_MS

AGAIN_MS = MINUTE_MS
"""A subject of which nothing changes is looked at after this time at the latest: some things depend on the hour."""
QUIET_MS = 10 * MINUTE_MS
"""The same where all moments are known at which something may change."""


class Watchlist:
    """Remembers of each subject what was looked at, and when to look again. Times are UTC ms.

    `known` are what is known of subjects, by subject: a change of one is another object there, in another mapping.
    """

    def __init__(self, subjects: Iterable[str], known: int = 2) -> None:
        self._subjects = tuple(subjects)
        self._places = {subject: place for place, subject in enumerate(self._subjects)}
        self._seen: list[list[object]] = [[None] * len(self._subjects) for _ in range(known)]
        self._compared: list[object] = [None] * known
        """The mappings with which nothing differs from what was seen, but for what is due."""
        self._due = set(range(len(self._subjects)))
        self._again = [0] * len(self._subjects)
        self._wheel: list[tuple[int, int]] = []
        """Moments and places. What was put off is moved when its moment has come, so there are few for each place."""
        self._waits: dict[int, int] = {}
        """The moment of each place that counts; others in the wheel are of no use."""
        self._newest = 0

    def due(self, now: int, *known: Mapping[str, object]) -> list[str]:
        """Return those that must be looked at, in their order; all when the clock is behind the last look.

        They stay due until somebody has looked at them.
        """
        if now < self._newest:
            self.forget()
        self._turn(now)
        places = range(len(self._subjects))
        for number, (seen, values) in enumerate(zip(self._seen, known, strict=True)):
            if values is not self._compared[number]:
                self._due.update(compress(places, map(is_not, map(values.get, self._subjects), seen)))
                self._compared[number] = values
        return [self._subjects[place] for place in sorted(self._due)]

    def looked(
        self, subject: str, now: int, *known: Mapping[str, object], moments: Iterable[int] = (), most: int = AGAIN_MS
    ) -> None:
        """Note that a subject was looked at, and the moments at which that may have to be done again.

        That is done after `most` at the latest, the first time sooner: not for all in the same second.
        """
        place = self._places[subject]
        if not self._again[place]:
            most -= zlib.crc32(subject.encode()) % (most // 2)
        self._due.discard(place)
        for number, (seen, values) in enumerate(zip(self._seen, known, strict=True)):
            seen[place] = values.get(subject)
            if values is not self._compared[number]:
                self._compared[number] = None
        self._newest = max(self._newest, now)
        again = self._again[place] = min(
            (moment for moment in moments if now < moment < now + most), default=now + most
        )
        if again < self._waits.get(place, again + 1):
            self._wait(place, again)

    def forget(self, subject: str | None = None) -> None:
        """Look at a subject the next time whatever is known of it; at all when None."""
        if subject is not None:
            self._due.add(self._places[subject])
            return
        self._due.update(range(len(self._subjects)))
        self._again = [0] * len(self._subjects)
        self._newest = 0

    def _turn(self, now: int) -> None:
        """Find those whose moment has come."""
        while self._wheel and self._wheel[0][0] <= now:
            moment, place = heappop(self._wheel)
            if self._waits.get(place) != moment:
                continue
            del self._waits[place]
            if self._again[place] <= now:
                self._due.add(place)
            else:
                self._wait(place, self._again[place])

    def _wait(self, place: int, moment: int) -> None:
        self._waits[place] = moment
        heappush(self._wheel, (moment, place))
