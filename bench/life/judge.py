"""Holds what people heard against what was true. Pure; all times are UTC ms."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.collection.world import SimulatedUnit, World
from bench.life.people import Departure, Sent
from bench.life.town import PER_CENTRE, SILENT_AFTER_MS, Outages, silences
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_number

MAILS_MEDIAN, MAILS_WORST, MAILS_OUTAGE = 3, 8, 2
LIMITS = {"collection": 30 * MINUTE_MS, "unit_fault": 30 * MINUTE_MS, "asset_silent": 100 * MINUTE_MS}
"""Opening time within which somebody must have heard: the waits of the rules, the gathering, a step of the bench."""
AFTERMATH_MS = 6 * HOUR_MS
"""So long after an outage its mails still come."""
_URGENT, _LESS = 90.0, 20.0


@dataclass(frozen=True, slots=True)
class DeliveredMail:
    """A delivered mail about an alert: who heard when of what. `since`, `ended`: when the alert began, and ended."""

    time: int
    recipient: str
    kind: str
    rule: str
    asset: str
    since: int
    ended: int | None = None


@dataclass(frozen=True, slots=True)
class Truth:
    """Something that was so, and that somebody had to hear of."""

    rule: str
    asset: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Course:
    """What has happened: mails, alerts that were told, full bags, departures, broken promises."""

    world: World
    breaks: Outages
    sent: Sequence[Sent]
    told: Sequence[DeliveredMail]
    full: Sequence[Truth]
    departures: Sequence[Departure]
    broken: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with its goal; `reached` None: it has none."""

    name: str
    found: str
    goal: str = "-"
    reached: bool | None = None


def figures(course: Course) -> Iterator[Figure]:
    """Yield the figures of a course."""
    yield from _mails(course)
    yield from _first_words(course)
    wrong = [told for told in course.told if told.kind != "resolved" and _is_false(course, told)]
    kinds = ", ".join(f"{rule} {count}" for rule, count in sorted(Counter(told.rule for told in wrong).items()))
    yield Figure("false words", f"{len(wrong)} {kinds}".strip(), "0", not wrong)
    yield Figure("promises broken", str(course.broken), "0", not course.broken)
    twice = left_out_twice(course.departures)
    yield Figure("bags left out twice for less urgent ones", str(twice), "0", not twice)


def _mails(course: Course) -> Iterator[Figure]:
    days: dict[str, Counter[int]] = defaultdict(Counter)
    for sent in course.sent:
        days[sent.recipient][day_number(sent.time)] += 1
    open_days = {day_number(start) for start, _ in course.world.spans(course.world.start, course.world.end)}
    hit = {
        day for start, end in course.breaks.all for day in range(day_number(start), day_number(end + AFTERMATH_MS) + 1)
    }
    centres = [recipient for recipient in days if recipient.startswith("centre")]
    calm = [days[who][day] for who in centres for day in open_days - hit]
    middle, worst = median(calm or [0]), max(calm, default=0)
    yield Figure("mails to a centre on a median day", f"{middle:g}", f"<= {MAILS_MEDIAN}", middle <= MAILS_MEDIAN)
    yield Figure("mails to a centre on the worst day", str(worst), f"<= {MAILS_WORST}", worst <= MAILS_WORST)
    for who in sorted(set(days) - set(centres)):
        own = [days[who][day] for day in open_days - hit]
        yield Figure(f"mails to {who.partition('@')[0]}, median and worst day", f"{median(own):g}, {max(own)}")
    most = 0
    for start, end in course.breaks.ward:
        back = {unit.id for unit in course.world.units if not _is_silent_by_itself(unit, start, end)}
        heard = Counter(
            (told.recipient, told.time)
            for told in course.told
            if told.rule == "asset_silent"
            and told.asset in back
            and start <= told.time
            and start - HOUR_MS <= told.since <= end  # it counts from when the unit was heard last
            and told.time < end + DAY_MS
        )
        most = max(most, *Counter(who for who, _ in heard).values(), 0)
    yield Figure(
        "mails to one person about an outage of everything", str(most), f"<= {MAILS_OUTAGE}", most <= MAILS_OUTAGE
    )


def _is_silent_by_itself(unit: SimulatedUnit, start: int, end: int) -> bool:
    """Whether a unit has a silence of its own near an outage: what is told of it is not about the outage alone.

    One that has just ended counts too: the outage is its return, so its end waits for longer than that of the others.
    """
    return any(trouble.start <= end + HOUR_MS and trouble.end > start - AFTERMATH_MS for trouble in silences(unit))


