"""Codes of an authenticator app (TOTP, RFC 6238) as the second factor of a sign-in."""

import re

import pyotp

STEP_SECONDS = 30
_TOLERANCE = 1
"""Steps that the clock of a telephone may be off, in each direction (RFC 6238, section 5.2)."""

_SECRET = re.compile("[A-Z2-7]{32}")


def new() -> str:
    """Return a secret for an authenticator app, in base 32."""
    return pyotp.random_base32()


def is_secret(text: str) -> bool:
    """Tell whether a text is one that `new` can have made."""
    return _SECRET.fullmatch(text) is not None


def uri(secret: str, login: str, issuer: str) -> str:
    """Return the address from which an authenticator app takes the secret, as a QR code or a link."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def step(secret: str, code: str, now: int, used: int | None) -> int | None:
    """Return the step of time that a code belongs to; None: it is wrong, or not later than the step `used` last.

    A code is good once: whoever looks over a shoulder cannot use it again.
    """
    digits = "".join(char for char in code if char.isdecimal())
    present = now // (STEP_SECONDS * 1000)
    totp = pyotp.TOTP(secret)
    for number in range(present - _TOLERANCE, present + _TOLERANCE + 1):
        if (used is None or number > used) and pyotp.utils.strings_equal(totp.at(number * STEP_SECONDS), digits):
            return number
    return None
