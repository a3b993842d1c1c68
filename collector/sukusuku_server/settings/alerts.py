"""When an alert rises, clears, repeats and goes to the next person."""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from sukusuku_core.errors import Mistake
from sukusuku_core.settings import Percent, PositiveSeconds, Settings
from sukusuku_server.settings.base import Clock

RuleName = Literal[
    "collection",
    "unit_fault",
    "film_low",
    "room_over_capacity",
    "zone_over_capacity",
    "asset_silent",
    "kg_limit",
    "stock_low",
]
Stage = Annotated[int, msgspec.Meta(ge=1, le=4)]
PositivePercent = Annotated[float, msgspec.Meta(gt=0, le=100)]
Factor = Annotated[float, msgspec.Meta(gt=0, le=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=31_536_000)]
_DIGESTED: tuple[RuleName, ...] = ("collection", "film_low", "kg_limit", "stock_low")
"""Nothing that must be done about these within hours is lost by waiting for the next mail, or the digest."""
SHORTEST_REPEAT = 60
"""Seconds between two mails about the same thing, at least."""


class Outbreak(Settings, frozen=True, kw_only=True):
    """How much tighter the limits are while a person has declared an outbreak (of an infection) at a site."""

    fill: Factor = 0.75
    """`fill_rise` and `fill_clear` times this."""
    bag_hours: Factor = 0.5
    """How long a bag may stay, times this."""
    film: Annotated[float, msgspec.Meta(ge=1, le=10)] = 2.0
    """`film_low` times this."""


class MailFrom(Settings, frozen=True, kw_only=True):
    """The stage of an alert from which on it makes mails; below that it is only shown. Beyond the last: never."""

    collection: Stage = 1
    """1 let a round take it, 2 empty it today, 3 change it now."""
    room_over_capacity: Stage = 2
    """1 full, 2 over its limit. To be full is a good day, and no news."""
    zone_over_capacity: Stage = 2
    """1 over its house rule."""
    kg_limit: Stage = 1
    """1 near, 2 over."""


class Digest(Settings, frozen=True, kw_only=True):
    """Mails that gather what is not urgent, at fixed times."""

    times: Annotated[tuple[Clock, ...], msgspec.Meta(min_length=1, max_length=12)] = ("09:00", "13:00", "16:30")
    """When they go out, local times."""
    allowed: tuple[RuleName, ...] = ("collection", "film_low", "asset_silent", "kg_limit", "stock_low")
    """Rules that a contact may have in a digest. Of `collection` only stage 1 waits, whatever a contact chooses."""
    rules: tuple[RuleName, ...] | None = None
    """Rules that wait for the digest of contacts who do not say it themselves (`digest` of `[[contact]]`).

    None: `collection`, `film_low`, `kg_limit` and `stock_low`, as far as they may and are not urgent.
    """


class AlertLevels(Settings, frozen=True, kw_only=True):
    """When an alert rises and clears. A unit or room may override single values (see `Levels`)."""

    fill_rise: Percent = 80.0
    fill_clear: Percent = 60.0
    fill_for: Annotated[float, msgspec.Meta(ge=0)] = 60.0
    """Seconds that a bag must be due before a mail goes out."""
    fault_for: Annotated[float, msgspec.Meta(ge=0)] = 60.0
    over_capacity_for: Annotated[float, msgspec.Meta(ge=0)] = 300.0
    """Seconds for which a room must be full, or over its limit, until that is told; likewise for zones."""
    room_warn: PositivePercent = 100.0
    """Percent of the limit of a room from which on it counts as full."""
    room_clear: Percent = 80.0
    """Percent of the limit of a room at which it no longer counts as full."""
    silent_after: PositiveSeconds = 2700.0
    """Seconds without a reading after which an asset counts as silent and its tile as old.

    More than twice the `refresh` of the edge nodes (900 s unless set): a value that stays the same comes only once in
    that time, or with the next message of its sensor after that, and one message may be lost. The demo has 60 and 15.
    """
    kg_per_day: Annotated[float, msgspec.Meta(gt=0, le=100_000)] | None = None
    """From so many kg a day on the ward does not collect from a site; None: as in the ward's fee table (10 kg)."""
    kg_near: Percent = 80.0
    """Percent of `kg_per_day` from which on that limit is near."""
    stock_days: Annotated[float, msgspec.Meta(ge=0, le=366)] = 14.0
    """Days that film cassettes or bags on the shelf must last; below that somebody should order. 0: never told."""
    repeat_after: Seconds = 14_400.0
    """Seconds after which a mail about an alert that nobody has acknowledged is sent again; 0: never."""
    before_opening: Annotated[float, msgspec.Meta(ge=0, le=43_200)] = 3600.0
    """Seconds before the centre opens at which mails go out that have waited while it was closed."""
    urgent: tuple[RuleName, ...] = ("room_over_capacity",)
    """Rules whose mails wait neither until the centre opens nor for others."""
    longest_wait: Annotated[float, msgspec.Meta(ge=3600, le=1_209_600)] = 259_200.0
    """Seconds that a mail waits at most because its centre is closed: a weekend, but not the New Year holidays."""
    gather_for: Annotated[float, msgspec.Meta(ge=0, le=900)] = 120.0
    """Seconds for which words that are not urgent wait for others to the same person, so that they are one mail."""
    mails_per_day: Annotated[int, msgspec.Meta(ge=1, le=100)] = 6
    """Mails to one person on a day, also about rounds, from which on what is not urgent waits for the digest."""
    digest: Digest = Digest()
    mail_from: MailFrom = MailFrom()
    outbreak: Outbreak = Outbreak()


