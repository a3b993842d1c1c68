"""F35, F36 and F37: collectors over one PostgreSQL, of which one works and another one takes over.

Edge nodes deliver without a pause, and after each fault an alert is raised. Every reading must be stored once, and
every alert mailed once.
"""

import random
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.collector.operators.divided_town import DividedTown
from tests.collector.running_collector import run as bounded
from tests.collector.succession import FAULTS, TAKES_OVER, Succession
from tests.faults.outcome import joined
from tests.faults.row import Outcome, Tier
from tests.support.broker import mosquitto
from tests.support.postgres import postgres

ROUNDS = {Tier.PR: 1, Tier.NIGHTLY: 10, Tier.RELEASE: 20}
BELIEVED = ("hung", "cut off", "hung", "cut off")
KILLED, HANGS = signal.SIGKILL, signal.SIGSTOP
DIVIDED = (HANGS, KILLED, KILLED, HANGS)
"""What comes upon two collectors in turn."""
TERM = 6.0
"""Seconds, as by default."""


def run(tier: Tier, chance: random.Random) -> Outcome:
    """F35: the holder is killed, hangs, is cut off from the database, is stopped."""
    title = "collector killed, hung, cut off, stopped, with a standby"
    return joined("F35", title, [_played("F35", title, chance.sample([*FAULTS], 4)) for _ in range(ROUNDS[tier])])


def believed(tier: Tier, _: random.Random) -> Outcome:
    """F36: the one before does not learn from time that its lease is over."""
    title = "two collectors believe that they hold the lease"
    module = "tests.faults.stubborn"
    return joined("F36", title, [_played("F36", title, BELIEVED, module) for _ in range(ROUNDS[tier])])


def divided(tier: Tier, _: random.Random) -> Outcome:
    """F37: two collectors share three shards of one operator; each is killed or hangs in turn and comes back."""
    title = "one of two collectors that share the groups of an operator is killed or hangs"
    return joined("F37", title, [_divided("F37", title) for _ in range(ROUNDS[tier])])


def _divided(fault: str, title: str) -> Outcome:
    with postgres(unsafe=False) as server, mosquitto() as broker, tempfile.TemporaryDirectory() as folder:
        town = DividedTown(Path(folder), broker, server, DIVIDED)
        bounded(town.play(TERM))
    return _outcome(fault, title, town.took, len(town.expected))


def _played(fault: str, title: str, faults: Sequence[str], module: str = "sukusuku_collector") -> Outcome:
    with postgres(unsafe=False) as server, mosquitto() as broker, tempfile.TemporaryDirectory() as folder:
        succession = Succession(broker, server, faults, module)
        bounded(succession.play(Path(folder), TERM))
    return _outcome(fault, title, [seconds for _, seconds in succession.took], len(succession.load.expected))


def _outcome(fault: str, title: str, took: Sequence[float], count: int) -> Outcome:
    """Return what came of it; it has been checked that so many readings are stored, each once."""
    late = max(took) > TAKES_OVER
    why = f"taken over after {max(took):.1f} s, promised are {TAKES_OVER:g} s" if late else ""
    return Outcome(fault, title, len(took), count, count, 0, 0, tuple(took), not late, why)
