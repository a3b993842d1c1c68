"""Everything that a derivation keeps besides its series. See `deriver.Records`."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from sukusuku_server.db.checkpoints import Checkpoints
from sukusuku_server.db.database import Operations
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.findings import Findings
from sukusuku_server.db.forecasts import Forecasts
from sukusuku_server.db.rooms import RoomRecords
from sukusuku_server.model.collection import Calibration, Emptying
from sukusuku_server.model.derivation import Advanced
from sukusuku_server.model.series import Late


class DerivationRecords:
    """The records of all derivations. Methods raise TransientError when the database does not answer.

    What people say is heard of the assets that this process `minds`.
    """

    def __init__(self, operations: Operations, minds: Callable[[str], bool] = lambda _: True) -> None:
        self._minds = minds
        self.together = operations.together
        self._emptyings = Emptyings(operations)
        self._findings = Findings(operations)
        self._forecasts = Forecasts(operations)
        self._rooms = RoomRecords(operations)
        self._checkpoints = Checkpoints(operations)

    def speakers(self, after: int, until: int) -> Collection[str]:
        """Return the assets of which people may have said something in after < time <= until."""
        return self._emptyings.speakers(after, until) | self._rooms.counted(after, until)

    def said(self, asset: str, after: int, until: int) -> Sequence[Emptying] | Sequence[Calibration]:
        """Return what people have said of a unit's emptyings or a room's count in after < time <= until, in order."""
        return self._emptyings.said(asset, after, until) or self._rooms.said(asset, after, until)

    def keep(self, asset: str, after: int, until: int, advanced: Advanced[Any]) -> None:
        """Replace what was derived in after < time <= until, except what people have said."""
        self._emptyings.replace_detected(asset, after, until, advanced.emptyings)
        self._findings.replace(asset, after, until, advanced.findings)
        self._forecasts.replace(asset, after, until, advanced.forecasts, advanced.outcomes)
        self._rooms.replace(asset, after, until, advanced.corrections)

    def spoken(self) -> Sequence[Late]:
        """Assets about whose past people have said something that no derivation knows yet."""
        return [spoken for spoken in self._emptyings.spoken() if self._minds(spoken.asset)]

    def heard(self, spoken: Late) -> None:
        """Forget corrections that have been re-derived. Those made since `spoken` was read stay."""
        self._emptyings.heard(spoken)

    def checkpoint(self, asset: str, before: int, version: int) -> tuple[int, bytes] | None:
        """Return the newest state of a derivation from before a moment, with its time; older versions do not count."""
        found = self._checkpoints.latest(asset, version, before - 1)
        return None if found is None else (found.time, found.state)

    def checkpoints(self, before: int, version: int) -> dict[str, tuple[int, bytes]]:
        """Return the same of all assets that have one, by asset."""
        found = self._checkpoints.newest(version, before - 1)
        return {asset: (kept.time, kept.state) for asset, kept in found.items()}

    def put_checkpoint(self, asset: str, time: int, version: int, state: bytes) -> None:
        """Keep the state of a derivation. Those after it are forgotten: they were derived from an older past."""
        self._checkpoints.forget(asset, time)
        self._checkpoints.put(asset, time, version, state)
        self._checkpoints.thin(asset, version, time)

    def forget(self, asset: str, after: int, until: int) -> None:
        """Forget everything that was derived of an asset in after < time <= until, and the states after `after`.

        What people have said stays.
        """
        self.keep(asset, after, until, Advanced(None))
        self._checkpoints.forget(asset, after)
