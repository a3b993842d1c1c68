"""Links that people get: their addresses, and the mail that brings one."""

from sukusuku_api.dependencies import Context
from sukusuku_api.web import base
from sukusuku_server.access.records import Account, Purpose
from sukusuku_server.db.one_time_links import LASTS_MS, purpose_for
from sukusuku_server.mail.message import Draft, build
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.settings import Facility, Language

KIND = "access"
"""How the outbox names these mails."""


def address(facility: Facility, token: str, language: str) -> str:
    """Return the address of a one-time link."""
    return f"{facility.web.url.rstrip('/')}/welcome/{token}?lang={language}"


def display_address(facility: Facility, token: str, site: str, language: Language) -> str:
    """Return the address that a display opens."""
    of = f"&site={site}" if site else ""
    return f"{facility.web.url.rstrip('/')}/d/{token}?lang={language}{of}&theme=dark"


def send(context: Context, account: Account, url: str) -> bool:
    """Hand the mail with somebody's link to the outbox; tell whether there is a mail server for it."""
    server, operator = context.facility.mail, context.facility.operator
    if server is None:
        return False
    language: Language = "en" if account.language == "en" else "ja"
    translate, now = base.texts(language).gettext, context.clock()
    name = operator.name[language]
    purpose = purpose_for(account)
    if purpose is Purpose.RESET:
        subject = translate("%(operator)s: set a new password")
        text = translate("Please open this link within an hour to set a new password for Sukusuku:")
    else:
        subject = translate("%(operator)s: your account of Sukusuku")
        text = translate("An account of Sukusuku was made for you. Please open this link within seven days:")
    said = {
        "dear": translate("Dear %(name)s,") % {"name": account.name},
        "text": text,
        "url": url,
        "foot": translate("The link works once. If you did not expect this mail, you need not do anything."),
        "operator": name,
        "language": language,
    }
    draft = Draft(
        sender_name=translate("Sukusuku"),
        sender=server.sender,
        recipient=account.login,
        subject=subject % {"operator": name},
        message_id=f"<access-{account.id}-{now}@{server.sender.rpartition('@')[2]}>",
        date=now,
        text="\n\n".join(said[key] for key in ("dear", "text", "url", "foot", "operator")) + "\n",
        html=base.environment(language).get_template("mail_link.html").render(said),
    )
    mail = OutgoingMail(
        kind=KIND,
        sender=server.sender,
        recipient=account.login,
        language=language,
        subject=draft.subject,
        message_id=draft.message_id,
        content=build(draft),
        expires=now + LASTS_MS[purpose],
    )
    with context.operations.change() as change:
        change.put_mail(None, mail, now)
    return True
