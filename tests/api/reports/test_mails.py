"""The reports of a month are mailed on the first of the next one: once, late when they must, and never boxes."""

import asyncio
import email
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from msgspec.structs import replace as changed

from sukusuku_api.dependencies import Context
from sukusuku_api.health import health
from sukusuku_api.lazy_store import LazyStore
from sukusuku_api.reports import fonts, pdf
from sukusuku_api.reports.generate import WRITERS
from sukusuku_api.reports.mails.due import due
from sukusuku_api.reports.mails.job import MonthlyReports
from sukusuku_api.reports.model import Report
from sukusuku_api.work_queue import WorkQueue
from sukusuku_core.errors import TransientError
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, day_start
from sukusuku_server.db import outbox
from sukusuku_server.live import derivation_progress
from sukusuku_server.settings import Facility, ReportMail
from sukusuku_server.settings.facility_checks import mistakes
from sukusuku_server.settings.mail_address import MailAddress
from tests.api import eight_weeks, two_centres
from tests.api.applications import create_app
from tests.api.two_centres import World

FIRST = day_start(date(2026, 11, 1))
SIX = FIRST + 6 * HOUR_MS
MAIL = '[mail]\nsender = "sukusuku@example.jp"\n'
CHIEF = '[[report_mail]]\nname = "係長"\nmail = "chief@example.jp"\n'


@pytest.mark.parametrize(
    ("now", "told", "late"),
    [
        (SIX - 1, ["2026-09"], True),
        (SIX, ["2026-10"], False),
        (SIX + 3 * HOUR_MS, ["2026-10"], True),
        (FIRST + 29 * DAY_MS, ["2026-10"], True),
        (day_start(date(2027, 4, 1)) + 6 * HOUR_MS, ["2027-03", "fy2026"], False),
        (day_start(date(2027, 1, 1)) + 6 * HOUR_MS, ["2026-12"], False),
    ],
)
def test_a_mail_is_due_at_six_on_the_first_and_in_april_with_the_fiscal_year(
    now: int, told: list[str], *, late: bool
) -> None:
    found = due(now)
    assert [period.key for period in found.periods] == told
    assert found.late == late


@dataclass
class Server:
    """A server that can be stopped and started again; `mails` are those that have come into the outbox since."""

    world: World
    facility: Facility
    store: LazyStore
    now: int = SIX + MINUTE_MS
    seen: int = 0

    def start(self) -> MonthlyReports:
        return MonthlyReports(self.context, WorkQueue(1, 8))

    def context(self) -> Context:
        app = create_app(self.facility, self.store, self.world.operations, lambda: self.now)
        made: Context = app.state.context
        return replace(made, clock=lambda: self.now)

    @property
    def door(self) -> tuple[bool, bool, str]:
        """Whether health says that they are well, and late, and why."""
        (door,) = health(self.context()).doors
        return door.ok, door.late, door.reason

    def look(self, reports: MonthlyReports | None = None) -> None:
        with ThreadPoolExecutor(1) as thread:  # the browser of other tests keeps the loop of this one
            thread.submit(asyncio.run, (reports or self.start()).look()).result()

    @property
    def mails(self) -> list[EmailMessage]:
        rows = sorted(self.world.operations.mails(), key=lambda row: row.id)[self.seen :]
        self.seen += len(rows)
        return [email.message_from_bytes(row.mail.content, policy=default) for row in rows]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = two_centres.make(tmp_path, fill=eight_weeks.live)
    yield made
    made.close()


@pytest.fixture
def serve(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Server]]:
    monkeypatch.setitem(WRITERS, "pdf", lambda report: f"%PDF {report.key}".encode())
    with closing(LazyStore(world.path)) as store:
        yield lambda extra: Server(world, two_centres.facility(MAIL + extra), store)


def files(mail: EmailMessage) -> list[str]:
    return [str(part.get_filename()) for part in mail.iter_attachments()]


def text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_both_reports_go_out_once_whatever_is_started_again(serve: Callable[[str], Server]) -> None:
    server = serve(CHIEF)
    server.now = SIX - MINUTE_MS
    running = server.start()
    server.look(running)
    assert [str(mail["Subject"]) for mail in server.mails] == ["[としま市] 令和8年9月（2026年9月）の報告書"], "late"

    server.now = SIX
    server.look(running)
    server.look(running)
    server.look()
    (mail,) = server.mails
    assert (str(mail["To"]), str(mail["Subject"])) == (
        "chief@example.jp",
        "[としま市] 令和8年10月（2026年10月）の報告書",
    )
    assert files(mail) == ["collection-2026-10.pdf", "collection-2026-10.xlsx"], "no room was heard"
    said = text(mail)
    assert "係長 様" in said
    assert "遅れて" not in said
    assert "袋の交換: 14  (令和8年9月: 4, +10)" in said
    assert "一時保育室 利用状況報告" in said, "and that nothing is known of the rooms"
    assert "この期間の記録はありません。" in said


