"""One session of an edge node against the rules of Sparkplug B 3.0, and the acknowledgement on top."""

import pytest

from sukusuku_core import sparkplug
from sukusuku_core.catalogue import DataType
from sukusuku_core.edge_actions import Close, Delivered, Publish, Resend, Subscribe
from sukusuku_core.edge_payloads import READINGS_PER_MESSAGE
from sukusuku_core.edge_session import WINDOW, Phase
from sukusuku_core.errors import DecodeError
from sukusuku_core.model import Quality, Reading, Value
from sukusuku_core.topics import MessageType
from tests.core.edge_sessions import (
    NCMD,
    NODE,
    NOW,
    STATE_TOPIC,
    acknowledge,
    ask_rebirth,
    host_says,
    messages,
    new,
    online,
    rows,
)

# -------------------------------------------------------------------- births


def test_the_will_is_an_ndeath_with_one_metric_and_no_seq() -> None:
    will = new(bdseq=200).will()
    assert will.topic == f"spBv1.0/toshima/NDEATH/{NODE}"
    assert (will.qos, will.retain) == (1, False)
    body = sparkplug.decode(will.payload)
    assert body.seq is None
    assert [(metric.name, metric.value, metric.datatype) for metric in body.metrics] == [("bdSeq", 200, DataType.INT64)]


def test_it_waits_for_its_primary_host() -> None:
    session = new()
    assert session.connected(NOW) == [Subscribe((NCMD, f"spBv1.0/toshima/DCMD/{NODE}/+", STATE_TOPIC))]
    assert session.phase is Phase.WAITING
    assert session.room() == 0
    assert session.asset_up("unit-1", NOW) == []
    assert host_says(session, online=False, timestamp=4) == []
    kinds = [(kind, device) for kind, device, _ in messages(host_says(session, online=True, timestamp=5))]
    assert kinds == [(MessageType.NBIRTH, None), (MessageType.DBIRTH, "unit-1")]


def test_without_a_primary_host_it_is_born_at_once() -> None:
    actions = new(host=None).connected(NOW)
    assert actions[0] == Subscribe((NCMD, f"spBv1.0/toshima/DCMD/{NODE}/+"))
    assert messages(actions)[0][0] is MessageType.NBIRTH


def test_the_nbirth_declares_everything_and_repeats_the_bdseq_of_the_will() -> None:
    session = new(bdseq=9)
    session.connected(NOW)
    ((kind, _, body),) = messages(host_says(session, online=True, timestamp=1))
    assert kind is MessageType.NBIRTH
    assert (body.seq, body.timestamp) == (0, NOW)
    told = {metric.name: (metric.value, metric.datatype) for metric in body.metrics}
    assert told == {
        "bdSeq": (9, DataType.INT64),
        "Node Control/Rebirth": (False, DataType.BOOLEAN),
        "Node Control/Ack Birth": (NOW, DataType.INT64),
        "Node Control/Ack Count": (0, DataType.INT64),
        "Comm/Errors": (None, DataType.INT64),
    }
    assert all(metric.timestamp is not None for metric in body.metrics)


def test_births_show_the_last_committed_reading_and_a_stale_null_before_the_first() -> None:
    session = new()
    session.committed([Reading("unit-1", "Fill/Percent", NOW - 50, 40), Reading("gone", "State", NOW, 1)])
    session.asset_up("unit-1", NOW)
    session.connected(NOW)
    _, (_, _, body) = messages(host_says(session, online=True, timestamp=1))
    fill, condition = body.metrics
    assert (fill.value, fill.timestamp, fill.quality) == (40.0, NOW - 50, Quality.GOOD)
    assert isinstance(fill.value, float)
    assert (condition.value, condition.quality, condition.datatype) == (None, Quality.STALE, DataType.INT64)


def test_births_have_rising_timestamps_when_the_clock_steps_back() -> None:
    session = new(last_birth=NOW + 1_000)
    session.connected(NOW)
    ((_, _, body),) = messages(host_says(session, online=True, timestamp=1))
    assert body.timestamp == NOW + 1_001
    assert messages(ask_rebirth(session))[0][2].timestamp == NOW + 1_002


