"""Whose clock is believed: the server's, the edge nodes', or none."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sukusuku_collector.clock.judge import (
    LIMIT_MS,
    NTP_MS,
    REMEMBER_MS,
    RENEWED_MS,
    SETTLED_MS,
    STARTING_MS,
    VALID_MS,
    ClockJudge,
    Instant,
    Memory,
    Verdict,
    corrected,
)
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from sukusuku_server.live.clock import Cause

T = 1_795_937_000_000
"""The true time when the computer was booted."""
UP = HOUR_MS
BOOT = 7
OFFSETS = [-14 * DAY_MS, -2 * HOUR_MS, -10 * MINUTE_MS, 10 * MINUTE_MS, DAY_MS, 1_000 * DAY_MS, 3 * 365 * DAY_MS]


def at(uptime: int, offset: int = 0, boot: int = BOOT) -> Instant:
    """What a computer shows that was booted at T and whose clock is so far off."""
    return Instant(T + uptime + offset, uptime, boot)


def remembered(uptime: int = UP, boot: int = BOOT, *, confirmed: bool = True) -> Memory:
    instant = at(uptime, boot=boot)
    return Memory(instant, confirmed, instant.wall)


class Server:
    """A judge, and a clock whose error the test sets."""

    def __init__(self, memory: Memory | None = None, newest: int | None = None, offset: int = 0) -> None:
        self.uptime, self.offset = UP, offset
        self.judge = ClockJudge(self.at(), memory, newest)

    def at(self) -> Instant:
        return at(self.uptime, self.offset)

    def hear(self, *nodes: str, error: int = 0) -> None:
        for node in nodes:
            self.judge.heard(node, T + self.uptime + error, self.at())

    def verdict(self, *, ntp: bool = False) -> Verdict:
        return self.judge.verdict(self.at(), ntp=ntp)

    def cause(self) -> Cause | None:
        doubt = self.verdict().doubt
        return None if doubt is None else doubt.cause


# ---------------------------------------------------------------- nobody says anything


def test_a_new_store_on_a_computer_that_has_its_time_is_believed() -> None:
    assert Server().cause() is None


def test_a_clock_that_was_never_set_is_not() -> None:
    assert Server(offset=-T).cause() is Cause.NOT_SET


@pytest.mark.parametrize("offset", OFFSETS)
def test_a_step_is_seen_at_once_and_the_time_goes_on_without_it(offset: int) -> None:
    server = Server(remembered())
    server.uptime += MINUTE_MS
    assert server.cause() is None
    server.offset = offset
    verdict = server.verdict()
    assert verdict.doubt is not None
    assert (verdict.doubt.cause, verdict.doubt.offset) == (Cause.STEPPED, offset)
    assert verdict.now == T + server.uptime
    server.offset = 0
    assert server.cause() is None


@pytest.mark.parametrize("offset", OFFSETS)
def test_a_start_with_another_time_in_the_same_boot_is_a_step(offset: int) -> None:
    assert Server(remembered(UP - MINUTE_MS), offset=offset).cause() is Cause.STEPPED


def test_what_no_clock_could_hold_to_the_second_is_no_step() -> None:
    server = Server(remembered())
    server.offset = LIMIT_MS
    assert server.cause() is None


def test_after_a_reboot_a_time_before_what_is_stored_is_wrong() -> None:
    assert Server(remembered(UP, boot=1), offset=-10 * MINUTE_MS).cause() is Cause.BEHIND
    assert Server(newest=T + UP, offset=-10 * MINUTE_MS).cause() is Cause.BEHIND


def test_after_a_reboot_long_after_what_is_stored_somebody_must_confirm_the_time() -> None:
    server = Server(newest=T + UP - 2 * DAY_MS)
    assert server.cause() is Cause.LONG_AWAY
    assert server.verdict(ntp=True).doubt is None
    server.hear("tobu")
    assert server.cause() is None


def test_after_a_reboot_a_plausible_time_waits_some_seconds_for_a_witness() -> None:
    server = Server(remembered(UP - 10 * MINUTE_MS, boot=1))
    assert server.cause() is Cause.STARTING
    server.uptime += STARTING_MS
    assert server.cause() is None
    server = Server(remembered(UP - 10 * MINUTE_MS, boot=1))
    server.hear("tobu")
    assert server.verdict() == Verdict(T + UP, None, confirmed=True)


# ---------------------------------------------------------------- edge nodes say what time it is


@pytest.mark.parametrize("offset", OFFSETS)
def test_an_edge_node_puts_a_clock_that_nobody_knows_in_doubt(offset: int) -> None:
    server = Server(offset=offset)
    assert server.cause() is None
    server.hear("tobu")
    verdict = server.verdict()
    assert verdict.doubt is not None
    assert (verdict.doubt.cause, verdict.doubt.offset, verdict.now) == (Cause.OUTVOTED, offset, T + UP)
    assert verdict.doubt.against == (("tobu", -offset),)


@pytest.mark.parametrize("offset", OFFSETS)
def test_the_edge_nodes_and_the_memory_outvote_ntp(offset: int) -> None:
    server = Server(remembered(), offset=offset)
    server.hear("tobu")
    assert server.verdict(ntp=True).doubt is not None


def test_one_edge_node_whose_clock_is_wrong_does_not_stop_a_server_that_was_right() -> None:
    server = Server(remembered())
    server.hear("tobu", error=HOUR_MS)
    assert server.cause() is None
    server.hear("tobu", "seibu")
    server.hear("tobu", error=2 * HOUR_MS)
    assert server.cause() is None


def test_two_edge_nodes_that_agree_outvote_a_server_that_one_has_confirmed() -> None:
    server = Server(remembered(), offset=0)
    server.hear("tobu", "seibu", error=HOUR_MS)
    verdict = server.verdict()
    assert verdict.doubt is not None
    assert [node for node, _ in verdict.doubt.against] == ["seibu", "tobu"]
    assert verdict.now == T + UP + HOUR_MS


def test_edge_nodes_that_contradict_each_other_are_no_majority() -> None:
    server = Server(remembered())
    server.hear("tobu", error=HOUR_MS)
    server.hear("seibu", error=3 * HOUR_MS)
    assert server.cause() is None


def test_the_step_that_sets_a_wrong_clock_right_is_believed_as_soon_as_an_edge_node_agrees() -> None:
    wrong = replace(remembered(), instant=at(UP, -HOUR_MS), confirmed=False)
    server = Server(wrong, offset=-HOUR_MS)
    server.hear("tobu")
    assert server.cause() is Cause.OUTVOTED
    server.offset = 0
    assert server.verdict() == Verdict(T + UP, None, confirmed=True)


def test_messages_that_waited_prove_nothing_about_a_clock_that_was_right() -> None:
    """The process stood still for an hour: what waited in the socket is an hour old."""
    server = Server(remembered())
    server.hear("tobu")
    server.uptime += VALID_MS + HOUR_MS
    server.hear("tobu", error=-HOUR_MS)
    assert server.cause() is None
    server.uptime += SECOND_MS
    server.hear("tobu")
    assert server.cause() is None


def test_an_edge_node_that_goes_on_saying_so_does() -> None:
    server = Server(remembered(confirmed=False))
    for _ in range(SETTLED_MS // SECOND_MS + 1):
        server.hear("tobu", error=-HOUR_MS)
        server.verdict()
        server.uptime += SECOND_MS
    assert server.cause() is Cause.OUTVOTED


def test_an_edge_node_that_corrects_itself_is_heard() -> None:
    server = Server()
    server.hear("tobu", error=HOUR_MS)
    assert server.cause() is Cause.OUTVOTED
    server.uptime += RENEWED_MS + SECOND_MS
    server.hear("tobu")
    assert server.cause() is None


def test_an_edge_node_whose_clock_is_not_set_any_more_is_no_witness() -> None:
    server = Server()
    server.hear("tobu", error=HOUR_MS)
    assert server.judge.unset("tobu")
    assert server.cause() is None
    assert not server.judge.unset("tobu")


def test_ntp_alone_ends_a_step_that_nobody_else_can_judge() -> None:
    """A virtual machine was paused for an hour, and all edge nodes are away."""
    server = Server(remembered())
    server.offset = HOUR_MS
    assert server.verdict(ntp=True).doubt is not None
    server.uptime += NTP_MS
    assert server.verdict(ntp=False).doubt is not None
    assert server.verdict(ntp=True).doubt is None


# ---------------------------------------------------------------- what must be put right


def test_what_an_edge_node_had_confirmed_is_not_taken_back() -> None:
    assert corrected(remembered(), at(UP + HOUR_MS, DAY_MS)) is None


@pytest.mark.parametrize("offset", OFFSETS)
def test_a_belief_that_nobody_confirmed_and_that_was_wrong_is_taken_back(offset: int) -> None:
    wrong = at(UP, offset)
    memory = Memory(wrong, confirmed=False, since=wrong.wall - MINUTE_MS)
    assert corrected(memory, at(UP + MINUTE_MS)) == (wrong.wall - MINUTE_MS, wrong.wall + REMEMBER_MS)
    assert corrected(memory, at(UP + MINUTE_MS, offset)) is None


def test_the_memory_of_a_boot_that_was_ahead_is_taken_back_in_the_next_one() -> None:
    ahead = Memory(at(UP, DAY_MS, boot=1), confirmed=False, since=T + DAY_MS)
    assert corrected(ahead, at(UP)) == (T + DAY_MS, T + UP + DAY_MS + REMEMBER_MS)
    behind = Memory(at(UP, -DAY_MS, boot=1), confirmed=False, since=T - DAY_MS)
    assert corrected(behind, at(UP)) is None  # of another boot nobody can tell


def test_the_memory_keeps_when_an_unconfirmed_belief_began() -> None:
    server = Server()
    begun = server.at().wall
    server.uptime += MINUTE_MS
    assert server.judge.remember(server.verdict(), server.at()) == Memory(server.at(), confirmed=False, since=begun)
    server.hear("tobu")
    assert server.judge.remember(server.verdict(), server.at()) == Memory(
        server.at(), confirmed=True, since=server.at().wall
    )


@given(
    st.lists(st.sampled_from([0, HOUR_MS, -3 * DAY_MS]), min_size=1, max_size=7),
    st.sampled_from([0, HOUR_MS, -3 * DAY_MS, 5 * DAY_MS]),
)
def test_a_clock_is_believed_when_no_larger_group_agrees_on_another_time(errors: list[int], offset: int) -> None:
    server = Server(offset=offset)
    for number, error in enumerate(errors):
        server.hear(f"edge-{number}", error=error)
    agreeing = errors.count(offset)
    others = max((errors.count(error) for error in set(errors) - {offset}), default=0)
    verdict = server.verdict()
    assert (verdict.doubt is None) == (agreeing > 0 and agreeing >= others)
    if verdict.doubt is not None:
        assert errors.count(verdict.now - T - UP) == others