def _first_words(course: Course) -> Iterator[Figure]:
    words: dict[tuple[str, str], list[DeliveredMail]] = defaultdict(list)
    for told in course.told:
        if told.kind != "resolved" and told.recipient.startswith("centre"):
            words[told.rule, told.asset].append(told)
    for rule, limit in LIMITS.items():
        late, missed = [], 0
        for truth in truths(course):
            if truth.rule != rule:
                continue
            heard = [told.time for told in words[rule, truth.asset] if _is_about(told, truth)]
            until = min([*heard, truth.end])
            passed = (
                sum(end - start for start, end in course.world.spans(truth.start, until)) if until > truth.start else 0
            )
            if not heard and passed > limit:
                missed += 1
            late.append(passed)
        over = sum(time > limit for time in late)
        text = f"median {median(late or [0]) / MINUTE_MS:.0f}, worst {max(late, default=0) / MINUTE_MS:.0f} min"
        text += f" of {len(late)}, late {over}, never {missed}"
        yield Figure(f"first word, {rule}", text, f"all <= {limit // MINUTE_MS} open min", not over)


def truths(course: Course) -> Iterator[Truth]:
    """Yield what had to be told, apart from what nobody could hear because of an outage."""
    found = [*course.full]
    for unit in course.world.units:
        found += [
            Truth("unit_fault", unit.id, start, end)
            for start, end in unit.truth.stopped
            if end - start >= 10 * MINUTE_MS
        ]
        found += [
            Truth("asset_silent", unit.id, trouble.start, trouble.end)
            for trouble in silences(unit)
            if trouble.end - trouble.start > SILENT_AFTER_MS
        ]
    dark = [(start - HOUR_MS, end + AFTERMATH_MS) for start, end in course.breaks.all]
    silent = {unit.id: [(trouble.start, trouble.end) for trouble in silences(unit)] for unit in course.world.units}
    for truth in found:
        hidden = dark if truth.rule == "asset_silent" else [*dark, *silent.get(truth.asset, [])]
        if not any(start < truth.end and truth.start < end for start, end in hidden):
            yield truth


def _is_about(told: DeliveredMail, truth: Truth) -> bool:
    """Whether a mail is about an alert that stood while it was so."""
    stood = told.since < truth.end and (told.ended is None or told.ended > truth.start)
    return stood and told.time < truth.end + DAY_MS


def _is_false(course: Course, told: DeliveredMail) -> bool:
    """Whether nothing of what was told was true when its alert began."""
    near = [(start - SILENT_AFTER_MS, end + HOUR_MS) for start, end in course.breaks.all]
    if told.rule == "asset_silent":
        unit = next(unit for unit in course.world.units if unit.id == told.asset)
        near += [(trouble.start - SILENT_AFTER_MS, trouble.end) for trouble in silences(unit)]
        return not any(start <= told.since < end for start, end in near)
    if told.rule == "unit_fault":
        unit = next(unit for unit in course.world.units if unit.id == told.asset)
        return not any(start - HOUR_MS <= told.since < end + HOUR_MS for start, end in [*unit.truth.stopped, *near])
    return False


def left_out_twice(departures: Sequence[Departure]) -> int:
    """Count bags that two rounds in a row left out although they took one that was less full by far.

    A bag that was changed in between is another one.
    """
    found, before = 0, frozenset[tuple[str, int]]()
    for departure in departures:
        lowest = min((departure.levels[ident] for ident in departure.taken), default=200.0)
        left = frozenset(
            (ident, departure.since[ident])
            for ident, level in departure.levels.items()
            if level >= _URGENT and level - _LESS > lowest and ident not in departure.taken
        )
        found += len(left & before)
        before = left
    return found


def centre_of(world: World, asset: str) -> str:
    """Return the contact of the centre of a unit."""
    number = next(number for number, unit in enumerate(world.units) if unit.id == asset)
    return f"centre-{number // PER_CENTRE}@example.jp"


def worst(runs: Mapping[int, Sequence[Figure]]) -> Iterator[tuple[int, Figure]]:
    """Yield every figure of every seed, those that miss their goal last."""
    pairs = [(seed, figure) for seed, found in runs.items() for figure in found]
    yield from sorted(pairs, key=lambda pair: (pair[1].reached is False, pair[1].name, pair[0]))