def test_a_rebirth_is_a_whole_birth_with_the_same_bdseq_and_seq_0() -> None:
    session = online("unit-1")
    session.send(rows(("unit-1", "State", 1)), NOW, historical=False)
    actions = ask_rebirth(session)
    assert actions[0] == Resend("the host asked for a rebirth")
    (node, _, node_body), (device, _, device_body) = messages(actions)
    assert (node, device) == (MessageType.NBIRTH, MessageType.DBIRTH)
    assert (node_body.seq, device_body.seq) == (0, 1)
    assert sparkplug.metric_value(node_body.metrics, "bdSeq") == 7
    assert session.room() == WINDOW


# -------------------------------------------------------------------- seq and data


def test_seq_runs_over_the_node_and_all_devices_and_wraps_after_255() -> None:
    session = online("unit-1", "room-1")
    seqs = []
    for n in range(300):
        asset, metric = (("unit-1", "State"), ("room-1", "Occupancy/Count"), (NODE, "Comm/Errors"))[n % 3]
        for _, _, body in messages(session.send(rows((asset, metric, n)), NOW, historical=False)):
            seqs.append(body.seq)
        acknowledge(session, 4 + n)
    assert seqs == [n % 256 for n in range(3, 303)]


def test_data_tells_its_datatype_and_when_it_is_history() -> None:
    session = online("unit-1")
    actions = session.send(rows(("unit-1", "State", 3), ("unit-1", "Fill/Percent", None)), NOW, historical=True)
    ((kind, device, body),) = messages(actions)
    assert (kind, device) == (MessageType.DDATA, "unit-1")
    assert [(m.value, m.timestamp, m.datatype, m.historical, m.quality) for m in body.metrics] == [
        (3, NOW, DataType.INT64, True, Quality.GOOD),
        (None, NOW + 1, DataType.DOUBLE, True, Quality.BAD),
    ]


def test_readings_of_the_node_travel_as_ndata() -> None:
    ((kind, device, _),) = messages(online().send(rows((NODE, "Comm/Errors", 3)), NOW, historical=False))
    assert (kind, device) == (MessageType.NDATA, None)


def test_waiting_readings_of_a_dead_asset_are_framed_by_its_birth_and_death() -> None:
    actions = online().send(rows(("unit-1", "State", 1)), NOW, historical=True)
    assert [kind for kind, _, _ in messages(actions)] == [MessageType.DBIRTH, MessageType.DDATA, MessageType.DDEATH]


def test_device_deaths_and_births_follow_the_devices_once() -> None:
    session = online("unit-1")
    assert session.asset_up("unit-1", NOW) == []
    assert [kind for kind, _, _ in messages(session.asset_down("unit-1", NOW))] == [MessageType.DDEATH]
    assert session.asset_down("unit-1", NOW) == []
    assert [kind for kind, _, _ in messages(session.asset_up("unit-1", NOW))] == [MessageType.DBIRTH]


def test_an_asset_that_left_the_settings_still_delivers_its_readings() -> None:
    actions = online().send(rows(("old", "State", None), ("old", "State", 2)), NOW, historical=True)
    birth, data, _ = messages(actions)
    assert birth[:2] == (MessageType.DBIRTH, "old")
    assert [(metric.name, metric.datatype) for metric in birth[2].metrics] == [("State", DataType.INT64)]
    assert [metric.value for metric in data[2].metrics] == [None, 2]


@pytest.mark.parametrize(("metric", "value"), [("Lid/Open", True), ("State", "text"), ("State", 1.5), ("State", True)])
def test_a_reading_that_no_birth_declares_brings_a_new_birth(metric: str, value: Value) -> None:
    session = online("unit-1")
    birth, data = messages(session.send(rows(("unit-1", metric, value)), NOW, historical=True))
    assert birth[0] is MessageType.DBIRTH
    assert {"Fill/Percent", "State", metric} == {item.name for item in birth[2].metrics}
    assert sparkplug.metric_value(data[2].metrics, metric) == value
    assert len(messages(session.send(rows(("unit-1", metric, value)), NOW, historical=True))) == 1


