"""Collection rounds: depots, vehicles, the rounds that exist today, and how ways are measured."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Annotated, Literal

import msgspec

from sukusuku_core.errors import Mistake
from sukusuku_core.settings import Id, Settings
from sukusuku_server.settings.base import Clock, Language, Latitude, Longitude, Name, Text, Weekday
from sukusuku_server.settings.mail_address import MailAddress
from sukusuku_server.settings.opening import Opening, minute, minutes

Minutes = Annotated[float, msgspec.Meta(ge=0, le=1440)]
WebAddress = Annotated[
    str, msgspec.Meta(pattern=r"^https?://[^\s?#]+$", description="an address that begins with http:// or https://")
]
Attachment = Literal["ics", "gpx", "geojson", "csv", "png"]


class Depot(Settings, frozen=True, kw_only=True):
    """Where vehicles begin and end."""

    id: Id
    name: Text
    lat: Latitude
    lon: Longitude


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
    """How ways are measured: great circle x `detour` at `kmh`, single pairs corrected, or an OSRM server."""

    detour: Annotated[float, msgspec.Meta(ge=1, le=5)] = 1.35
    kmh: Annotated[float, msgspec.Meta(gt=0, le=130)] = 22.0
    pair: tuple[Pair, ...] = ()
    osrm_url: WebAddress | None = None
    """Address of an OSRM server, such as `http://127.0.0.1:5000`; when it does not answer, the great circle is used."""
    seconds: Annotated[float, msgspec.Meta(gt=0, le=60)] = 1.0
    """How long the solver may think at most; small rounds take less."""
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
    """When the vehicle must be back at its depot, at the latest."""
    mail_at: Clock = "08:30"
    """When the plan is made and sent, on the day of the round."""
    answer_by: Clock = "11:00"
    """Nobody has accepted the round or answered for a stop by then: the next of `crew` gets the mail. Whoever says that
    they cannot come lets it go on at once. Those that are left share the time until departure; the facility's contacts
    come last."""
    sites: tuple[Id, ...] = ()
    """Empty: all."""
    holidays: bool = False
    """Whether it goes on national holidays and at the turn of the year."""
    without: tuple[date, ...] = ()
    """Single days on which it does not go."""
    service_minutes: Minutes = 8.0
    """Time at a unit."""
    join_percent: Annotated[float, msgspec.Meta(ge=0, le=100)] = 80.0
    """A unit that is expected to be at least this full by the time of the stop is always joined."""
    needless_percent: Annotated[float, msgspec.Meta(ge=0, le=100)] = 30.0
    """A bag that is less full than this when it is collected was a needless visit."""
    risk: Annotated[float, msgspec.Meta(gt=0, lt=1)] = 0.1
    """A unit is joined when the chance that it is full before the round after this one is above this."""
    crew: tuple[Crew, ...] = ()
    attach: tuple[Attachment, ...] = ("png", "ics")


def check(
    depots: Sequence[Depot],
    vehicles: Sequence[Vehicle],
    rounds: Sequence[Round],
    routing: Routing,
    sites: Collection[str],
) -> Iterator[Mistake]:
    """Yield mistakes between the keys; `sites` are the ids that there are."""
    depot_ids = {depot.id for depot in depots}
    vehicle_ids = {vehicle.id for vehicle in vehicles}
    yield from _unique([vehicle.id for vehicle in vehicles], "vehicle")
    for n, vehicle in enumerate(vehicles):
        yield from _known([vehicle.depot], depot_ids, f"vehicle[{n}].depot", "depot")
    yield from _unique([found.id for found in rounds], "round")
    for n, found in enumerate(rounds):
        where = f"round[{n}]"
        yield from _known([found.vehicle], vehicle_ids, f"{where}.vehicle", "vehicle")
        yield from _known(found.sites, sites, f"{where}.sites", "site")
        yield from _check_times(found, where)
        yield from _check_vehicle(found, rounds[:n], where)
    places = {*depot_ids, *sites}
    seen: set[frozenset[str]] = set()
    for n, pair in enumerate(routing.pair):
        where = f"routing.pair[{n}].between"
        yield from _known(pair.between, places, where, "site or depot")
        ends = frozenset(pair.between)
        if len(ends) == 1:
            yield Mistake(where, f"found `{pair.between[0]}` twice, two different places are needed")
        if ends in seen:
            yield Mistake(where, f"there is a way between {sorted(ends)} already; it holds in both directions")
        seen.add(ends)


def _check_times(checked: Round, where: str) -> Iterator[Mistake]:
    if not checked.days:
        yield Mistake(f"{where}.days", "found none, allowed: one or more of mon, tue, wed, thu, fri, sat, sun")
    keys = ("mail_at", "answer_by", "departs", "returns")
    times = [getattr(checked, key) for key in keys]  # HH:MM sorts as it passes
    if any(first >= then for first, then in pairwise(times)):
        shown = ", ".join(f"{key} {time}" for key, time in zip(keys, times, strict=True))
        yield Mistake(where, f"found {shown}; each must be later than the one before, on the same day")
    under_way = minute(checked.returns) - minute(checked.departs)
    if checked.service_minutes > under_way:
        yield Mistake(
            where,
            f"{checked.departs} to {checked.returns} is {under_way} min, but service_minutes is "
            f"{checked.service_minutes:g}; no unit can be visited. Let it return later, or make the service shorter",
        )
    if checked.needless_percent >= checked.join_percent:
        yield Mistake(
            where, f"needless_percent {checked.needless_percent:g} must be below join_percent {checked.join_percent:g}"
        )


def _check_vehicle(checked: Round, before: Sequence[Round], where: str) -> Iterator[Mistake]:
    """Yield rounds that need one vehicle at the same time. One may depart when the other is back."""
    for n, other in enumerate(before):
        days = [day for day in checked.days if day in other.days]
        together = checked.departs < other.returns and other.departs < checked.returns
        if checked.vehicle == other.vehicle and days and together:
            yield Mistake(
                where,
                f"on {days[0]} `{checked.vehicle}` is on round[{n}] (`{other.id}`) from {other.departs} to "
                f"{other.returns}, and this round needs it from {checked.departs} to {checked.returns}; "
                "give one of them another vehicle, other days or other times",
            )


def check_reach(rounds: Sequence[Round], openings: Mapping[str, Opening]) -> Iterator[Mistake]:
    """Yield centres among the `sites` of a round that are never open when it comes. `openings` by site id."""
    for n, checked in enumerate(rounds):
        first, last = minute(checked.departs), minute(checked.returns)
        for site in (known for known in checked.sites if known in openings):
            slots = [
                (max(start, first), min(end, last))
                for week in openings[site].weeks
                for day in checked.days
                for start, end in map(minutes, week.weekday(day))
            ]
            if not any(end - start >= checked.service_minutes for start, end in slots):
                yield Mistake(
                    f"round[{n}].sites",
                    f"`{site}` is never open for {checked.service_minutes:g} min "
                    f"(service_minutes) from {checked.departs} to {checked.returns} on {', '.join(checked.days)}; "
                    "change the times of the round, or leave the centre to another one",
                )


def _unique(ids: Sequence[str], where: str) -> Iterator[Mistake]:
    for n, ident in enumerate(ids):
        if ident.lower() in {other.lower() for other in ids[:n]}:  # people would mix them up
            yield Mistake(f"{where}[{n}].id", f"id `{ident}` is already used")


def _known(ids: Sequence[str], there: Collection[str], where: str, what: str) -> Iterator[Mistake]:
    unknown = sorted(set(ids) - set(there))
    if unknown:
        yield Mistake(where, f"no {what} {unknown}; there are {sorted(there)}")
