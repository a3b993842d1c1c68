"""From an alert to the far end: who is told by which channel, through the same outbox as mail."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from sukusuku_api.lazy_store import LazyStore
from sukusuku_collector import service
from sukusuku_collector.channels import registry
from sukusuku_collector.channels.protocol import LaterError
from sukusuku_collector.clock.machine import SteadyMachine
from sukusuku_collector.outbox_worker import OutboxWorker
from sukusuku_core.catalogue import DataType
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import PermanentError, TransientError
from sukusuku_core.model import Reading
from sukusuku_server import settings
from sukusuku_server.db import MailRow, MailState, Operations
from sukusuku_server.db.mail_queue import MailQueue
from sukusuku_server.db.tables_alerts import mail_outbox
from sukusuku_server.live import watching
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.model.notices import decode
from sukusuku_server.rounds.recipients import contacts
from sukusuku_server.timeseries.sqlite import SqliteStore
from tests.api.applications import create_app
from tests.api.in_process import client
from tests.collector.alerts.alert_cases import FACILITY, HOUR, MINUTE, T0, UNIT, facility, values
from tests.collector.alerts.engine_site import Site
from tests.collector.channels.contacts import CHANNELS, CONTACTS
from tests.collector.fake_edge import FakeEdge
from tests.collector.small_facility import facility_file
from tests.collector.test_outbox_worker import Outbox
from tests.support.broker import mosquitto
from tests.support.far_end import far_end
from tests.support.patience import PATIENCE

NOBODY = FACILITY[: FACILITY.index("[[contact]]")]
SECOND_STAGE = CONTACTS.replace('["hook", "push"]', '["push"]\nfrom_stage = 2') + CHANNELS


def told(store: Operations) -> list[tuple[str, str, str]]:
    return [(row.mail.kind, row.mail.channel, row.mail.recipient) for row in reversed(store.mails())]


def full(site: Site, now: int, percent: float = 82.0) -> None:
    site.engine.evaluate({UNIT: values(now, {"Fill/Percent": percent})}, now, [UNIT])


def test_each_channel_is_told_once_beside_the_mails_and_of_the_end_as_well(tmp_path: Path) -> None:
    site = Site(tmp_path, FACILITY + CONTACTS + CHANNELS)
    for now in (T0 - MINUTE, T0):
        full(site, now)
    assert told(site.store) == [
        ("firing", "mail", "tobu@example.jp"),
        ("firing", "mail", "integrator@example.jp"),
        ("firing", "hook", "hook"),
        ("firing", "push", "push"),
    ]
    for now in (T0 + MINUTE, T0 + 3 * MINUTE, T0 + 33 * MINUTE):
        full(site, now, 3.0)
    assert [entry[1] for entry in told(site.store)[4:]] == ["mail", "mail", "hook", "push"]
    assert {entry[0] for entry in told(site.store)[4:]} == {"resolved"}


def test_the_words_are_those_of_the_mail_and_short(tmp_path: Path) -> None:
    site = Site(tmp_path, FACILITY + CONTACTS + CHANNELS)
    for now in (T0 - MINUTE, T0):
        full(site, now)
    rows = site.store.mails()
    notice = decode(next(row.mail.content for row in rows if row.mail.channel == "push"))
    assert notice.title == next(row.mail.subject for row in rows if row.mail.recipient == "tobu@example.jp")
    assert len(notice.text) < 200
    assert "満杯の袋を外し" in notice.text
    assert (notice.rule, notice.subject, notice.site, notice.url) == (
        "collection", UNIT, "tobu", "https://wall.example.jp/wall",
    )  # fmt: skip


def test_who_wants_to_hear_of_the_worse_only_hears_of_that(tmp_path: Path) -> None:
    site = Site(tmp_path, NOBODY + SECOND_STAGE)
    for now in (T0 - MINUTE, T0):
        full(site, now)
    assert told(site.store) == [("firing", "hook", "hook")]
    for now in (T0 + MINUTE, T0 + 2 * MINUTE):
        latest = values(now, {"Fill/Percent": 100.0, "Unit/State": 3})
        site.engine.evaluate({UNIT: latest}, now, [UNIT])
    assert set(told(site.store)[1:]) == {("worse", "hook", "hook"), ("worse", "push", "push")}


def test_rounds_have_no_use_for_a_contact_without_mail() -> None:
    found = facility(FACILITY + CONTACTS + CHANNELS)
    rounds = settings.Round(id="r", name=settings.Text(ja="回収", en="Round"), vehicle="v")
    assert {person.name for person in contacts(found, rounds)} == {"東部センター", "Integrator"}


class Scripted:
    """A channel that fails as it is told, then takes everything."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = [*failures]
        self.tried: list[str] = []
        self.taken: list[str] = []

    def send(self, message: OutgoingMail) -> None:
        self.tried.append(message.kind)
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(message.kind)


