"""A facility whose operator reads mails, and what the operator was written."""

from email import message_from_bytes
from email.policy import SMTP

from sukusuku_server.db import Operations

CONTACTS = """
[mail]
sender = "sukusuku@example.jp"

[[contact]]
name = "担当"
mail = "office@example.jp"

[[contact]]
name = "東部"
mail = "tobu@example.jp"
sites = ["tobu"]
"""
"""To be put before `small_facility.FACILITY`; who looks after the server is the first one."""


def said(operations: Operations) -> list[tuple[str, str]]:
    """Recipient and text of each mail, the oldest first."""
    mails = []
    for row in operations.mails()[::-1]:
        body = message_from_bytes(row.mail.content, policy=SMTP).get_body(("plain",))
        assert body is not None
        mails.append((row.mail.recipient, str(body.get_content())))
    return mails
