"""Two engines over the same operations data, each of which minds the alerts of its own sites."""

from pathlib import Path

import pytest

from sukusuku_collector.alerts.engine import AlertEngine
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.db import MailState
from sukusuku_server.db.derivation import DerivationRecords
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.mail_queue import MailQueue
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings.shard import Shard
from tests.collector.alerts.alert_cases import FACILITY, T0, UNIT, facility, values
from tests.support.databases import operations

OTHER = "seibu-unit-1"
DIVIDED = f"""{FACILITY}
[[site]]
id = "seibu"
name = {{ja = "西部", en = "Seibu"}}
[[site.unit]]
id = "{OTHER}"
name = {{ja = "1号機", en = "Unit 1"}}
edge = "seibu-pi"
[[group]]
id = "west"
host_id = "west"
schema = "west"
sites = ["seibu"]
"""


class Divided:
    """The engines of the operator's own shard and of a group."""

    def __init__(self, folder: Path) -> None:
        self.store = operations(folder)
        self.restart()

    def restart(self, text: str = DIVIDED) -> None:
        self.own, self.group = (self._engine(Shard(facility(text), group)) for group in (None, "west"))

    def _engine(self, shard: Shard) -> AlertEngine:
        return AlertEngine(FacilitySchedules(shard.own), self.store, shard=shard)

    def jam(self, now: int, asset: str, *, code: int = 7) -> None:
        engine = self.own if asset == UNIT else self.group
        engine.evaluate({asset: values(now, {"Fault/Code": code, "Lid/Open": False})}, now, [asset])

    def open(self) -> set[str]:
        return {alert.asset for alert in self.store.open_alerts()}


@pytest.fixture
def town(tmp_path: Path) -> Divided:
    return Divided(tmp_path)


def test_each_tells_of_its_own_alerts_and_of_no_others(town: Divided) -> None:
    for minute in range(4):
        for asset in (UNIT, OTHER):
            town.jam(T0 + minute * MINUTE_MS, asset)
        town.restart()  # all that waits is read again
    assert town.open() == {UNIT, OTHER}
    mails = [(row.mail.recipient, row.mail.subject) for row in town.store.mails()]
    assert len(mails) == len(set(mails)) == 4
    assert {alert.site for alert in town.store.open_alerts()} == {"tobu", "seibu"}


def test_what_the_settings_have_no_more_is_ended_by_the_shard_of_the_operator(town: Divided) -> None:
    town.jam(T0, OTHER)
    town.restart(DIVIDED.replace(OTHER, "seibu-unit-2"))
    town.group.evaluate({}, T0 + MINUTE_MS, [])
    assert town.open() == {OTHER}
    town.own.evaluate({}, T0 + MINUTE_MS, [])
    assert town.open() == set()


def test_a_mail_of_another_shard_that_waits_is_waited_for_and_left_alone(town: Divided) -> None:
    for minute in range(3):
        town.jam(T0 + minute * MINUTE_MS, UNIT)
    [first, *_] = waiting = town.store.mails()
    queue = MailQueue(town.store)
    for row in waiting:
        queue.lease(T0, T0 + 1, "mail")
        queue.failed(row.id, "nobody there", T0 + 60 * MINUTE_MS)
    alert = next(it for it in town.store.open_alerts() if it.asset == UNIT)
    with town.store.change() as change:
        change.resolve(alert, T0 + 3 * MINUTE_MS, None)
    for minute in range(3, 8):
        town.jam(T0 + minute * MINUTE_MS, OTHER)
    assert {row.id for row in town.store.mails()} == {row.id for row in waiting}
    for row in waiting:
        queue.sent(row.id, T0 + 8 * MINUTE_MS)
    town.jam(T0 + 9 * MINUTE_MS, OTHER)
    assert {row.state for row in town.store.mails() if row.id not in {it.id for it in waiting}} == {MailState.WAITING}
    assert first.mail.message_id not in {row.mail.message_id for row in town.store.mails() if row.id != first.id}


def test_what_people_say_is_heard_by_the_shard_of_the_unit(town: Divided) -> None:
    Emptyings(town.store).enter(OTHER, T0, "staff", T0 + MINUTE_MS, percent=60.0, nappies=36.0)
    own, group = (DerivationRecords(town.store, Shard(facility(DIVIDED), it).minds) for it in (None, "west"))
    assert own.spoken() == []
    assert [it.asset for it in group.spoken()] == [OTHER]
