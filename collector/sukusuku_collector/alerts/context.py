"""What rules may look at. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sukusuku_collector.alerts.state_machine import Open
from sukusuku_core.model import Quality
from sukusuku_server.db.modes import Mode, ModeKind, holding
from sukusuku_server.model.series import DerivedByAsset, Latest, Point
from sukusuku_server.rooms.schedule import Timetable
from sukusuku_server.rounds.next_visit import NextVisit
from sukusuku_server.settings import AlertLevels, Asset, Site, Text

Subject = Asset | Site
"""What an alert is about."""


def site_of(subject: Subject) -> Site:
    """Return the site of an asset, or the site itself."""
    return subject if isinstance(subject, Site) else subject.site


def name_of(subject: Subject) -> Text:
    """Return what people call it."""
    return subject.name if isinstance(subject, Site) else subject.settings.name


@dataclass(frozen=True, slots=True)
class Supply:
    """What lies on the shelf of a site: `kind` is `film` or `bag`, `days` how long it lasts (None: not known)."""

    kind: str
    count: int
    days: float | None


@dataclass(frozen=True, slots=True)
class SharedContext:
    """What is known beside the readings; everything may be missing.

    `next_round` is the round that comes next to a unit, by unit id; `kg_today` what was taken out of the units of a
    site since midnight, `supplies` what it has on the shelf, both by site id.
    """

    derived: DerivedByAsset = field(default_factory=dict)
    modes: tuple[Mode, ...] = ()
    next_round: Mapping[str, NextVisit] = field(default_factory=dict)
    kg_today: Mapping[str, float] = field(default_factory=dict)
    supplies: Mapping[str, tuple[Supply, ...]] = field(default_factory=dict)

    def mode(self, kind: ModeKind, subjects: tuple[str, ...], now: int) -> Mode | None:
        """Return the period of this kind that holds for any of these subjects and ends last."""
        return holding(self.modes, kind, subjects, now) if self.modes else None


NOTHING = SharedContext()


def good(latest: Mapping[str, Latest], metric: str) -> Latest | None:
    """Return the latest value of a metric, when it is GOOD and its asset was not told dead."""
    item = latest.get(metric)
    return item if item is not None and item.quality is Quality.GOOD and item.stale_since is None else None


@dataclass(frozen=True, slots=True)
class RuleContext:
    """All that a rule may look at.

    `known` is since when the subject is watched, `hearing` since when this process hears the broker without a break;
    None: it does not. `open` is the alert of this rule that is not resolved yet, `timetable` that of a room, `opened`
    since when this process has seen lid or door of a unit open (UTC ms).
    """

    subject: Subject
    levels: AlertLevels
    latest: Mapping[str, Latest]
    known: int
    hearing: int | None
    now: int
    derived: Mapping[str, Point] = field(default_factory=dict)
    around: SharedContext = NOTHING
    open: Open | None = None
    timetable: Timetable | None = None
    opened: int | None = None

    @property
    def outbreak(self) -> bool:
        """Whether a person has declared an outbreak at the site."""
        return self.around.mode(ModeKind.OUTBREAK, (site_of(self.subject).id,), self.now) is not None

    def good(self, metric: str) -> Latest | None:
        """Return the latest value of a metric, when it is GOOD and its asset was not told dead."""
        return good(self.latest, metric)

    def number(self, metric: str) -> tuple[float, int] | None:
        """Return a GOOD number and when it was measured."""
        item = self.good(metric)
        if item is None or not isinstance(item.value, int | float):
            return None
        return float(item.value), item.time

    def wavers(self, metric: str) -> bool:
        """Whether a metric that has just been there is not GOOD: what it would say may speak against an all-clear."""
        item = self.latest.get(metric)
        if item is None or item.last_good is None or self.good(metric) is not None:
            return False
        return self.now - item.last_good <= self.levels.silent_after * 1000
