"""Mails beside those of alerts and rounds, and the pages of the demo, as they are sent; for tests that look at all."""

import email
from collections.abc import Iterator
from contextlib import closing
from email.policy import default
from pathlib import Path

from sukusuku_api.lazy_store import LazyStore
from sukusuku_api.reports import generate, period
from sukusuku_api.reports.mails import composer
from sukusuku_api.reports.mails.composer import Enclosed
from sukusuku_api.reports.mails.due import due
from sukusuku_api.web import personal_mail
from sukusuku_api.web.personal_mail import PersonalMail
from sukusuku_collector.backups import mails as backups
from sukusuku_collector.document import mails as document
from sukusuku_collector.silences import mails as silences
from sukusuku_core.errors import Mistake
from sukusuku_core.time import DAY_MS
from sukusuku_demo import personas
from sukusuku_demo.mailbox import Mailbox, Received
from sukusuku_server.db import OutgoingMail
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.modes import Mode, ModeKind
from sukusuku_server.model.doors import Exchanged
from sukusuku_server.model.issued import ReportKind
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings import ReportMail
from sukusuku_server.settings.mail_address import MailAddress
from tests.api import eight_weeks
from tests.api import two_centres as worlds
from tests.api.applications import create_app
from tests.api.conftest import NOW
from tests.api.in_process import asking, client
from tests.collector.alerts.alert_cases import T0, UNIT, facility

_SENDER = '[mail]\nsender = "sukusuku@example.jp"\n'
_PERSONAL = PersonalMail(
    "assigned", 1, "件名", ("佐藤さんから依頼",), "対応する", "http://x.example/a/b", "なお", NOW + DAY_MS
)


def pages(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every mail and page with a name, in Japanese."""
    mails = list(_of_the_operator())
    yield from ((mail.kind, html(mail)) for mail in mails)
    box = Mailbox()
    box.mails.append(Received(1, T0, email.message_from_bytes(mails[0].content, policy=default)))
    with asking(box.app(), "http://127.0.0.1") as mailbox:
        yield "mailbox", mailbox.get("/mails/1").text
    world = worlds.make(folder, fill=eight_weeks.live)
    mailed = worlds.facility(_SENDER)
    with closing(world), closing(LazyStore(world.path)) as store:
        with client(personas.make(mailed, store, world.operations)) as demo:
            yield "demo", demo.get("http://127.0.0.1/demo?lang=ja").text
        context = create_app(mailed, store, world.operations, lambda: NOW).state.context
        personal_mail.send(context, Accounts(world.operations).all()[0], _PERSONAL)
        yield "personal", html(world.operations.mails()[0].mail)
        asked = generate.asked(ReportKind.COLLECTION, period.month("2026-10"), None, "ja", outward=False)
        report = generate.make(FacilitySchedules(mailed), store.history, world.operations, asked, NOW)
        to = ReportMail(name="係長", mail=MailAddress("chief@example.jp"))
        enclosed = [Enclosed(report, "東部", {}, "pip install weasyprint")]
        yield "report", html(composer.compose(mailed, "s@example.jp", to, due(NOW), enclosed, NOW))


def html(mail: OutgoingMail) -> str:
    """Return the page that a mail shows."""
    part = email.message_from_bytes(mail.content, policy=default).get_body(("html",))
    assert part is not None
    found: str = part.get_content()
    return found


def _of_the_operator() -> Iterator[OutgoingMail]:
    known = facility()
    silence = Mode(1, ModeKind.SILENCE, UNIT, T0 - 3 * DAY_MS, T0 + DAY_MS, "佐藤", "工事")
    yield silences.messages(FacilitySchedules(known), silence, 2, T0, None)[0]
    yield backups.messages(known, Exchanged(T0 - 3 * DAY_MS, T0 - DAY_MS, "disk full"), T0 - DAY_MS, T0, late=True)[0]
    yield document.messages(known, [Mistake("site[0].id", "`tobu` is used already")], T0 - DAY_MS, T0)[0]
