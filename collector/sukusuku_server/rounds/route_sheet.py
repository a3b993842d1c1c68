"""A run of a round with the names and places of the facility: what mails, pages, pictures and files are made of. Pure.

Times are UTC ms, levels percent of a bag, ways km and minutes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sukusuku_server.live.views import SIMULATED
from sukusuku_server.model.rounds import FAILING, Answer, Obstacle, Reason, Run, StopRecord
from sukusuku_server.model.series import LatestByAsset
from sukusuku_server.rounds.timetable import Timetable
from sukusuku_server.settings import Asset, Depot, FacilityIndex, Language, Place, Vehicle


@dataclass(frozen=True, slots=True)
class Line:
    """One unit on the sheet. `number` counts the stops from 1 along the way, 0: not visited.

    `emptied` is when its bag was changed after the plan was made; not `heard`: nothing is known of it since then.
    """

    id: int
    number: int
    asset: str
    site_id: str
    site: str
    unit: str
    place: Place | None
    reason: Reason
    arrives: int | None
    deadline: int | None
    percent: float | None
    percent_then: float | None
    confidence: float
    bags: int
    kg: float
    answer: Answer
    answered: int | None
    answered_by: str | None
    note: str
    obstacle: Obstacle
    emptied: int | None = None
    heard: bool = True


@dataclass(frozen=True, slots=True)
class Sheet:
    """A round on one date. `stops` in the order of the way, `others` are not visited; `next_day` is when it goes next.

    Depot, vehicle or settings may be gone from the facility's settings since the plan was made: then they are None.
    """

    run: int
    round: str
    name: str
    day: date
    planned: int
    departs: int
    returns: int
    depot: Depot | None
    vehicle: Vehicle | None
    stops: tuple[Line, ...]
    others: tuple[Line, ...]
    km: float
    minutes: float
    language: Language
    operator: str
    next_day: date | None = None
    simulated: bool = False

    @property
    def bags(self) -> int:
        """Expected bags of all stops."""
        return sum(line.bags for line in self.stops)

    @property
    def kg(self) -> float:
        """Expected kilograms of all stops."""
        return sum(line.kg for line in self.stops)


Sheets = Callable[[Language], Sheet]
"""Gives the sheet of a run in a language."""


def sheet(
    index: FacilityIndex,
    run: Run,
    records: Sequence[StopRecord],
    language: Language,
    *,
    next_day: date | None = None,
    simulated: bool = False,
) -> Sheet:
    """Return the sheet of a run in a language. A unit that the settings no longer have goes by its id."""
    plan, facility = run.plan, index.facility
    vehicle = next((found for found in facility.vehicle if found.id == plan.vehicle), None)
    depot = next((found for found in facility.depot if vehicle is not None and found.id == vehicle.depot), None)
    settings = index.rounds.get(plan.round)
    lines = [_line(record, index.assets.get(record.stop.asset), language) for record in records]
    return Sheet(
        run=run.id,
        round=plan.round,
        name=plan.round if settings is None else settings.name[language],
        day=plan.date,
        planned=plan.planned,
        departs=plan.departs,
        returns=plan.returns,
        depot=depot,
        vehicle=vehicle,
        stops=tuple(sorted((line for line in lines if line.number), key=lambda line: line.number)),
        others=tuple(sorted((line for line in lines if not line.number), key=lambda line: line.reason not in FAILING)),
        km=plan.km,
        minutes=plan.minutes,
        language=language,
        operator=facility.operator.name[language],
        next_day=next_day,
        simulated=simulated,
    )


def sheets(
    index: FacilityIndex,
    timetable: Timetable | None,
    run: Run,
    records: Sequence[StopRecord],
    latest: LatestByAsset,
) -> Sheets:
    """Return the sheets of a run. They are called simulated when every unit on them says so of itself.

    `timetable` is that of the round; None: the settings no longer have it.
    """
    trip = None if timetable is None else timetable.following(run.plan.date)
    sources = [latest.get(record.stop.asset, {}).get("Info/Source") for record in records]
    simulated = bool(sources) and all(source is not None and source.value == SIMULATED for source in sources)

    def made(language: Language) -> Sheet:
        next_day = None if trip is None else trip.date
        return sheet(index, run, records, language, next_day=next_day, simulated=simulated)

    return made


@dataclass(frozen=True, slots=True)
class Present:
    """A unit as it is now: its level with its confidence (percent; None: not known), and when it was last emptied."""

    percent: float | None
    confidence: float
    emptied: int | None


def as_now(made: Sheet, units: Mapping[str, Present], now: int) -> Sheet:
    """Return a sheet with the levels of now in the place of those of the plan, and the bags that were changed since.

    `units` go by their asset ids; one that is not there stays as it was planned. Once somebody should have arrived
    (`now`, UTC ms), nothing is expected on arrival.
    """

    def present(line: Line) -> Line:
        found = units.get(line.asset)
        if found is None:
            return line
        emptied = found.emptied if found.emptied is not None and found.emptied > made.planned else None
        if found.percent is None:
            return replace(line, emptied=emptied, heard=False)
        ahead = emptied is None and line.arrives is not None and now < line.arrives
        then = max(line.percent_then, found.percent) if ahead and line.percent_then is not None else None
        return replace(line, percent=found.percent, percent_then=then, confidence=found.confidence, emptied=emptied)

    stops, others = (tuple(map(present, lines)) for lines in (made.stops, made.others))
    return replace(made, stops=stops, others=others)


def _line(record: StopRecord, asset: Asset | None, language: Language) -> Line:
    stop = record.stop
    return Line(
        id=record.id,
        number=stop.position or 0 if stop.joined else 0,
        asset=stop.asset,
        site_id=stop.site,
        site=stop.site if asset is None else asset.site.name[language],
        unit=stop.asset if asset is None else asset.settings.name[language],
        place=None if asset is None else asset.site.place,
        reason=stop.reason,
        arrives=stop.arrives,
        deadline=stop.deadline,
        percent=stop.percent,
        percent_then=stop.percent_then,
        confidence=stop.confidence,
        bags=stop.bags,
        kg=stop.kg,
        answer=record.answer,
        answered=record.answered,
        answered_by=record.answered_by,
        note=record.note,
        obstacle=record.obstacle,
    )
