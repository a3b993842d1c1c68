"""A mail to somebody with an account: a few words and one link."""

from dataclasses import dataclass

from sukusuku_api.dependencies import Context
from sukusuku_api.web import base
from sukusuku_server.access.records import Account
from sukusuku_server.mail.message import Draft, build
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.settings import Language


@dataclass(frozen=True, slots=True)
class PersonalMail:
    """What it says: `paragraphs` above the link, `button` on it, `foot` below. `kind` is how the outbox names it.

    `about` tells it from others of the kind to the same person; from `expires` (UTC ms) on it is of no use.
    """

    kind: str
    about: int
    subject: str
    paragraphs: tuple[str, ...]
    button: str
    url: str
    foot: str
    expires: int


def language_of(account: Account) -> Language:
    """Return in which language somebody is written to."""
    return "en" if account.language == "en" else "ja"


def send(context: Context, account: Account, mail: PersonalMail) -> bool:
    """Hand the mail to the outbox; tell whether there is a mail server for it."""
    server, operator = context.facility.mail, context.facility.operator
    if server is None:
        return False
    language = language_of(account)
    translate, now = base.texts(language).gettext, context.clock()
    name = operator.name[language]
    said = {
        "dear": translate("Dear %(name)s,") % {"name": account.name},
        "mail": mail,
        "operator": name,
        "language": language,
    }
    draft = Draft(
        sender_name=translate("Sukusuku"),
        sender=server.sender,
        recipient=account.login,
        subject=mail.subject,
        message_id=f"<{mail.kind}-{mail.about}-{account.id}-{now}@{server.sender.rpartition('@')[2]}>",
        date=now,
        text="\n\n".join((str(said["dear"]), *mail.paragraphs, mail.url, mail.foot, name)) + "\n",
        html=base.environment(language).get_template("mail_link.html").render(said),
    )
    outgoing = OutgoingMail(
        kind=mail.kind,
        sender=server.sender,
        recipient=account.login,
        language=language,
        subject=draft.subject,
        message_id=draft.message_id,
        content=build(draft),
        expires=mail.expires,
    )
    with context.operations.change() as change:
        change.put_mail(None, outgoing, now)
    return True
