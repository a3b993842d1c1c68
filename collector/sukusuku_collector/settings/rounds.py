"""Collection rounds: depots, vehicles, the rounds that exist today, and how ways are measured."""

from datetime import date
from typing import Annotated, Literal

import msgspec

from sukusuku_collector.settings.base import Clock, Language, MailAddress, Name, Text, Weekday
from sukusuku_core.settings import Id, PositiveSeconds, Settings

Degrees = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Minutes = Annotated[float, msgspec.Meta(ge=0, le=1440)]
Attachment = Literal["ics", "gpx", "geojson", "csv", "png"]


class Depot(Settings, frozen=True, kw_only=True):
    """Where vehicles begin and end."""

    id: Id
    name: Text
    lat: Degrees
    lon: Degrees


class Vehicle(Settings, frozen=True, kw_only=True):
    """A vehicle of a depot. A vehicle that takes no more bags or kilograms ends its round."""

    id: Id
    name: Text
    depot: Id
    bags: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 60
    kg: Annotated[float, msgspec.Meta(gt=0, le=100_000)] = 350.0
    yen_per_km: Annotated[float, msgspec.Meta(ge=0)] = 40.0
    kg_co2_per_km: Annotated[float, msgspec.Meta(ge=0)] = 0.25


class Pair(Settings, frozen=True, kw_only=True):
    """The way between two places (site or depot ids), in both directions, where the general rule is wrong."""

    between: tuple[Id, Id]
    km: Annotated[float, msgspec.Meta(ge=0, le=1000)]
    minutes: Minutes


class Routing(Settings, frozen=True, kw_only=True):
    """How ways are measured: great circle x `detour` at `kmh`, single pairs put right, or an OSRM server."""

    detour: Annotated[float, msgspec.Meta(ge=1, le=5)] = 1.35
    kmh: Annotated[float, msgspec.Meta(gt=0, le=130)] = 22.0
    pair: tuple[Pair, ...] = ()
    osrm_url: str | None = None
    """Address of an OSRM server's `/table` service; when it does not answer, the great circle is used."""
    seconds: PositiveSeconds = 1.0
    """How long the solver may think."""
    seed: int = 1


class Crew(Settings, frozen=True, kw_only=True):
    """Who gets the round's mail. The next one gets it when the one before has not answered in time."""

    name: Name
    mail: MailAddress
    language: Language = "ja"


class Round(Settings, frozen=True, kw_only=True):
    """A round that exists: its days, its time, its vehicle, the sites it may serve, the people it is told to.

    For each date the plan says per unit whether the round should stop there, and why.
    """

    id: Id
    name: Text
    vehicle: Id
    days: tuple[Weekday, ...] = ("mon", "wed", "fri")
    departs: Clock = "13:00"
    returns: Clock = "17:00"
    """The end of the time window in which stops may be served."""
    mail_at: Clock = "08:30"
    """When the plan is made and sent, on the day of the round."""
    answer_by: Clock = "11:00"
    """Whoever has not opened or answered the mail by then: the next of `crew` gets it."""
    sites: tuple[Id, ...] = ()
    """Empty: all."""
    holidays: bool = False
    """Whether it goes on national holidays and at the turn of the year."""
    without: tuple[date, ...] = ()
    """Single days on which it does not go."""
    service_minutes: Minutes = 8.0
    """Time at a stop."""
    join_percent: Annotated[float, msgspec.Meta(ge=0, le=100)] = 80.0
    """A unit that is expected to be at least this full by the time of the stop is always joined."""
    needless_percent: Annotated[float, msgspec.Meta(ge=0, le=100)] = 30.0
    """A bag that is less full than this when it is collected was a needless visit."""
    risk: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.1
    """A unit is joined when the chance that it is full before the round after this one is above this."""
    crew: tuple[Crew, ...] = ()
    attach: tuple[Attachment, ...] = ("png", "ics")
