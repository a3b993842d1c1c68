"""The mail that brings the reports of a month, or the word that there is none. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from sukusuku_api.reports import era
from sukusuku_api.reports.generate import MEDIA
from sukusuku_api.reports.mails.due import Due
from sukusuku_api.reports.model import Report, Table, shown, signed
from sukusuku_core.time import japan_time, local_day
from sukusuku_server.i18n import Translate, texts
from sukusuku_server.mail.message import Draft, Part, build
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.settings import Facility, Language
from sukusuku_server.settings.report_mail import ReportMail
from sukusuku_server.templates import environment

KIND = "monthly_report"
"""How the outbox names these mails."""


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A report with its files, by ending. `where` is the centre that it is about.

    `lacks` is the command that installs what a PDF of it needs; empty: nothing is lacking.
    """

    report: Report
    where: str
    files: dict[str, bytes]
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A figure of the summary: its name with its unit, its value, the one before, and the difference."""

    name: str
    value: str
    before: str
    change: str


@dataclass(frozen=True, slots=True)
class ReportSummary:
    """A report as the mail shows it; without lines there is nothing of its period."""

    title: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]


def message_id(due: Due, recipient: ReportMail, sender: str) -> str:
    """Return the fixed Message-ID of the mail of a month to somebody: by it is known whether it was sent."""
    digest = sha256(str(recipient.mail).lower().encode()).hexdigest()[:16]
    return f"<report-{due.month.key}-{digest}@{sender.rpartition('@')[2]}>"


def compose(
    facility: Facility,
    sender: str,
    recipient: ReportMail,
    due: Due,
    enclosed: Sequence[Enclosed],
    now: int,
) -> OutgoingMail:
    """Return the mail."""
    language = recipient.language
    translate, operator = texts("sukusuku_api", language).gettext, facility.operator.name[language]
    some = [item for item in enclosed if not item.report.empty]
    month = due.month.name(translate, language)
    subject = translate("Reports of %(month)s") if some else translate("No report of %(month)s: nothing was recorded")
    link = f"{facility.web.url.rstrip('/')}/reports?lang={language}"
    values = {
        "language": language,
        "headline": subject % {"month": month},
        "operator": operator,
        "dear": translate("Dear %(name)s,") % {"name": recipient.name},
        "notes": tuple(_notes(due, some, language, now, translate)),
        "told": tuple(_told(item) for item in enclosed),
        "nothing": translate("Nothing is known of this period."),
        "foot": translate("To hand a report in, issue it on the page of reports: it gets a number and is kept."),
        "link": link,
        "automatic": translate("This mail is sent on the first of each month. Replies are not read."),
    }
    templates = environment("sukusuku_api.reports", texts("sukusuku_api", language))
    own = message_id(due, recipient, sender)
    draft = Draft(
        sender_name=translate("Sukusuku"),
        sender=sender,
        recipient=str(recipient.mail),
        subject=f"[{operator}] {values['headline']}",
        message_id=own,
        date=now,
        text=templates.get_template("mail.txt").render(values),
        html=templates.get_template("mail.html").render(values),
        attachments=tuple(
            Part(f"{item.report.key}.{ending}", MEDIA[ending], content)
            for item in some
            for ending, content in item.files.items()
        ),
    )
    return OutgoingMail(
        kind=KIND,
        sender=sender,
        recipient=draft.recipient,
        language=language,
        subject=draft.subject,
        message_id=own,
        content=build(draft),
    )


def _notes(due: Due, some: Sequence[Enclosed], language: Language, now: int, translate: Translate) -> list[str]:
    notes = []
    if due.late:
        first, today = (era.written(local_day(time), language) for time in (due.since, now))
        times = {"due": first, "now": f"{today} {japan_time(now):%H:%M}"}
        notes.append(translate("This mail is late: it was due on %(due)s and was made on %(now)s.") % times)
    if not some:
        notes.append(translate("No unit and no room has sent anything in this month, so there is no report."))
        notes.append(translate("If that was not meant to be, please have the devices and the server checked."))
    for command in dict.fromkeys(item.lacks for item in some if item.lacks):
        text = translate("The server could not make PDF files. To be run on the server: %(command)s")
        notes.append(text % {"command": command})
    return notes


def _told(item: Enclosed) -> ReportSummary:
    report = item.report
    title = f"{report.title} – {report.period}" + (f" – {item.where}" if item.where else "")
    summary = next((table for _, table in report.tables if table.upright), None)
    if report.empty or summary is None:
        return ReportSummary(title, (), ())
    heads = (summary.rows[0], summary.rows[1], summary.total_rows[0])
    return ReportSummary(title, tuple(str(row[0]) for row in heads), tuple(_lines(report, summary)))


def _lines(report: Report, summary: Table) -> list[Line]:
    own, before, change = summary.rows[0], summary.rows[1], summary.total_rows[0]
    return [
        Line(
            column.title,
            shown(own[n], column.kind, report.words),
            shown(before[n], column.kind, report.words),
            signed(change[n], column.kind, report.words),
        )
        for n, column in enumerate(summary.columns)
        if n and (own[n], before[n]) != (None, None)
    ]
