"""Which accounts must be made again: those of which something has changed that they rest on. Pure.

Accounts rest on visits, and on when bags were over full in opening hours. Visits are compared. A bag that is nearly
over full now, or was at the last look, has its accounts made again each time; a change of the past is told apart, by
the derivation. And each day has accounts of its own from its midnight on.
"""

from collections.abc import Sequence


class Ledger:
    """Remembers what accounts were made of, by the local midnight at which they begin and by whose they are."""

    def __init__(self) -> None:
        self._made: dict[int, dict[str, Sequence[object]]] = {}
        self._restless: dict[str, bool] = {}
        self._unknown: set[str] = set()

    def is_due(self, start: int, owner: str, grounds: Sequence[object], *, full: bool, heard: bool) -> bool:
        """Whether the accounts from `start` on must be made, of these visits or departures.

        `full`: a bag of the owner is nearly over full. `heard`: it is known now how full its bags are in opening hours,
        which is an account in itself once a day.
        """
        if self._made.get(start, {}).get(owner) != grounds:
            return True
        return full or self._restless.get(owner, False) or (heard and owner in self._unknown)

    def made(
        self, start: int, owner: str, grounds: Sequence[object], *, full: bool = False, known: bool = True
    ) -> None:
        """Note accounts that are stored. `known`: those of today say for how long bags were over full."""
        self._made.setdefault(start, {})[owner] = grounds
        self._restless[owner] = full
        (self._unknown.discard if known else self._unknown.add)(owner)

    def forget(self, before: int | None = None) -> None:
        """Forget accounts that begin before a moment; all when None: they are made anew."""
        self._made = {} if before is None else {start: it for start, it in self._made.items() if start >= before}