class Levels(Settings, frozen=True, kw_only=True):
    """Overrides of single `[alerts]` values; absent means the facility's value."""

    fill_rise: Percent | None = None
    fill_clear: Percent | None = None
    fill_for: float | None = None
    fault_for: float | None = None
    over_capacity_for: float | None = None
    room_warn: PositivePercent | None = None
    room_clear: Percent | None = None
    silent_after: PositiveSeconds | None = None


def check_levels(levels: AlertLevels) -> Iterator[Mistake]:
    """Yield mistakes between the keys of `[alerts]`."""
    if 0 < levels.repeat_after < SHORTEST_REPEAT:
        yield Mistake(
            "alerts.repeat_after",
            f"found {levels.repeat_after:g}, allowed: {SHORTEST_REPEAT} or more, or 0 to tell each thing once",
        )
    times = levels.digest.times
    if list(times) != sorted(set(times)) or "24:00" in times:
        yield Mistake(
            "alerts.digest.times",
            f"found {', '.join(times)}; allowed: times from 00:00 to 23:59, each once, the earliest first",
        )
    yield from check_digest(levels, levels.digest.rules or (), "alerts.digest.rules")
    doubled = sorted({rule for rule in levels.urgent if levels.urgent.count(rule) > 1})
    if doubled:
        yield Mistake("alerts.urgent", f"{', '.join(doubled)} is named twice")


def check_digest(alerts: AlertLevels, chosen: tuple[RuleName, ...], where: str) -> Iterator[Mistake]:
    """Yield what shall wait for a digest and may not; `where` is the key path of the choice."""
    wrong = sorted(set(chosen) - set(alerts.digest.allowed))
    if wrong:
        allowed = ", ".join(alerts.digest.allowed) or "none"
        yield Mistake(where, f"{', '.join(wrong)} may not wait for a digest; [alerts.digest] allowed: {allowed}")
    urgent = sorted(set(chosen) & set(alerts.urgent))
    if urgent:
        yield Mistake(where, f"{', '.join(urgent)} is in [alerts] urgent, so it cannot wait for a digest")


def digested(alerts: AlertLevels) -> frozenset[RuleName]:
    """Return what waits for the digest of contacts who do not say it themselves."""
    if alerts.digest.rules is not None:
        return frozenset(alerts.digest.rules)
    return frozenset(_DIGESTED).intersection(alerts.digest.allowed) - frozenset(alerts.urgent)


def check_apart(levels: AlertLevels, where: str) -> Iterator[Mistake]:
    """Yield the levels that do not clear below where they rise: they would flicker. `where` is their table."""
    for rise, clear in (("fill_rise", "fill_clear"), ("room_warn", "room_clear")):
        high, low = getattr(levels, rise), getattr(levels, clear)
        if low >= high:
            yield Mistake(where, f"{clear} {low:g} must be below {rise} {high:g}")


def tightened(levels: AlertLevels) -> AlertLevels:
    """Return the levels that hold during an outbreak."""
    factor = levels.outbreak.fill
    return msgspec.structs.replace(levels, fill_rise=levels.fill_rise * factor, fill_clear=levels.fill_clear * factor)