def drive(worker: OutboxWorker, clock: "Present", until: int) -> None:
    """Let a worker do what is due up to a moment, without its loop."""
    while clock.now <= until:
        clock.now += max(1, round(worker._work() * 1000))


class Present:
    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> int:
        return self.now


@contextlib.asynccontextmanager
async def working(workers: Sequence[OutboxWorker]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def states(rows: list[MailRow]) -> set[tuple[str, MailState]]:
    return {(row.mail.channel, row.state) for row in rows}


def attempts(rows: list[MailRow], channel: str) -> int:
    return next(row.attempts for row in rows if row.mail.channel == channel)


def workers(text: str, queue: MailQueue, clock: Present, expires: int = 24 * HOUR) -> list[OutboxWorker]:
    return [
        OutboxWorker(name, channel, queue, clock, expires) for name, channel in registry.opened(facility(text)).items()
    ]


def test_a_channel_that_fails_holds_up_no_other_and_gets_its_message_once(tmp_path: Path) -> None:
    with far_end() as hook, far_end() as push:
        text = NOBODY.replace("[mail]\n", "[mail]\nport = 1\n") + CONTACTS
        text += CHANNELS.replace("{url}/hook", f"{hook.url}/hook").replace("{url}/push", f"{push.url}/push")
        hook.answers = [503, 503]
        site, clock = Site(tmp_path, text), Present()
        for now in (T0 - MINUTE, T0):
            full(site, now)

        async def scenario() -> None:
            store = Outbox(tmp_path)
            found = workers(text, store.queue, clock)
            async with working(found):
                await store.until(lambda rows: states(rows) == {("hook", MailState.WAITING), ("push", MailState.SENT)})
                for tries in (1, 2):
                    await store.until(lambda rows, tries=tries: attempts(rows, "hook") == tries)  # type: ignore[misc]
                    clock.now += HOUR
                    for worker in found:
                        worker.wake()
                await store.until(lambda rows: states(rows) == {("hook", MailState.SENT), ("push", MailState.SENT)})
            store.close()

        asyncio.run(scenario())
    assert len(push.asked) == 1
    assert len({taken.body for taken in hook.asked}) == 1


@pytest.mark.parametrize(
    ("answers", "hours", "reason"),
    [([410], 0, "answered 410"), ([], 25, "not delivered within 24 h")],
)
def test_what_is_refused_or_too_old_is_set_aside_and_health_says_why(
    tmp_path: Path, answers: list[int], hours: int, reason: str
) -> None:
    with far_end() as end:
        text = NOBODY + CONTACTS.replace('["hook", "push"]', '["hook"]') + CHANNELS.format(url=end.url)
        site, clock = Site(tmp_path, text), Present()
        end.answers = [*answers]
        for now in (T0 - MINUTE, T0):
            full(site, now)
        clock.now += hours * HOUR

        async def scenario() -> None:
            store = Outbox(tmp_path)
            async with working(workers(text, store.queue, clock)):
                await store.until_none_waits()
            store.close()

        asyncio.run(scenario())
    assert len(end.asked) == len(answers)
    store = LazyStore(tmp_path / "readings.db")
    with client(create_app(facility(text), store, site.store)) as api:
        [hook, push] = api.get("/api/v1/health").json()["channels"]
    store.close()
    assert (hook["id"], hook["kind"], hook["ok"], hook["waiting"], hook["dead"]) == ("hook", "webhook", False, 0, 1)
    assert reason in hook["reason"]
    assert (push["ok"], push["waiting"], push["sent"], push["reason"]) == (True, 0, None, "")


HOOK = NOBODY + CONTACTS.replace('["hook", "push"]', '["hook"]') + CHANNELS.format(url="127.0.0.1:1")


def scripted(folder: Path, *failures: Exception) -> tuple[Site, Present, Scripted, OutboxWorker]:
    """One alert waits for one channel."""
    site, clock, far = Site(folder, HOOK), Present(), Scripted(*failures)
    for now in (T0 - MINUTE, T0):
        full(site, now)
    return site, clock, far, OutboxWorker("hook", far, MailQueue(site.store), clock, 24 * HOUR)


def test_a_message_that_waited_a_weekend_is_as_young_as_any_other(tmp_path: Path) -> None:
    site, clock, far, worker = scripted(tmp_path, *[TransientError("503")] * 3)
    with site.store.writing() as connection:
        connection.execute(update(mail_outbox).values(next_try=T0 + 61 * HOUR))
    for hour in (0, 30, 60):
        clock.now = T0 + hour * HOUR
        drive(worker, clock, clock.now + MINUTE)
    assert far.tried == []
    drive(worker, clock, T0 + 62 * HOUR)
    assert far.taken == ["firing"]
    assert [row.state for row in site.store.mails()] == [MailState.SENT]


@pytest.mark.parametrize(
    ("failures", "taken"),
    [([TransientError("503")] * 3, []), ([PermanentError("400")], [])],
)
def test_of_what_is_over_before_it_could_be_told_the_end_is_not_told_either(
    tmp_path: Path, failures: list[Exception], taken: list[str]
) -> None:
    site, clock, far, worker = scripted(tmp_path, *failures)
    drive(worker, clock, T0 + 7 * MINUTE)
    for now in (T0 + 8 * MINUTE, T0 + 10 * MINUTE):
        full(site, now, 3.0)
    drive(worker, clock, T0 + 40 * MINUTE)
    full(site, T0 + 41 * MINUTE, 3.0)
    drive(worker, clock, T0 + 41 * MINUTE)
    assert far.taken == taken
    assert "resolved" not in far.tried[: len(failures)]
    assert MailQueue(site.store).next_due("hook") is None


@pytest.mark.parametrize(
    ("error", "pause"),
    [(TransientError("429"), MINUTE), (LaterError("429", 300.0), 5 * MINUTE), (LaterError("429", 9e9), HOUR),
     (KeyError("https://host/s3cret"), MINUTE)],
)  # fmt: skip
def test_a_channel_that_fails_is_left_alone_whatever_else_waits(
    tmp_path: Path, error: Exception, pause: int, caplog: pytest.LogCaptureFixture
) -> None:
    site, clock, far, worker = scripted(tmp_path, error)
    with site.store.change() as change:
        [row] = site.store.mails()
        other = change.raise_alert(replace(change.read(row.alert_id or 0), rule="unit_fault"))
        for number in range(20):
            change.put_mail(other.id, replace(row.mail, message_id=f"<{number}>"), T0)
    drive(worker, clock, T0 + pause - 1)
    [failed] = [row for row in site.store.mails() if row.attempts]
    assert (len(far.tried), failed.next_try) == (1, T0 + pause)
    assert type(error).__name__ in failed.reason or "429" in failed.reason
    assert "s3cret" not in failed.reason + caplog.text
    drive(worker, clock, T0 + pause + 100)
    assert len(far.taken) == 21


def test_a_message_that_waits_for_the_morning_does_not_hide_one_that_fails(tmp_path: Path) -> None:
    site, clock, _, worker = scripted(tmp_path, TransientError("answered 503"))
    drive(worker, clock, T0)
    [row] = site.store.mails()
    with site.store.change() as change:
        change.put_mail(row.alert_id or 0, replace(row.mail, message_id="<later>"), clock.now, clock.now + 8 * HOUR)
    assert MailQueue(site.store).tallies()["hook"].reason == "answered 503"
    with contextlib.closing(SqliteStore.open(tmp_path / "readings.db")) as collecting:
        watching.keep(collecting, T0 + 2 * MINUTE)
    store = LazyStore(tmp_path / "readings.db")
    with client(create_app(facility(HOOK), store, site.store, lambda: clock.now)) as api:
        failing = api.get("/api/v1/health").json()
        drive(worker, clock, T0 + 2 * MINUTE)
        well = api.get("/api/v1/health").json()
    store.close()
    assert (failing["channels"][0]["ok"], failing["status"]) == (False, "degraded")
    assert (well["channels"][0]["ok"], well["status"]) == (True, "ok")
    assert MailQueue(site.store).tallies()["hook"].reason == ""


def test_the_whole_collector_brings_a_fault_over_the_broker_to_the_far_end(tmp_path: Path) -> None:
    """Sparkplug in, a signed CloudEvent out: a real broker, the real collector, a real HTTP server."""
    with far_end() as end, mosquitto() as port:
        path = facility_file(tmp_path, port)
        key = tmp_path / "hook.key"
        key.write_text("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz\n", encoding="utf-8")
        added = CHANNELS.replace('key = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"', 'key_file = "hook.key"')
        alerts = '[alerts]\nfault_for = 0\nurgent = ["unit_fault"]\n'
        path.write_text(
            path.read_text(encoding="utf-8") + alerts + added.format(url=end.url) + CONTACTS, encoding="utf-8"
        )
        found = settings.read(path)

        async def scenario() -> None:
            stop, now = asyncio.Event(), now_ms()
            edge = FakeEdge(port, {"unit-1": {"Fault/Code": DataType.INT64}})
            edge.add([Reading("unit-1", "Fault/Code", now, 1)])
            async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
                group.create_task(service.run(found, stop, SteadyMachine(now_ms)))
                sending = group.create_task(edge.run())
                await edge.reached(1)
                await asyncio.to_thread(end.until, 2)
                sending.cancel()
                stop.set()

        asyncio.run(scenario())
    by_path = {taken.path: json.loads(taken.body) for taken in end.asked}
    assert by_path["/hook"]["type"] == "sukusuku.alert.firing"
    assert by_path["/hook"]["data"]["rule"] == "unit_fault"
    assert by_path["/push"]["title"].startswith("[すくすく] 東部: 1号機 異常")
