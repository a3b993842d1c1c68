"""Since when the collector hears and looks without a gap: what no database can tell an engine."""

from collections.abc import Mapping

_GAP = 4
"""A pause between two looks at everything that is longer than this part of `silent_after` counts as not having heard:
whatever lives is heard within half of it."""
_LEAST_GAP_MS = 10_000
"""Looks come every two seconds and a busy machine is late with them: less than this is no gap, however short the time
after which something is silent."""


class Attention:
    """What one engine has noticed, to be handed to the one that comes after it. All times are UTC ms."""

    def __init__(self) -> None:
        self._hearing: int | None = None
        self._looked: int | None = None
        self._missed: dict[str, int] = {}
        self._opened: dict[str, int] = {}

    def listen(self, now: int, *, linked: bool) -> None:
        """Notice whether there is a session with the broker."""
        if not linked:
            self._hearing = None
        elif self._hearing is None:
            self._hearing = now

    def look(self, now: int, silent_after: Mapping[str, float]) -> None:
        """Look at everything, and notice for whom the pause since the last time was too long to call it silence.

        `silent_after` are the seconds by asset.
        """
        passed = 0 if self._looked is None else abs(now - self._looked)
        self._looked = now
        if passed > _LEAST_GAP_MS:
            self._missed |= {ident: now for ident, seconds in silent_after.items() if passed * _GAP > seconds * 1000}

    def hearing(self, ident: str) -> int | None:
        """Return since when an asset would have been heard; None: it would not be now."""
        missed = self._missed.get(ident)
        return self._hearing if self._hearing is None or missed is None else max(self._hearing, missed)

    @property
    def since(self) -> int | None:
        """Since when there is a session with the broker; None: there is none."""
        return self._hearing

    def lid(self, ident: str, now: int, *, is_open: bool) -> None:
        """Notice how the lid of a unit is."""
        if is_open:
            self._opened.setdefault(ident, now)
        else:
            self._opened.pop(ident, None)

    def opened(self, ident: str) -> int | None:
        """Return since when the lid of a unit is open; None: it is not."""
        return self._opened.get(ident)

    def forget(self) -> None:
        """Notice everything anew: a wrong clock has been corrected."""
        self._hearing = self._looked = None
        self._opened.clear()
