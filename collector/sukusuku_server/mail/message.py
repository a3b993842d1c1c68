"""From words to a mail that a mail server takes. Header values are checked here, whatever the Python version does.

Some versions of the standard library let an encoded word smuggle a line end into a header; so a value with a control
character or with `=?` is refused, and so are marks that turn the direction of writing.
"""

import re
import unicodedata
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

from sukusuku_core.errors import ConfigError
from sukusuku_core.time import japan_time
from sukusuku_server.mail import headers
from sukusuku_server.settings.mail_address import MailAddress

_REFUSED = {"Cc", "Cs", "Zl", "Zp"}
_TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_MESSAGE_ID = re.compile(rf"<{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*>")
_FILE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_KIND = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]*")
_LONGEST_ID = 250
_LONGEST_TEXT = 900
"""Characters; no subject and no name makes sense that is longer."""


class HeaderError(ConfigError):
    """A text cannot stand in a mail header. `field` names where it comes from."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}; a mail header cannot carry it")
        self.field = field
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Part:
    """A file that goes with a mail. `kind` is its media type; `name` the file name, plain ASCII."""

    name: str
    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail before it becomes bytes. `date` is UTC ms; `reference` is the Message-ID of the mail it follows up.

    `pictures` are shown inside the HTML, which refers to them as `cid:` and their name.
    """

    sender_name: str
    sender: str
    recipient: str
    subject: str
    message_id: str
    date: int
    text: str
    html: str
    reference: str | None = None
    pictures: tuple[Part, ...] = ()
    attachments: tuple[Part, ...] = ()


def header_text(field: str, value: str) -> str:
    """Return the value, when it may stand in a header. Raises HeaderError."""
    if len(value) > _LONGEST_TEXT:
        raise HeaderError(field, f"has {len(value)} characters, at most {_LONGEST_TEXT} are allowed")
    if "=?" in value:
        raise HeaderError(field, "contains `=?`, the mark of an encoded word")
    for char in value:
        if unicodedata.category(char) in _REFUSED or unicodedata.bidirectional(char) in _TURNING:
            raise HeaderError(field, f"contains the control character U+{ord(char):04X}")
    return value


def message_id(alert_id: int, kind: str, time: int, recipient: str, sender: str) -> str:
    """Return the fixed Message-ID of one mail: the same mail always gets the same one, another mail never does.

    `time` (UTC ms) of the event tells alerts apart whose ids are equal because the database was made anew.
    """
    digest = sha256(recipient.encode()).hexdigest()[:16]
    return f"<alert-{alert_id}-{kind}-{time}-{digest}@{sender.rpartition('@')[2]}>"


def build(draft: Draft) -> bytes:
    """Return the bytes that go to the mail server. Raises HeaderError, naming the field."""
    lines = [
        headers.mailbox("From", _mailbox("From", draft.sender, draft.sender_name)),
        headers.mailbox("To", _mailbox("To", draft.recipient)),
        headers.text("Subject", header_text("Subject", draft.subject)),
        f"Date: {format_datetime(japan_time(draft.date))}",
        f"Message-ID: {_identifier('Message-ID', draft.message_id)}",
    ]
    if draft.reference is not None:
        reference = _identifier("In-Reply-To", draft.reference)
        lines += [f"In-Reply-To: {reference}", f"References: {reference}"]
    lines.append("Auto-Submitted: auto-generated\r\n")
    return "\r\n".join(lines).encode("ascii") + _body(draft).as_bytes()


def _body(draft: Draft) -> EmailMessage:
    """Text, HTML and files, under the headers that say how they are put together."""
    message = EmailMessage(policy=SMTP)
    message.set_content(draft.text, cte="base64")
    message.add_alternative(draft.html, subtype="html", cte="base64")
    for shown in (part for part in message.iter_parts() if part.get_content_type() == "text/html"):
        for picture in draft.pictures:
            kind, name = _kind(picture), _file(picture)
            shown.add_related(picture.content, *kind, cid=f"<{name}>", filename=name, disposition="inline")
    for attachment in draft.attachments:
        message.add_attachment(attachment.content, *_kind(attachment), filename=_file(attachment))
    for n, part in enumerate(part for part in message.walk() if part.is_multipart()):
        mark = draft.message_id if n == 0 else f"{n} {draft.message_id}"
        part.set_boundary("=_" + sha256(mark.encode()).hexdigest()[:32])
    return message


def _file(part: Part) -> str:
    if _FILE.fullmatch(part.name) is None:
        raise HeaderError("attachment", f"`{part.name[:40]}` is not a file name like round.csv")
    return part.name


def _kind(part: Part) -> tuple[str, str]:
    if _KIND.fullmatch(part.kind) is None:
        raise HeaderError("attachment", f"`{part.kind[:40]}` is not a media type like text/csv")
    main, _, sub = part.kind.partition("/")
    return main, sub


def _identifier(field: str, value: str) -> str:
    header_text(field, value)
    if len(value) > _LONGEST_ID or _MESSAGE_ID.fullmatch(value) is None:
        raise HeaderError(field, f"`{value[:40]}` is not of the form <name@example.jp>, or too long")
    return value


class _Mailbox(Address):
    """A mail address with the name shown for it. The library would forget the quotes around odd dots."""

    def __init__(self, name: str, mail: MailAddress) -> None:
        local, _, domain = mail.rpartition("@")
        super().__init__(name, local.strip('"'), domain)
        self._mail = mail

    @property
    def addr_spec(self) -> str:
        return self._mail


def _mailbox(field: str, mail: str, name: str = "") -> _Mailbox:
    try:
        return _Mailbox(header_text(field, name), MailAddress(mail))
    except ValueError as error:
        raise HeaderError(field, f"`{mail[:40]}` is {error}") from error
