"""The mails about backups. Pure."""

from sukusuku_collector.operator_mail import composer
from sukusuku_collector.operator_mail.composer import Gettext, Matter
from sukusuku_core.time import japan_time
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.model.doors import Exchanged
from sukusuku_server.settings import Facility


def messages(facility: Facility, exchanged: Exchanged, since: int, now: int, *, late: bool) -> list[OutgoingMail]:
    """Return what the operator's contacts hear: a backup is missed, or there is one again.

    `since` (UTC ms) is when it began to be missed; `exchanged`, how the last ones went.
    """

    def subject(gettext: Gettext) -> str:
        return gettext("There is no new backup") if late else gettext("There is a new backup again")

    values = {
        "taken": None if exchanged.taken is None else japan_time(exchanged.taken).strftime("%Y-%m-%d %H:%M"),
        "reason": exchanged.reason,
    }
    kind = "backup_late" if late else "backup_made"
    return composer.messages(facility, Matter(kind, "backup", str(since), wrong=late), now, subject, values)
