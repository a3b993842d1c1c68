"""The order of messages: what is held, when it is let go, and what the host session makes of it."""

from hypothesis import given
from hypothesis import strategies as st

from sukusuku_core.host_session import HostSession, NodeKey
from sukusuku_core.reorder import HELD, Reorder

KEY, OTHER = NodeKey("toshima", "tobu-pi"), NodeKey("toshima", "seibu-pi")
NOW, WINDOW = 1_780_000_000_000, 2_000
TYPES = {"Fill/Percent": 10}


class Host:
    """A host session behind a reorder window, as the collector puts them together. Items are seqs."""

    def __init__(self, window: int = WINDOW, seq: int = 0) -> None:
        self.session = HostSession()
        self.reorder = Reorder[int](self.session, window)
        self.handled: list[int] = []
        self.session.node_birth(KEY, seq, 0, NOW, TYPES, wants_ack=True)

    def arrive(self, *seqs: int, now: int = NOW) -> None:
        for seq in seqs:
            self._handle(list(self.reorder.arrange(KEY, seq, seq, now)), now)

    def time(self, now: int) -> None:
        self._handle(self.reorder.late(now), now)

    def _handle(self, seqs: list[int], now: int) -> None:
        for seq in seqs:
            self.session.data(KEY, None, seq, now)
            self.handled.append(seq)

    @property
    def acknowledged(self) -> list[int]:
        return [ack.count for ack in self.session.acks()]


def test_messages_in_order_pass_at_once() -> None:
    host = Host()
    host.arrive(1, 2, 3)
    assert host.handled == [1, 2, 3]
    assert host.acknowledged == [4]


def test_a_missing_message_that_comes_in_time_puts_all_in_order_and_no_rebirth_is_asked_for() -> None:
    host = Host()
    host.arrive(1, 3, 4)
    assert host.handled == [1]
    assert host.acknowledged == [2]
    host.arrive(2, now=NOW + WINDOW - 1)
    host.time(NOW + 10 * WINDOW)
    assert host.handled == [1, 2, 3, 4]
    assert host.acknowledged == [5]
    assert host.session.rebirths() == []


def test_when_the_window_ends_a_rebirth_is_asked_for_and_what_was_held_is_handled_but_not_acknowledged() -> None:
    host = Host()
    host.arrive(1, 4, 3)
    host.time(NOW + WINDOW - 1)
    assert host.session.rebirths() == []
    host.time(NOW + WINDOW)
    assert host.handled == [1, 3, 4]
    assert host.session.rebirths() == [KEY]
    assert host.acknowledged == []
    host.arrive(2, 5, now=NOW + WINDOW + 1)
    assert host.handled == [1, 3, 4, 2, 5]  # nothing is held before the rebirth
    assert host.acknowledged == []


def test_each_gap_has_a_window_of_its_own() -> None:
    host = Host()
    host.arrive(2, 4)
    host.arrive(1, now=NOW + WINDOW - 1)
    assert host.handled == [1, 2]
    host.time(NOW + WINDOW)
    assert host.handled == [1, 2]
    host.time(NOW + 2 * WINDOW - 1)
    assert host.handled == [1, 2, 4]


def test_a_long_gap_or_a_seq_from_before_is_not_waited_for() -> None:
    host = Host()
    host.arrive(HELD + 2)
    assert host.handled == [HELD + 2]
    assert host.session.rebirths() == [KEY]
    host = Host()
    host.arrive(1, 3, 1)
    assert host.handled == [1, 3, 1]
    assert host.session.rebirths() == [KEY]


def test_the_order_holds_over_the_wrap_of_seq() -> None:
    host = Host(seq=253)
    host.arrive(0, 255, 1, 254)
    assert host.handled == [254, 255, 0, 1]
    assert host.acknowledged == [5]


def test_without_a_window_nothing_is_held() -> None:
    host = Host(window=0)
    host.arrive(1, 3)
    assert host.handled == [1, 3]
    assert host.session.rebirths() == [KEY]


def test_a_birth_forgets_what_was_held() -> None:
    host = Host()
    host.arrive(2)
    host.reorder.forget(KEY)
    host.session.node_birth(KEY, 0, 1, NOW + 1, TYPES, wants_ack=True)
    host.arrive(1, now=NOW + 1)
    host.time(NOW + WINDOW)
    assert host.handled == [1]


def test_nodes_wait_for_themselves_only_and_a_clock_that_steps_back_ends_the_wait() -> None:
    host = Host()
    host.session.node_birth(OTHER, 0, 0, NOW, TYPES, wants_ack=True)
    assert host.reorder.arrange(OTHER, 5, 5, NOW) == ()
    host.arrive(1, 2)
    assert host.handled == [1, 2]
    assert host.reorder.late(NOW - 1) == [5]


@given(st.permutations(range(1, HELD + 1)), st.integers(0, 255))
def test_any_order_within_the_window_becomes_the_right_one(order: list[int], start: int) -> None:
    host = Host(seq=start)
    host.arrive(*((start + n) % 256 for n in order))
    assert host.handled == [(start + n) % 256 for n in range(1, HELD + 1)]
    assert host.acknowledged == [HELD + 1]
