"""An incident, and how it is said in the reader's language: names, times, durations. Pure."""

from dataclasses import dataclass
from gettext import NullTranslations

from babel.dates import format_datetime

from sukusuku_collector.alerts.context import Subject, Supply, name_of, site_of
from sukusuku_core.time import MINUTE_MS, japan_time
from sukusuku_server.db import Alert
from sukusuku_server.live.outlook import Outlook
from sukusuku_server.rooms.capacity_limit import RoomLimit
from sukusuku_server.settings import Language


@dataclass(frozen=True, slots=True)
class Incident:
    """An alert that is told now, with what a mail tells about it.

    `value` is the one of now, `fill_clear` the level (%) at which an alert about a level ends, `last_time` when the
    subject, or the metric that is missing, was last heard (UTC ms). `ahead` is what is expected of a unit, `next_round`
    when the next round departs, `limit` how many children may be in a room. `open_still`: it was told before, and
    nobody has taken care of it.
    """

    alert: Alert
    subject: Subject
    value: float | None
    fill_clear: float
    last_time: int | None
    simulated: bool
    now: int
    ahead: Outlook | None = None
    next_round: int | None = None
    supplies: tuple[Supply, ...] = ()
    limit: RoomLimit | None = None
    open_still: bool = False

    @property
    def resolved(self) -> bool:
        """Whether the mail brings the good news."""
        return self.alert.resolved is not None


@dataclass(frozen=True, slots=True)
class Item:
    """One incident of a message, and why it is told now: `firing`, `worse`, `again` or `resolved`.

    `held` says why it has waited since `waited` (UTC ms), see `Word`; empty: it has not.
    """

    incident: Incident
    kind: str
    held: str = ""
    waited: int | None = None


@dataclass(frozen=True, slots=True)
class Meter:
    """A bar: how full, and where the mark stands, both 0 to 100."""

    percent: int
    mark: int


@dataclass(frozen=True, slots=True)
class Words:
    """The parts of a mail.

    `topic` names the rule in two words, `tone` picks the colours, `facts` are label and value, `steps` what to do next,
    `since` is said instead of "Since".
    """

    topic: str
    tone: str
    subject: str
    headline: str
    facts: tuple[tuple[str, str], ...] = ()
    steps: tuple[str, ...] = ()
    meter: Meter | None = None
    since: str = ""


@dataclass(frozen=True, slots=True)
class Speech:
    """An incident and the language to tell it in. `children` allows to say how many there are."""

    incident: Incident
    texts: NullTranslations
    language: Language
    children: bool

    @property
    def names(self) -> dict[str, str]:
        """What people call the centre and the unit or room."""
        subject = self.incident.subject
        return {"site": site_of(subject).name[self.language], "asset": name_of(subject)[self.language]}

    def time(self, time: int) -> str:
        """Return a time for people, by the clock of the centre."""
        pattern = "y年M月d日（E）H:mm" if self.language == "ja" else "EEE d MMM y, HH:mm 'JST'"
        return format_datetime(japan_time(time), pattern, locale=self.language)

    def clock(self, time: int) -> str:
        """Return a time of today for people."""
        return format_datetime(japan_time(time), "H:mm" if self.language == "ja" else "HH:mm", locale=self.language)

    def duration(self, duration: int) -> str:
        """Return a length of time in the two largest units that matter."""
        minutes = duration // MINUTE_MS
        hours, days = minutes // 60, minutes // 1440
        if minutes < 1:
            return self.texts.gettext("less than a minute")
        if hours < 1:
            return self.texts.gettext("%(minutes)d min") % {"minutes": minutes}
        if days < 1:
            return self.texts.gettext("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes % 60}
        return self.texts.gettext("%(days)d d %(hours)d h") % {"days": days, "hours": hours % 24}
