from sukusuku_core.model import UnitState
from sukusuku_core.time import HOUR_MS, MINUTE_MS
from sukusuku_server.model.collection import Finding, FindingName
from sukusuku_server.model.derivation import Advanced
from sukusuku_server.units.derivation import UnitProgress
from tests.server.units.unit_story import UNIT, Story, derive


def _named(advanced: Advanced[UnitProgress], name: FindingName) -> list[Finding]:
    return [finding for finding in advanced.findings if finding.name is name]


def test_an_ordinary_week_has_no_findings() -> None:
    story = Story()
    for _ in range(5):
        story.fill(25)
        story.empty()
        story.rest(22 * 60)
    advanced = derive(story)
    assert advanced.findings == ()
    assert len(advanced.emptyings) == 5


def test_hand_stuffed_nappies_are_found_and_the_next_bag_is_clear() -> None:
    story = Story()
    story.fill(10)
    for _ in range(9):
        story.hand(counted=False)
    story.rest(10)
    begun = derive(story)
    [finding] = _named(begun, FindingName.HAND_STUFFED)
    assert finding.until is None
    assert finding.detail.startswith("+")
    story.empty()
    story.rest(90)
    [finding] = _named(derive(story), FindingName.HAND_STUFFED)
    assert finding.until is not None


def test_a_counter_that_stands_for_longer_than_a_bag_is_stuck() -> None:
    story = Story()
    story.fill(5)
    for _ in range(25):
        story.hand(counted=False)
    story.rest(60)
    [finding] = _named(derive(story), FindingName.COUNTER_STUCK)
    assert finding.until is None
    assert not [item for item in _named(derive(story), FindingName.HAND_STUFFED) if item.until is None]
    story.hand()
    story.rest(10)
    [finding] = _named(derive(story), FindingName.COUNTER_STUCK)
    assert finding.until is not None


def test_a_stuck_level_is_found_and_forgiven_when_it_moves() -> None:
    story = Story()
    story.fill(5)
    for _ in range(10):
        story.hand(0.0)
    [finding] = _named(derive(story), FindingName.LEVEL_STUCK)
    assert finding.until is None
    story.percent = 45.0
    story.rest(30)
    [finding] = _named(derive(story), FindingName.LEVEL_STUCK)
    assert finding.until is not None


def test_cycles_without_a_level_in_a_jam_are_not_compressing() -> None:
    story = Story()
    story.fill(10)
    story.tell("State", int(UnitState.JAM))
    for _ in range(4):
        story.hand(0.0, minutes=3)
    advanced = derive(story)
    assert _named(advanced, FindingName.NOT_COMPRESSING)
    assert not _named(advanced, FindingName.LEVEL_STUCK)


def test_an_empty_bag_that_no_longer_reads_empty_is_drift() -> None:
    story = Story()
    off = 0.0
    for bag in range(30):
        story.fill(20)
        off += 0.0 if bag < 10 else 0.6
        story.empty(off)
        story.rest(80)
    [finding] = _named(derive(story), FindingName.LEVEL_DRIFT)
    assert finding.until is None


def test_findings_are_those_open_at_any_moment_of_the_step() -> None:
    story = Story()
    story.tell("Info/Serial", "A")
    story.rest(10)
    story.tell("Info/Serial", "B")
    story.rest(10)
    first = derive(story)
    [replaced] = first.findings
    later = UNIT.advance(first.state, [], [], story.now + HOUR_MS)
    assert later.findings == (replaced,)
    week = UNIT.advance(later.state, [], [], story.now + 8 * 24 * HOUR_MS)
    [ended] = week.findings
    assert ended.since == replaced.since
    assert ended.until is not None
    assert abs(ended.until - replaced.since - 7 * 24 * HOUR_MS) <= 10 * MINUTE_MS
    assert UNIT.advance(week.state, [], [], story.now + 9 * 24 * HOUR_MS).findings == ()
