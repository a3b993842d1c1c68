"""What a host knows of its edge nodes, message by message."""

import itertools

import pytest

from sukusuku_core.host_session import REBIRTH_FIRST, Ack, HostSession, NodeKey

KEY = NodeKey("toshima", "tobu-pi")
NOW = 1_780_000_000_000
TYPES = {"Fill/Percent": 10}


def born(seq: int = 0, bdseq: int = 3, *, wants_ack: bool = True) -> HostSession:
    host = HostSession()
    host.node_birth(KEY, seq, bdseq, NOW, {"Comm/Errors": 4}, wants_ack=wants_ack)
    assert host.device_birth(KEY, "unit-1", (seq + 1) % 256, TYPES, NOW)
    return host


def test_data_is_read_with_the_types_of_its_birth() -> None:
    host = born()
    assert host.data(KEY, "unit-1", 2, NOW) == TYPES
    assert host.data(KEY, None, 3, NOW) == {"Comm/Errors": 4}
    assert host.rebirths() == []


@pytest.mark.parametrize("seq", [0, 100, 255])
def test_an_nbirth_may_begin_at_any_seq_and_seq_wraps(seq: int) -> None:
    host = born(seq)
    for n in range(2, 600):
        assert host.data(KEY, "unit-1", (seq + n) % 256, NOW) == TYPES
    assert list(host.acks()) == [Ack(KEY, NOW, 600)]
    assert host.rebirths() == []


def test_each_count_is_acknowledged_once_and_only_to_nodes_that_ask_for_it() -> None:
    host = born()
    assert list(host.acks()) == [Ack(KEY, NOW, 2)]
    assert list(host.acks()) == []
    host.data(KEY, "unit-1", 2, NOW)
    assert list(host.acks()) == [Ack(KEY, NOW, 3)]
    assert list(born(wants_ack=False).acks()) == []


def test_after_a_gap_data_is_read_but_not_acknowledged_until_the_rebirth() -> None:
    host = born()
    assert host.data(KEY, "unit-1", 3, NOW) == TYPES
    assert host.data(KEY, "unit-1", 4, NOW) == TYPES
    assert host.rebirths() == [KEY]
    assert host.rebirths() == []
    assert list(host.acks()) == []
    host.node_birth(KEY, 0, 3, NOW + 1, {}, wants_ack=True)
    assert list(host.acks()) == [Ack(KEY, NOW + 1, 1)]


def test_a_message_without_seq_counts_as_a_gap() -> None:
    host = born()
    assert host.data(KEY, "unit-1", None, NOW) == TYPES
    assert list(host.acks()) == []
    assert host.rebirths() == [KEY]


def test_data_before_any_birth_asks_for_one() -> None:
    host = HostSession()
    assert host.data(KEY, "unit-1", 0, NOW) is None
    assert host.device_birth(KEY, "unit-1", 1, TYPES, NOW) is False
    assert host.device_death(KEY, "unit-1", 2, NOW) is False
    assert host.rebirths() == [KEY]
    assert not host.online(KEY)


def test_data_of_an_unborn_or_dead_device_is_not_read_and_never_acknowledged() -> None:
    host = born()
    assert list(host.acks()) == [Ack(KEY, NOW, 2)]
    assert host.data(KEY, "unit-2", 2, NOW) is None
    assert list(host.acks()) == []
    assert host.rebirths() == [KEY]
    host = born()
    assert host.device_death(KEY, "unit-1", 2, NOW)
    assert host.data(KEY, "unit-1", 3, NOW) is None
    assert list(host.acks()) == []


def test_a_node_death_of_an_older_session_is_ignored() -> None:
    host = born(bdseq=4)
    assert host.node_death(KEY, 3) is None
    assert host.online(KEY)
    assert host.node_death(KEY, 4) == ("unit-1",)
    assert not host.online(KEY)
    assert host.node_death(KEY, 4) is None
    assert host.data(KEY, "unit-1", 2, NOW) is None


def test_a_new_birth_forgets_the_devices_of_the_old_one() -> None:
    host = born()
    host.node_birth(KEY, 0, 4, NOW + 1, {}, wants_ack=True)
    assert host.data(KEY, "unit-1", 1, NOW) is None


def test_rebirths_are_asked_for_ever_more_rarely_while_the_trouble_lasts() -> None:
    host, asked = born(), []
    for second in range(4_000):
        now = NOW + second * 1_000
        host.data(KEY, "unit-1", 77, now)  # a gap every time
        if host.rebirths():
            asked.append(second)
            host.node_birth(KEY, 0, 3, now, {}, wants_ack=True)
            list(host.acks())
    gaps = [b - a for a, b in itertools.pairwise(asked)]
    assert gaps[:9] == [5, 10, 20, 40, 80, 160, 320, 600, 600]


def test_a_new_trouble_after_a_quiet_time_is_asked_about_at_the_first_rate() -> None:
    host, now = born(), NOW
    for _ in range(6):
        host.data(KEY, "unit-1", 77, now)
        now += 700_000
    assert host.rebirths() == [KEY]
    host.data(KEY, "unit-1", 77, now)
    host.rebirths()
    host.data(KEY, "unit-1", 77, now + REBIRTH_FIRST)
    assert host.rebirths() == [KEY]


def test_nodes_do_not_disturb_each_other() -> None:
    host, other = born(), NodeKey("toshima", "seibu-pi")
    host.node_birth(other, 0, 0, NOW, {}, wants_ack=True)
    host.data(other, None, 9, NOW)
    host.data(KEY, "unit-1", 2, NOW)
    assert list(host.acks()) == [Ack(KEY, NOW, 3)]
    assert host.rebirths() == [other]
