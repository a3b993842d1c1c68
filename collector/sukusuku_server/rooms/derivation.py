"""How many are really in a room: the derivation that fuses its sensors, takes the staff out and puts drift right. Pure.

Readings and counts of staff are taken in order; at the end of each minute the rules of the day are asked (reset,
time-out, emptiness, agreement), and what has changed becomes a point.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sukusuku_core.model import Reading
from sukusuku_core.time import HOUR_MS, MINUTE_MS, whole_minute
from sukusuku_server.model.collection import Calibration, Correction, CorrectionKind, Finding
from sukusuku_server.model.derivation import Advanced
from sukusuku_server.rooms import count_channel as channels
from sukusuku_server.rooms import door_counter as flows
from sukusuku_server.rooms import door_findings, sensor_samples
from sukusuku_server.rooms.completeness import Heard
from sukusuku_server.rooms.count_channel import Channel
from sukusuku_server.rooms.current import limit_planned
from sukusuku_server.rooms.presence import Detections, detected
from sukusuku_server.rooms.schedule import Timetable
from sukusuku_server.rooms.sensor_samples import Sample

REFRESH_MS = 15 * MINUTE_MS
"""During opening hours every series that is known has a point at least so often."""
_COUNTERS = {
    "Entries/Total": ("people", True),
    "Exits/Total": ("people", False),
    "Entries/Children": ("children", True),
    "Exits/Children": ("children", False),
}


@dataclass(frozen=True, slots=True)
class RoomState:
    """What is known of a room at `time` (UTC ms)."""

    time: int
    wakes: int
    """The next whole minute at which there is something to do without a reading."""
    people: Channel = field(default_factory=Channel)
    children: Channel = field(default_factory=Channel)
    samples: dict[str, Sample] = field(default_factory=dict)
    told: dict[str, Sample] = field(default_factory=dict)
    """The last point of each series that is known now."""
    quiet: int | None = None
    """Since when all presence sensors are quiet."""
    heard: Heard = field(default_factory=Heard)
    ticked: int = 0
    detections: Detections = field(default_factory=Detections)
    findings: tuple[Finding, ...] = ()
    """Those that are open."""


class RoomOccupancy:
    """The derivation of one room."""

    version = 8
    kind = RoomState

    def __init__(self, timetable: Timetable) -> None:
        self._timetable = timetable

    def start(self, time: int) -> RoomState:
        """Nothing is known yet."""
        return RoomState(time, wakes=whole_minute(time + 1), ticked=time)

    def wakes(self, state: RoomState) -> int:
        """See Derivation. A room goes by every minute of its opening hours."""
        return state.time + 1

    def advance(
        self, state: RoomState, readings: Sequence[Reading], said: Sequence[Calibration], until: int
    ) -> Advanced[RoomState]:
        """Everything up to and including `until`; `said` are counts that staff entered, in order of time."""
        events: list[Reading | Calibration] = [*readings, *said]
        events.sort(key=lambda event: event.time)
        step, n, wakes = _Step(self._timetable, state), 0, state.wakes
        while True:
            mark = wakes if n == len(events) else min(wakes, whole_minute(events[n].time))
            while n < len(events) and events[n].time <= min(mark, until):
                first = n
                while n < len(events) and events[n].time == events[first].time:
                    n += 1
                step.take(events[first:n])
            if mark > until:
                return step.result(until, mark)
            wakes = step.tick(mark)


class _Step:
    """A step in the making."""

    def __init__(self, timetable: Timetable, state: RoomState) -> None:
        self._timetable = timetable
        self._room = timetable.room
        self._zones = tuple(zone.id for zone in self._room.zone)
        self._sample_ms = int(self._room.counting.sample_seconds * 1000)
        self._most = sensor_samples.most(self._room.most_capacity)
        self._patience = self._sample_ms + MINUTE_MS
        self._empty_ms = int(self._room.counting.empty_after * 1000)
        self._held = False
        self._people, self._children = state.people, state.children
        self._samples, self._told = dict(state.samples), dict(state.told)
        self._quiet, self._heard, self._ticked = state.quiet, state.heard, state.ticked
        self._detections = state.detections
        self._open: door_findings.Open = {finding.name: finding for finding in state.findings}
        self._ended: list[Finding] = []
        self._reset = timetable.next_reset(state.ticked)
        self._points: list[Reading] = []
        self._corrections: list[Correction] = []
        self._now = state.time

    def result(self, until: int, wakes: int) -> Advanced[RoomState]:
        """Return what came of the step."""
        known = self._people, self._children, self._samples, self._told, self._quiet, self._heard, self._ticked
        state = RoomState(until, wakes, *known, self._detections, tuple(self._open.values()))
        found = (*self._open.values(), *self._ended)
        return Advanced(state, tuple(self._points), findings=found, corrections=tuple(self._corrections))

    # ------------------------------------------------------------ what comes in

    def take(self, events: Sequence[Reading | Calibration]) -> None:
        """Take what came at one moment: readings, counts by staff. Entries count before exits."""
        for event in events if len(events) == 1 else sorted(events, key=self._rank):
            self._take(event)

    def _rank(self, event: Reading | Calibration) -> int:
        if isinstance(event, Calibration):
            return 2
        turned = (self._children if event.metric.endswith("Children") else self._people).flow.turned
        return int(event.metric.startswith("Entries/" if turned else "Exits/"))

    def _take(self, event: Reading | Calibration) -> None:
        self._now = event.time
        if isinstance(event, Calibration):
            self._entered(event)
            return
        if (value := sensor_samples.good(event, self._most)) is None:
            return
        if (counter := _COUNTERS.get(event.metric)) is None:
            if value and event.metric.endswith("Presence"):
                before = self._samples.get(event.metric)
                anew = before is not None and not before.value
                self._detections = detected(self._detections, event.time, anew=anew)
            self._samples[event.metric] = Sample(event.time, value)
            if value and event.metric.endswith(("Presence", "Count", "Children")):
                self._quiet = None
        elif counter[0] == "people":
            self._people = self._counted(self._people, int(value), counter[1], self._tell_people)
        else:
            self._children = self._counted(self._children, int(value), counter[1], self._tell_children)

    def _counted(self, channel: Channel, value: int, entries: bool, tell: channels.Tell) -> Channel:  # noqa: FBT001
        told = _without_clamps(channel, tell)
        flow = flows.counted(channel.flow, value, self._now, entries=entries, patience=self._patience, tell=told)
        if flow.moved != channel.flow.moved:
            self._quiet = None
        return replace(channel, flow=flow)

    def _believed(self, channel: Channel, tell: channels.Tell) -> Channel:
        flow = flows.believed(channel.flow, self._now, self._patience, _without_clamps(channel, tell))
        return channel if flow is channel.flow else replace(channel, flow=flow)

    def _entered(self, said: Calibration) -> None:
        staff = self._staff()
        by_people = self._children.lead == "people" or (self._children.lead is None and staff is not None)
        if not by_people and said.staff is not None:
            staff = said.staff
        people, times = said.children + (staff or 0), (self._now, self._now - self._patience)
        self._people = channels.entered(self._people, people, *times, self._tell_people)
        self._children = channels.entered(self._children, said.children, *times, self._tell_children)

    # ------------------------------------------------------------ the end of a minute

    def tick(self, now: int) -> int:
        """Return the rules of the day at a whole minute; tells at which one they are to be asked again."""
        self._now = now
        counting = self._room.counting
        self._each(self._believed)
        if self._people.claim or self._children.claim:
            self._each(lambda channel, tell: channels.not_twice(channel, now, tell))
        if now >= self._reset:
            self._each(lambda channel, tell: self._emptied(channel, CorrectionKind.RESET, tell))
            self._each(lambda channel, _: replace(channel, flow=flows.day_over(channel.flow)))
            self._reset = self._timetable.next_reset(now)
        overdue = now - int(counting.stay_hours * HOUR_MS)
        self._each(
            lambda channel, tell: (
                channel if self._unheard(channel) else channels.without_overdue(channel, overdue, tell)
            )
        )
        is_open = self._timetable.is_open(now)
        alive = now - 2 * self._sample_ms - MINUTE_MS
        self._look_for_emptiness(now, alive, is_open=is_open)
        self._lead(alive)
        self._note_heard(now)
        self._show(now, alive, is_open=is_open)
        self._note_findings(now)
        self._ticked = now
        return self._wakes(now, is_open=is_open)

    def _each(self, change: Callable[[Channel, channels.Tell], Channel]) -> None:
        self._people = change(self._people, self._tell_people)
        self._children = change(self._children, self._tell_children)

    def _look_for_emptiness(self, now: int, alive: int, *, is_open: bool) -> None:
        if not sensor_samples.is_quiet(self._samples, self._zones, alive):
            self._quiet = None
            return
        quiet = self._quiet = now if self._quiet is None else self._quiet
        if now - quiet < self._detections.hold(self._empty_ms):
            return

        def empty(channel: Channel, tell: channels.Tell) -> Channel:
            if is_open and not channels.may_be_empty(channel, quiet):
                return channel
            return self._emptied(channel, CorrectionKind.EMPTY, tell)

        self._each(empty)

    def _emptied(self, channel: Channel, kind: CorrectionKind, tell: channels.Tell) -> Channel:
        return channels.emptied(channel, self._now, kind, tell, unheard=self._unheard(channel))

    def _unheard(self, channel: Channel) -> bool:
        """Whether the counters fell silent while the centre was open, and are still."""
        heard = channel.flow.heard
        return heard is not None and heard < self._now - self._patience and self._timetable.is_open(heard)

    def _lead(self, alive: int) -> None:
        """Which sources lead, and what they say."""
        counting = self._room.counting
        sources = self._sources(self._people, "Count")
        flags = sensor_samples.presence(self._samples, self._zones)
        if flags:
            newest = max(flag.time for flag in flags)
            seen = any(flag.value for flag in flags if flag.time > alive)
            if seen:
                self._detections = detected(self._detections, self._now, anew=False)
            self._held = not seen and self._detections.held(self._now, self._empty_ms)
            sources["presence"] = Sample(newest, float(seen or self._held))
        self._people = self._led(self._people, sources, counting.people, alive, self._tell_people)
        sources = self._sources(self._children, "Children")
        staff = self._staff()
        if self._people.value is not None and staff is not None and "people" in counting.children:
            sources["people"] = Sample(self._people.heard, max(self._people.value - staff, 0))
        self._children = self._led(self._children, sources, counting.children, alive, self._tell_children)

    def _sources(self, channel: Channel, kind: sensor_samples.Counted) -> dict[str, Sample]:
        flow = channel.flow
        found: dict[str, Sample | None] = {
            "count": sensor_samples.whole(self._samples, kind),
            "zones": sensor_samples.summed(self._samples, self._zones, kind),
        }
        if flow.heard is not None:
            found["flow"] = Sample(flow.heard, flow.count)
        return {name: sample for name, sample in found.items() if sample is not None}

    def _led(
        self, channel: Channel, found: Mapping[str, Sample], order: Sequence[str], alive: int, tell: channels.Tell
    ) -> Channel:
        channel = channels.follow(channel, found, order, self._now, alive, tell)
        if channel.lead != "flow":
            return channel
        behind = (found[name] for name in order if name in {"count", "zones"} and name in found)
        absolute = next((sample for sample in behind if sample.time > alive), None)
        minutes = int(self._room.counting.agree_after // 60)
        return channels.agreed(channel, absolute, self._now, minutes, tell)

    def _staff(self) -> int | None:
        """Staff in the room now; None: nothing tells them from children."""
        match self._room.counting.staff:
            case "roster":
                return self._timetable.staff(self._now)
            case "badges":
                badges = self._samples.get(sensor_samples.STAFF)
                alive = self._now - 2 * self._sample_ms - MINUTE_MS
                return None if badges is None or badges.time <= alive else int(badges.value)
            case "none":
                return 0

    # ------------------------------------------------------------ what goes out

    def _note_heard(self, now: int) -> None:
        first = self._first()
        if first.known_before:
            in_time = first.heard + self._patience
            passed = max((now - self._ticked) // MINUTE_MS, 1)
            witness = self._people if first.lead == "people" else first
            doubtful = (self._held and self._people.lead == "presence") or channels.in_doubt(witness, now)
            silent = passed if doubtful else max(-((in_time - now) // MINUTE_MS), 0)
            self._heard = self._heard.after(passed, silent)

    def _note_findings(self, now: int) -> None:
        self._open, ended = door_findings.look(self._open, self._room.id, (self._people.flow, self._children.flow), now)
        self._ended += ended

    def _first(self) -> Channel:
        """Return what matters most: the children, unless nothing has ever told them from people."""
        return self._children if self._children.known_before else self._people

    def _show(self, now: int, alive: int, *, is_open: bool) -> None:
        if not (self._people.known_before or self._children.known_before):
            return
        badges = self._room.counting.staff == "badges"
        known = self._timetable.limit(now, self._staff()) if badges else limit_planned(self._timetable, now)
        children, limit = self._children.value, known.children
        values: dict[str, float | None] = {
            "Occupancy/Corrected": self._people.value,
            "Occupancy/ChildrenCorrected": children,
            "Occupancy/StaffAssumed": self._staff() if self._children.lead == "people" else None,
            "Occupancy/Limit": limit,
            "Occupancy/Utilisation": None if children is None or not limit else 100.0 * children / limit,
            "Occupancy/Completeness": 0.0 if self._first().value is None else self._heard.percent,
        }
        for zone in self._zones:
            sample = self._samples.get(f"Zones/{zone}/Count")
            values[f"Zones/{zone}/Corrected"] = None if sample is None or sample.time <= alive else sample.value
        for metric, value in values.items():
            if value is None:
                self._told.pop(metric, None)
                continue
            told = self._told.get(metric)
            if told is None or told.value != value or (is_open and now - told.time >= REFRESH_MS):
                self._told[metric] = Sample(now, value)
                self._points.append(Reading(self._room.id, metric, now, float(value)))

    def _wakes(self, now: int, *, is_open: bool) -> int:
        """Return a room that is closed and empty has nothing to do until it opens or is reset."""
        flows_in = (self._people.flow, self._children.flow)
        busy = any(flow.count or flow.waiting for flow in flows_in) or self._people.value or self._children.value
        if is_open or busy:
            return now + MINUTE_MS
        opening = self._timetable.next_opening(now)
        return self._reset if opening is None else min(self._reset, opening)

    def _tell_people(self, kind: CorrectionKind, before: int | None, after: int | None, detail: str) -> None:
        self._tell("people", kind, before, after, detail)

    def _tell_children(self, kind: CorrectionKind, before: int | None, after: int | None, detail: str) -> None:
        self._tell("children", kind, before, after, detail)

    def _tell(self, channel: str, kind: CorrectionKind, before: int | None, after: int | None, detail: str) -> None:
        self._corrections.append(Correction(self._room.id, self._now, kind, channel, before, after, detail))


def _without_clamps(channel: Channel, tell: channels.Tell) -> channels.Tell:
    """Another source leads: what the flow lacks is no correction."""
    if channel.lead in {None, "flow"}:
        return tell

    def told(kind: CorrectionKind, before: int | None, after: int | None, detail: str) -> None:
        if kind is not CorrectionKind.CLAMPED:
            tell(kind, before, after, detail)

    return told