def test_a_new_metric_of_the_node_itself_brings_a_rebirth_and_a_resend() -> None:
    session = online("unit-1")
    work = rows(("unit-1", "State", 1), (NODE, "Buffer/Rows", 1))
    actions = session.send(work, NOW, historical=False)
    assert actions[0] == Resend("the node has a new metric")
    assert [kind for kind, _, _ in messages(actions)] == [MessageType.NBIRTH, MessageType.DBIRTH]
    assert [kind for kind, _, _ in messages(session.send(work, NOW, historical=True))] == [
        MessageType.DDATA,
        MessageType.NDATA,
    ]


def test_messages_stay_within_what_a_host_reads() -> None:
    session = online("unit-1")
    many = rows(*[("unit-1", "State", n % 8) for n in range(2 * READINGS_PER_MESSAGE + 1)])
    assert [len(body.metrics) for _, _, body in messages(session.send(many, NOW, historical=True))] == [200, 200, 1]
    long = rows(*[("unit-1", "Info/Serial", "長" * sparkplug.MAX_STRING) for _ in range(150)], first=1000)
    sizes = [len(item.payload) for item in session.send(long, NOW, historical=True) if isinstance(item, Publish)]
    assert max(sizes) < sparkplug.MAX_PAYLOAD_BYTES


# -------------------------------------------------------------------- acknowledgement


def test_rows_are_delivered_up_to_the_acknowledged_count() -> None:
    session = online("unit-1")  # NBIRTH and DBIRTH are messages 1 and 2
    for first in (1, 2, 3):
        session.send(rows(("unit-1", "State", 1), first=first), NOW, historical=False)
    assert acknowledge(session, 2) == []
    assert acknowledge(session, 4) == [Delivered((1, 2))]
    assert acknowledge(session, 4) == []
    assert acknowledge(session, 3) == []
    assert acknowledge(session, 5) == [Delivered((3,))]


def test_an_acknowledgement_of_an_older_birth_or_of_more_than_was_sent_is_not_believed() -> None:
    session = online("unit-1")
    old = session.last_birth
    ask_rebirth(session)
    session.send(rows(("unit-1", "State", 1)), NOW, historical=False)
    assert acknowledge(session, 3, birth=old) == []
    assert acknowledge(session, 4) == []
    assert acknowledge(session, 3) == [Delivered((1,))]


def test_a_count_that_lies_half_a_round_of_seq_behind_is_not_believed() -> None:
    """256 lost messages in a row look like none to a host that compares `seq`; what comes twice hides one of them."""
    session = online("unit-1")
    session.send(rows(("unit-1", "State", 1)), NOW, historical=False)  # message 3, lost with the next 255
    for _ in range(128):
        session.asset_down("unit-1", NOW)
        session.asset_up("unit-1", NOW)
    assert acknowledge(session, 3) == []
    assert acknowledge(session, 4) == []
    assert acknowledge(session, 3 + 128) == []
    assert acknowledge(session, 3 + 129) == [Delivered((1,))]


def test_the_window_is_bounded() -> None:
    session = online("unit-1")
    for n in range(WINDOW):
        session.send(rows(("unit-1", "State", 1), first=n), NOW, historical=False)
    assert session.room() == 0
    acknowledge(session, 12)
    assert session.room() == 10


def test_silence_ends_in_a_birth_and_a_resend_and_the_wait_doubles_until_an_answer() -> None:
    session = online("unit-1")
    now, waits = NOW, []
    for _ in range(6):
        session.send(rows(("unit-1", "State", 1)), now, historical=True)
        sent = now
        while not (actions := session.tick(now)):
            now += 1_000
        waits.append(now - sent)
        assert isinstance(actions[0], Resend)
        assert [kind for kind, _, _ in messages(actions)] == [MessageType.NBIRTH, MessageType.DBIRTH]
    assert waits == [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]
    session.send(rows(("unit-1", "State", 1)), now, historical=True)
    assert acknowledge(session, 3) == [Delivered((1,))]
    session.send(rows(("unit-1", "State", 1), first=2), now, historical=True)
    assert session.tick(now + 4_999) == []
    assert session.tick(now + 5_000) != []


