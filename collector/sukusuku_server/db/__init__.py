"""Operations data: alerts and their history, the mail outbox, the audit log.

The collector raises and resolves alerts, the API acknowledges them; both open the same database.
"""

from sukusuku_server.db.database import Operations
from sukusuku_server.model.alerts import (
    Alert,
    AlertEvent,
    AlertState,
    AlertStateError,
    AuditEntry,
    MailRow,
    MailState,
    OutgoingMail,
    UnknownAlertError,
)

__all__ = [
    "Alert",
    "AlertEvent",
    "AlertState",
    "AlertStateError",
    "AuditEntry",
    "MailRow",
    "MailState",
    "Operations",
    "OutgoingMail",
    "UnknownAlertError",
]
