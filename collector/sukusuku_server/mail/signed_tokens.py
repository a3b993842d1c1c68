"""Signed tokens for links: whoever has one may say what it says, without an account. Pure; one file knows itsdangerous.

A token is values as JSON and their HMAC-SHA256, each in URL-safe base64. It says nothing secret.
"""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from sukusuku_core.errors import SukusukuError

_TOKEN = re.compile(r"\.?[A-Za-z0-9_-]{1,400}\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", re.ASCII)
"""The one spelling of a token: the library decodes others, too, such as a last character with unused bits."""


class ForgedLinkError(SukusukuError):
    """The token is not one of ours: cut off, altered, or signed by somebody else."""

    def __init__(self) -> None:
        super().__init__("this link is not valid")


class SignedTokens:
    """Makes and reads tokens of one purpose. `keys` are oldest first: the last one signs, all are believed."""

    def __init__(self, keys: Sequence[bytes], purpose: str) -> None:
        """Tell tokens by their purpose: what another part signs with the same keys is none of these."""
        signer = {"key_derivation": "hmac", "digest_method": sha256}
        self._signed = URLSafeSerializer(keys, salt=purpose, signer_kwargs=signer)

    def token(self, values: list[Any]) -> str:
        """Return the values, signed."""
        return self._signed.dumps(values)

    def read(self, token: str) -> list[Any]:
        """Return what was signed. Raises ForgedLinkError."""
        if _TOKEN.fullmatch(token) is None:
            raise ForgedLinkError
        try:
            found: list[Any] = self._signed.loads(token)
        except BadData as error:
            raise ForgedLinkError from error
        return found