def test_a_host_that_answers_late_is_waited_for_and_not_sent_everything_again() -> None:
    session, now, resends = online("unit-1"), NOW, 0
    for _ in range(20):
        session.send(rows(("unit-1", "State", 1)), now, historical=True)
        sent, count = now, session._count
        while now - sent < 12_000:  # in which it deals with what others have sent
            now += 1_000
            if session.tick(now):
                resends += 1
                session.send(rows(("unit-1", "State", 1)), now, historical=True)
                sent, count = now, session._count
        assert acknowledge(session, count, now=now) == [Delivered((1,))]
    assert resends == 2, "after 5 and 10 s; then it is known how long it takes"
    session.send(rows(("unit-1", "State", 1)), now, historical=True)
    assert acknowledge(session, session._count, now=now + 100) == [Delivered((1,))]
    session.send(rows(("unit-1", "State", 1)), now, historical=True)
    assert session.tick(now + 5_000) != [], "one that answers at once again is soon missed"


def test_nothing_in_flight_never_times_out_and_a_clock_that_steps_back_does_not_stall() -> None:
    session = online("unit-1")
    assert session.tick(NOW + 10**9) == []
    session.send(rows(("unit-1", "State", 1)), NOW, historical=False)
    assert isinstance(session.tick(NOW - 3_600_000)[0], Resend)


# -------------------------------------------------------------------- STATE and leaving


def test_an_offline_host_makes_it_say_goodbye_and_reconnect() -> None:
    session = online("unit-1")
    ndeath, close = host_says(session, online=False, timestamp=5)
    assert ndeath == session.will()
    assert isinstance(close, Close)
    assert session.phase is Phase.CLOSED
    assert session.leave("again") == []
    session.send(rows(("unit-1", "State", 1)), NOW, historical=False)
    assert session.tick(NOW + 10**6) == []


def test_an_older_offline_state_is_ignored_and_the_first_state_counts_whatever_its_time() -> None:
    session = online()
    assert host_says(session, online=False, timestamp=4) == []
    assert session.phase is Phase.ONLINE
    assert host_says(session, online=True, timestamp=5) == []


def test_a_newer_online_state_means_a_new_host_session_and_a_new_birth() -> None:
    session = online("unit-1")
    actions = host_says(session, online=True, timestamp=6)
    assert actions[0] == Resend("the host has begun a new session")
    assert messages(actions)[0][0] is MessageType.NBIRTH


def test_leaving_before_the_birth_needs_no_death() -> None:
    session = new()
    session.connected(NOW)
    assert session.leave("stopped") == [Close("stopped")]


def test_a_state_of_another_host_or_in_the_form_of_sparkplug_2_is_refused() -> None:
    session = new()
    session.connected(NOW)
    with pytest.raises(DecodeError) as caught:
        session.received("spBv1.0/STATE/other", b'{"online":true,"timestamp":1}', NOW)
    assert caught.value.reason == "topic"
    for wrong in (b"ONLINE", b'{"online":true,"timestamp":4611686018427387909}', b'{"online":true,"timestamp":-1}'):
        with pytest.raises(DecodeError) as caught:
            session.received(STATE_TOPIC, wrong, NOW)
        assert caught.value.reason == "state"
    assert session.phase is Phase.WAITING


def test_unknown_commands_are_survived() -> None:
    session = online("unit-1")
    session.send(rows(("unit-1", "State", 1)), NOW, historical=False)
    for metrics in ([("Node Control/Reboot", True)], [(sparkplug.REBIRTH, False)], [("x", "y")], []):
        assert session.received(NCMD, sparkplug.command(metrics, NOW), NOW) == []
    for topic, payload in ((NCMD, b"\xff\xff"), (f"spBv1.0/toshima/DCMD/{NODE}/unit-1", b""), ("other", b"")):
        with pytest.raises(DecodeError):
            session.received(topic, payload, NOW)
    assert acknowledge(session, 3) == [Delivered((1,))]


# -------------------------------------------------------------------- hosts of other makes
