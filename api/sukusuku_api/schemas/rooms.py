"""The shapes in which the API shows the use of rooms. Formulas are in `docs/rooms.md`."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from sukusuku_api.schemas.collection import Shape
from sukusuku_core.time import HOUR_MS, japan_time
from sukusuku_server.model.collection import Calibration, Correction, CorrectionKind
from sukusuku_server.model.series import Point
from sukusuku_server.rooms.capacity_limit import RoomLimit, Rule, ZoneLimit
from sukusuku_server.rooms.expected_use import Expected
from sukusuku_server.rooms.usage_sums import UsageSums
from sukusuku_server.settings.rooms import Counted

SERIES = (
    "Occupancy/Corrected",
    "Occupancy/ChildrenCorrected",
    "Occupancy/Limit",
    "Occupancy/Utilisation",
    "Occupancy/Completeness",
)


class PointOut(Shape):
    """A value from a moment on."""

    time: datetime
    value: float


class HistoryOut(Shape):
    """Series by metric. A value holds until the next point, 16 minutes at most: what is longer is a gap."""

    room: str
    start: datetime
    end: datetime
    series: dict[str, list[PointOut]]


class TallyOut(Shape):
    """Figures over opening hours; null: no data."""

    open_hours: float
    completeness: float | None = Field(description="Samples received in % of those due")
    counted: Counted = Field(description="What the figures are about; people (adults too) have no child-visits")
    visits: int | None = Field(
        description="Child-visits (延べ人数); null where people are counted, or nothing is known"
    )
    arrivals: int | None = Field(description="Estimate of those who came: visits, and who came as another left")
    child_hours: float | None = Field(description="Child-hours (延べ利用時間); null where people are counted")
    person_hours: float = Field(description="Hours of whom the room counts")
    average: float | None
    average_when_used: float | None
    peak: float | None
    average_utilisation: float | None = Field(description="% of the capacity")
    peak_utilisation: float | None
    time_used: float | None = Field(description="%")
    use_minutes: float | None = Field(description="Mean length of a period with at least one child")
    under_target: float | None
    on_target: float | None
    over_target: float | None
    hours_used: float | None = Field(description="Hours with at least 10 minutes of use, %")


class HeatOut(Shape):
    """A weekday (0 is Monday) and local hour."""

    weekday: int
    hour: int
    average: float | None
    average_utilisation: float | None
    completeness: float | None


class MetricsOut(Shape):
    """How a room was used."""

    room: str
    start: datetime
    end: datetime
    figures: TallyOut
    heat_map: list[HeatOut]


class ExpectedOut(Shape):
    """An hour to come; null: there is no comparable hour."""

    start: datetime
    mean: float | None
    low: float | None
    high: float | None
    hours: int = Field(description="Number of past hours used")
    booked: float | None = Field(
        description="Children booked, on average over the hour: then `mean` is what usually comes of them; null: no "
        "bookings are known, and the past alone tells"
    )


class RoomOutlookOut(Shape):
    """The coming week."""

    room: str
    time: datetime
    hours: list[ExpectedOut]


class ZoneLimitOut(Shape):
    """A house rule, not a legal limit."""

    zone: str
    children: int | None
    house_rule: bool = True


class LimitOut(Shape):
    """How many children may be in a room."""

    room: str
    time: datetime
    children: int
    limited_by: list[Rule] = Field(description="The rules that set the limit")
    parts: dict[Rule, int | None] = Field(description="What each rule alone allows; null: it does not apply")
    m2_per_child: float | None
    staff: int | None
    zones: list[ZoneLimitOut]


class CorrectionOut(Shape):
    """A correction applied to the count (not an observed entry or exit)."""

    time: datetime
    kind: CorrectionKind
    channel: str = Field(description="`people` or `children`")
    before: int | None
    after: int | None
    detail: str


class CorrectionsOut(Shape):
    """Corrections in order."""

    room: str
    start: datetime
    end: datetime
    corrections: list[CorrectionOut]


class CountOut(Shape):
    """A count by staff."""

    id: int
    time: datetime
    children: int
    staff: int | None
    by: str
    note: str
    withdrawn: datetime | None = Field(description="When it was withdrawn; null: it holds")
    withdrawn_by: str | None


class CountsOut(Shape):
    """Counts in order, withdrawn ones too. Of several about one minute the one entered last (highest id) holds."""

    room: str
    start: datetime
    end: datetime
    counts: list[CountOut]


def point(found: Point) -> PointOut:
    """Return a point for the border; derived series hold numbers only."""
    return PointOut(time=japan_time(found.time), value=float(found.value or 0))


def tally(sums: UsageSums, counted: Counted) -> TallyOut:
    """Return a tally for the border; `counted` is what its room counts."""
    children = counted == "children"
    return TallyOut(
        counted=counted,
        open_hours=round(sums.open_ms / HOUR_MS, 2),
        completeness=rounded(sums.completeness),
        visits=sums.visits if children and sums.known_ms else None,
        arrivals=sums.arrivals if children and sums.known_ms else None,
        child_hours=round(sums.person_hours, 2) if children and sums.known_ms else None,
        person_hours=round(sums.person_hours, 2),
        average=rounded(sums.average_occupancy),
        average_when_used=rounded(sums.average_when_used),
        peak=sums.peak_occupancy,
        average_utilisation=rounded(sums.average_utilisation),
        peak_utilisation=rounded(sums.peak_utilisation),
        time_used=rounded(sums.time_used),
        use_minutes=rounded(sums.dwell_minutes),
        under_target=rounded(sums.under_target),
        on_target=rounded(sums.on_target),
        over_target=rounded(sums.over_target),
        hours_used=rounded(sums.hours_used_share),
    )


def heat_cell(weekday: int, hour: int, found: UsageSums) -> HeatOut:
    """Return a cell of the heat map."""
    return HeatOut(
        weekday=weekday,
        hour=hour,
        average=rounded(found.average_occupancy),
        average_utilisation=rounded(found.average_utilisation),
        completeness=rounded(found.completeness),
    )


def expected_hour(found: Expected) -> ExpectedOut:
    """Return an hour of the outlook."""
    return ExpectedOut(
        start=japan_time(found.start),
        mean=rounded(found.mean),
        low=rounded(found.low),
        high=rounded(found.high),
        hours=found.hours,
        booked=rounded(found.booked),
    )


def limit(room: str, time: int, of_room: RoomLimit, zones: Sequence[ZoneLimit]) -> LimitOut:
    """Return a limit with its parts."""
    return LimitOut(
        room=room,
        time=japan_time(time),
        children=of_room.children,
        limited_by=list(of_room.limited_by),
        parts=dict(of_room.parts),
        m2_per_child=rounded(of_room.m2_per_child),
        staff=of_room.staff,
        zones=[ZoneLimitOut(zone=zone.zone, children=zone.children) for zone in zones],
    )


def correction(found: Correction) -> CorrectionOut:
    """Return a correction for the border."""
    return CorrectionOut(
        time=japan_time(found.time),
        kind=found.kind,
        channel=found.channel,
        before=found.before,
        after=found.after,
        detail=found.detail,
    )


def count(calibration: Calibration) -> CountOut:
    """Return a count by staff for the border."""
    return CountOut(
        id=calibration.id,
        time=japan_time(calibration.time),
        children=calibration.children,
        staff=calibration.staff,
        by=calibration.by,
        note=calibration.note,
        withdrawn=None if calibration.withdrawn is None else japan_time(calibration.withdrawn),
        withdrawn_by=calibration.withdrawn_by,
    )


def rounded(value: float | None) -> float | None:
    """To two decimals; None stays None."""
    return None if value is None else round(value, 2)