def test_a_server_that_was_down_on_the_first_sends_it_later_and_says_so(serve: Callable[[str], Server]) -> None:
    server = serve(CHIEF + 'language = "en"\nreports = ["collection"]\nformats = ["zip"]\n')
    server.now = SIX + 4 * DAY_MS
    server.look()
    (mail,) = server.mails
    assert "This mail is late: it was due on 2026-11-01 and was made on 2026-11-05 06:00." in text(mail)
    assert files(mail) == ["collection-2026-10.zip"]


def test_centres_that_are_named_have_a_report_each(serve: Callable[[str], Server]) -> None:
    server = serve(CHIEF + 'sites = ["seibu", "tobu"]\nreports = ["collection"]\nformats = ["xlsx"]\n')
    server.look()
    (mail,) = server.mails
    assert files(mail) == ["collection-2026-10-tobu.xlsx"], "nothing is known of the other one"
    assert "西部こども家庭センター" in text(mail)


def test_of_a_month_without_data_only_that_is_told(serve: Callable[[str], Server]) -> None:
    server = serve(CHIEF)
    server.now = day_start(date(2026, 3, 1)) + 6 * HOUR_MS
    server.look()
    (mail,) = server.mails
    assert str(mail["Subject"]) == "[としま市] 令和8年2月（2026年2月）の報告書はありません（記録なし）"
    assert files(mail) == []


def test_without_a_font_the_mail_brings_the_rest_and_says_what_to_do(
    serve: Callable[[str], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(CHIEF)
    monkeypatch.setitem(WRITERS, "pdf", pdf.pdf)
    monkeypatch.setattr(pdf, "html", lambda _: "東")
    monkeypatch.setattr(fonts, "missing", lambda *_: "東")
    server.look()
    (mail,) = server.mails
    assert files(mail) == ["collection-2026-10.xlsx"]
    assert "サーバーで次を実行してください：sudo apt-get install fonts-noto-cjk" in text(mail)


def test_what_fails_is_tried_again_and_sends_nothing_twice(
    serve: Callable[[str], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(CHIEF + CHIEF.replace("chief", "ward"))
    tries: list[int] = []

    def put_once(*arguments: object) -> bool:
        tries.append(1)
        if len(tries) == 1:
            raise TransientError("the database does not answer")
        return outbox.put_once(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("sukusuku_api.reports.mails.job.put_once", put_once)
    printed: list[str] = []

    def xlsx(report: Report) -> bytes:
        printed.append(report.key)
        return b""

    monkeypatch.setitem(WRITERS, "xlsx", xlsx)
    running = server.start()
    with pytest.raises(TransientError):
        server.look(running)
    assert server.door == (False, True, "the database does not answer"), "and none was ever made"
    assert printed == ["collection-2026-10"], "once for both of them"
    assert [str(mail["To"]) for mail in server.mails] == ["ward@example.jp"], "who does not wait for the other one"
    server.look(running)
    assert server.door == (True, False, "")
    assert [str(mail["To"]) for mail in server.mails] == ["chief@example.jp"]


def test_reports_that_are_not_made_are_late_after_two_hours(serve: Callable[[str], Server]) -> None:
    server = serve(CHIEF)
    server.now = SIX - MINUTE_MS
    assert server.door == (False, True, ""), "nobody has looked yet"
    server.look()
    for now, late in ((SIX - MINUTE_MS, False), (SIX + 2 * HOUR_MS - 1, False), (SIX + 2 * HOUR_MS, True)):
        server.now = now
        assert server.door == (True, late, "")
    server.look()
    assert server.door == (True, False, "")


def test_nothing_is_made_by_a_clock_that_is_not_believed_nor_of_figures_that_are_not_final(
    serve: Callable[[str], Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(CHIEF)
    running = server.start()
    monkeypatch.setattr("sukusuku_api.dependencies.Context.clock_doubt", lambda _: "in doubt")
    server.look(running)
    monkeypatch.setattr("sukusuku_api.dependencies.Context.clock_doubt", lambda _: None)
    derivation_progress.keep(server.world.store, SIX - DAY_MS, SIX)
    server.look(running)
    assert server.mails == [], "the figures are not final"
    derivation_progress.keep(server.world.store, SIX, SIX)
    server.look(running)
    assert len(server.mails) == 1


def test_recipients_that_cannot_be_meant_are_refused() -> None:
    facility = two_centres.facility(MAIL)
    twice = ReportMail(name="a", mail=MailAddress("A@example.jp"), sites=("nowhere",))
    wrong = changed(facility, mail=None, report_mail=(twice, changed(twice, name="b", sites=())))
    found = {mistake.where for mistake in mistakes(wrong)}
    assert found == {"report_mail[0]", "report_mail[0].sites", "report_mail[1]", "report_mail[1].mail"}
