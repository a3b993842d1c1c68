"""Assigning an alert: to oneself, which takes it on, or to somebody else, who is told by mail."""

from http import HTTPStatus

from sukusuku_api.dependencies import Context
from sukusuku_api.problems import ProblemError
from sukusuku_api.queries import assignees
from sukusuku_api.web import base, personal_mail
from sukusuku_api.web.personal_mail import PersonalMail
from sukusuku_api.web.wall import alert_texts
from sukusuku_server.access.records import Account
from sukusuku_server.db import Alert
from sukusuku_server.db.shared_secrets import LINKS, shared
from sukusuku_server.mail.alert_links import LASTS_MS, AlertLinks

KIND = "assigned"
"""How the outbox names these mails."""


def assign(context: Context, alert: Alert, to: str, by: str, note: str, *, own: int | None) -> Alert:
    """Assign an alert to an account (its id), or (empty) to whoever does it, and tell them.

    `own` is the account of whoever does it, where they have one of their own.
    Raises AlertStateError, and ProblemError (422) for an account that may not see or acknowledge it.
    """
    now = context.clock()
    if to in {"", str(own)}:
        return context.operations.acknowledge(alert.id, by, now, note, account=own)
    account = next((it for it in assignees.read(context).of(context, alert) if str(it.id) == to), None)
    if account is None:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"Account {to} may not take care of alert {alert.id}: it sees it not."
        )
    with context.operations.together():
        assigned = context.operations.assign(alert.id, account.name, by, now, note, account=account.id)
        if assigned != alert and "@" in account.login:
            _tell(context, account, assigned, by, note)
    return assigned


def _tell(context: Context, account: Account, alert: Alert, by: str, note: str) -> None:
    language = personal_mail.language_of(account)
    translate, now = base.texts(language).gettext, context.clock()
    asset, site = context.whole.assets.get(alert.asset), context.whole.sites.get(alert.site)
    names = [item.name[language] for item in (site, None if asset is None else asset.settings) if item is not None]
    about = {
        "what": alert_texts.told(alert, asset, language, translate),
        "where": translate(", ").join(names),
        "who": by,
    }
    said = translate("%(who)s asks you to take care of this: %(where)s: %(what)s") % about
    links = AlertLinks(shared(context.operations, LINKS), context.facility.web.url)
    mail = PersonalMail(
        kind=KIND,
        about=alert.id,
        subject=translate("Assigned to you: %(where)s: %(what)s") % about,
        paragraphs=(said, *([translate("Note: %(note)s") % {"note": note}] if note else [])),
        button=translate("Look at it and take it on"),
        url=f"{links.url(alert.id, account.name, now)}?lang={language}",
        foot=translate("Until you take it on, the others get their mails as before."),
        expires=now + LASTS_MS,
    )
    personal_mail.send(context, account, mail)
