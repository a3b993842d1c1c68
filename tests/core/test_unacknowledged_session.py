"""A session of an edge node with a host of another make: the broker's word counts."""

from sukusuku_core import sparkplug
from sukusuku_core.edge_actions import Action, Close, Delivered, Publish, Resend
from sukusuku_core.edge_session import WINDOW, EdgeSession, NodeIdentity
from tests.core.edge_sessions import METRICS, NODE, NOW, acknowledge, ask_rebirth, messages, rows


def unacknowledged(*assets: str) -> EdgeSession:
    """Online, and the host acknowledges nothing."""
    session = EdgeSession(NodeIdentity("toshima", NODE), 7, METRICS, acknowledge=False)
    for asset in assets:
        session.asset_up(asset, NOW)
    session.connected(NOW)
    return session


def tokens(actions: list[Action]) -> list[int | None]:
    return [action.token for action in actions if isinstance(action, Publish) and action.qos == 1]


def test_with_the_brokers_word_births_offer_no_acknowledgement_and_data_goes_out_at_qos_1() -> None:
    session = EdgeSession(NodeIdentity("toshima", NODE), 7, METRICS, acknowledge=False)
    session.asset_up("unit-1", NOW)
    births = session.connected(NOW)
    (_, _, body) = messages(births)[0]
    assert {metric.name for metric in body.metrics} == {"bdSeq", sparkplug.REBIRTH, "Comm/Errors"}
    data = session.send(rows(("unit-1", "State", 1), (NODE, "Comm/Errors", 2)), NOW, historical=False)
    assert [action.qos for action in [*births, *data] if isinstance(action, Publish)] == [0, 0, 1, 1]


def test_a_row_is_delivered_when_the_broker_has_confirmed_its_message_in_any_order() -> None:
    session = unacknowledged("unit-1")
    first = session.send(rows(("unit-1", "State", 1), first=1), NOW, historical=False)
    second = session.send(rows(("unit-1", "State", 2), first=2), NOW, historical=False)
    ((one,), (two,)) = tokens(first), tokens(second)
    assert one is not None
    assert two is not None
    assert session.confirmed(two) == [Delivered((2,))]
    assert session.confirmed(two) == []
    assert session.room() == WINDOW - 1
    assert session.confirmed(one) == [Delivered((1,))]
    assert session.room() == WINDOW


def test_an_acknowledgement_means_nothing_then() -> None:
    session = unacknowledged("unit-1")
    session.send(rows(("unit-1", "State", 1)), NOW, historical=False)
    assert acknowledge(session, 3) == []


def test_a_confirmation_from_before_a_rebirth_delivers_nothing_that_is_sent_again() -> None:
    session = unacknowledged("unit-1")
    (old,) = tokens(session.send(rows(("unit-1", "State", 1)), NOW, historical=False))
    again = ask_rebirth(session)
    assert isinstance(again[0], Resend)
    (new_,) = tokens(session.send(rows(("unit-1", "State", 1)), NOW, historical=True))
    assert old is not None
    assert new_ is not None
    assert session.confirmed(old) == []
    assert session.confirmed(new_) == [Delivered((1,))]


def test_a_broker_that_confirms_nothing_is_left() -> None:
    session = unacknowledged("unit-1")
    session.send(rows(("unit-1", "State", 1)), NOW, historical=False)
    assert session.tick(NOW + session.ack_timeout - 1) == []
    death, close = session.tick(NOW + session.ack_timeout)
    assert isinstance(death, Publish)
    assert isinstance(close, Close)
    assert "has not confirmed" in close.why
