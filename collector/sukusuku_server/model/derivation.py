"""What the derivation of an asset takes and gives. `deriver.py` feeds it from the store, in order of time.

A derivation is a pure step: (state, what was read, until) -> (state, what follows). It may be begun again at an earlier
moment when late readings have arrived; whatever it gave for the time from there on is then replaced by what it
gives now. So it must depend on nothing but its arguments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from sukusuku_core.model import Reading
from sukusuku_server.model.collection import Correction, Emptying, Finding, Forecast, Outcome

S = TypeVar("S")
W_contra = TypeVar("W_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Advanced(Generic[S]):
    """What came of a step.

    `points` are derived series (`metrics.DERIVED`, quality GOOD). `emptyings` were found in it; their time may lie
    before it by the hours that a level must stay low to be believed. `findings` are all that were open at any moment of
    the step, with their true `since`. `forecasts` were issued in it, `outcomes` became known in
    it; so did `corrections`, those of a room's count with start < time <= until.
    """

    state: S
    points: tuple[Reading, ...] = ()
    emptyings: tuple[Emptying, ...] = ()
    findings: tuple[Finding, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    corrections: tuple[Correction, ...] = ()

    @property
    def tells(self) -> bool:
        """Whether anything but points came of it."""
        return bool(self.emptyings or self.findings or self.forecasts or self.outcomes or self.corrections)


class Derivation(Protocol[S, W_contra]):
    """The derivation of one asset. `S` is a frozen dataclass that msgspec can encode; `version` changes with its shape.

    `W_contra` is what people say about it: emptyings of a unit, counts of a room.
    A stored state of another version is thrown away and everything is derived anew.
    """

    version: int
    kind: type[S]

    def start(self, time: int) -> S:
        """Return the state of an asset of which nothing is known, at the moment from which on readings are given."""

    def wakes(self, state: S) -> int:
        """Return when (UTC ms) it looks by itself: a step that ends before, in which nothing came, may be left out."""

    def advance(self, state: S, readings: Sequence[Reading], said: Sequence[W_contra], until: int) -> Advanced[S]:
        """Everything up to and including `until` (UTC ms).

        `readings` are of this asset, after the time of `state`, in order of time, of all metrics and qualities. `said`
        are what people have said within the same time, in order: emptyings confirmed, corrected, entered or rejected,
        or counts of a room.
        """
