"""`[[report_mail]]`: who gets the reports of a month by mail on the first of the next one."""

from collections.abc import Iterator
from typing import Literal

from sukusuku_core.errors import Mistake
from sukusuku_core.settings import Id, Settings
from sukusuku_server.settings.base import Language, Name
from sukusuku_server.settings.mail_address import MailAddress

ReportName = Literal["collection", "rooms"]
FileEnding = Literal["pdf", "xlsx", "zip"]


class ReportMail(Settings, frozen=True, kw_only=True):
    """A recipient. `sites` empty means all centres in one report; otherwise each of them has one of its own.

    `reports` empty means both, `formats` empty PDF and Excel.
    """

    name: Name
    mail: MailAddress
    language: Language = "ja"
    sites: tuple[Id, ...] = ()
    reports: tuple[ReportName, ...] = ()
    formats: tuple[FileEnding, ...] = ()

    @property
    def about(self) -> tuple[ReportName, ...]:
        """Which reports are sent."""
        return self.reports or ("collection", "rooms")

    @property
    def endings(self) -> tuple[FileEnding, ...]:
        """As what files."""
        return self.formats or ("pdf", "xlsx")


def check_report_mails(mails: tuple[ReportMail, ...], sites: set[str], *, server: bool) -> Iterator[Mistake]:
    """Yield mistakes of recipients; `server` is whether there is a mail server."""
    addresses: list[str] = []
    for n, mail in enumerate(mails):
        where = f"report_mail[{n}]"
        if not server:
            yield Mistake(where, "there is no mail server to send it with; add [mail]")
        unknown = sorted(set(mail.sites) - sites)
        if unknown:
            yield Mistake(f"{where}.sites", f"no site {unknown}; there are {sorted(sites)}")
        address = str(mail.mail).lower()
        if address in addresses:
            first = addresses.index(address)
            yield Mistake(f"{where}.mail", f"{mail.mail} is already at report_mail[{first}]; name all centres there")
        addresses.append(address)
