"""Links that people get: their addresses, and the mail that brings one."""

from sukusuku_api.dependencies import Context
from sukusuku_api.web import base, personal_mail
from sukusuku_api.web.personal_mail import PersonalMail
from sukusuku_server.access.records import Account, Purpose
from sukusuku_server.db.one_time_links import LASTS_MS, purpose_for
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
    language = personal_mail.language_of(account)
    translate, purpose = base.texts(language).gettext, purpose_for(account)
    if purpose is Purpose.RESET:
        subject = translate("%(operator)s: set a new password")
        text = translate("Please open this link within an hour to set a new password for Sukusuku:")
    else:
        subject = translate("%(operator)s: your account of Sukusuku")
        text = translate("An account of Sukusuku was made for you. Please open this link within seven days:")
    mail = PersonalMail(
        kind=KIND,
        about=account.id,
        subject=subject % {"operator": context.facility.operator.name[language]},
        paragraphs=(text,),
        button=translate("Set the password"),
        url=url,
        foot=translate("The link works once. If you did not expect this mail, you need not do anything."),
        expires=context.clock() + LASTS_MS[purpose],
    )
    return personal_mail.send(context, account, mail)
