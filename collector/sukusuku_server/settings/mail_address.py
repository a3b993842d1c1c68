"""Mail addresses: the one rule for them, and the form in which mail servers take them."""

import re
from typing import Self

import email_validator

# Whether a name such as `mail.local` can be reached is the business of the relay.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()

_LOCAL = re.compile(r"(?!.*=\?)\"?[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+\"?")
"""Quotes are for dots alone, and `=?` is the mark of an encoded word."""


class MailAddress(str):
    """An address as mail servers take it: the domain in ASCII, a local part with odd dots in quotes.

    Carriers in Japan gave out addresses such as `a..b@docomo.ne.jp` and `.taro.@ezweb.ne.jp`, which RFC 5321 can say
    in quotes only. Raises ValueError that says what is wrong.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        """Check the address and bring it into that form."""
        local, _, domain = text.rpartition("@")
        odd = bool(local) and not local.startswith('"') and "" in local.split(".")
        try:
            valid = email_validator.validate_email(
                f'"{local}"@{domain}' if odd else text,
                allow_smtputf8=False,
                allow_quoted_local=True,
                check_deliverability=False,
                globally_deliverable=False,
            )
        except email_validator.EmailSyntaxError as error:
            raise ValueError(f"not a mail address like name@example.jp: {str(error).rstrip('.')}") from error
        if valid.ascii_email is None or _LOCAL.fullmatch(valid.local_part) is None:
            raise ValueError(f"not a mail address like name@example.jp: {valid.local_part} is not allowed before the @")
        return super().__new__(cls, valid.ascii_email)
