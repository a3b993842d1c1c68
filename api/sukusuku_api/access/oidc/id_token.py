"""Whether an ID token is one of our provider's, for us, for this sign-in, and now (OpenID Connect Core, 3.1.3.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]  # the library has no types
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, KeySetSerialization
from joserfc.jws import JWSRegistry

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
"""Signatures with a key that only the provider has. `none` is no signature, and `HS256` could be made with what is
public; what the token itself asks for does not count."""
SKEW_SECONDS = 120
"""How far the clocks of provider and server may be apart."""


class WrongTokenError(Exception):
    """A token is not accepted; the text says why, and nothing of what is in it."""


class UnknownKeyError(WrongTokenError):
    """None of the keys has made its signature: the provider may have new ones."""


@dataclass(frozen=True, slots=True)
class Expected:
    """Who must have made a token, for whom, and for which sign-in. `access_token` came with it."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str | None = None


def verified(token: str, keys: KeySetSerialization, expected: Expected, now: int) -> Mapping[str, Any]:
    """Return the claims of a token at a moment (UTC ms). Raises WrongTokenError."""
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        decoded = jwt.decode(token, KeySet.import_key_set(keys), registry=registry)
    except (InvalidKeyIdError, BadSignatureError) as error:
        raise UnknownKeyError(str(error)) from error
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise WrongTokenError(f"it cannot be read: {type(error).__name__}") from error
    wanted = {
        "iss": {"essential": True, "value": expected.issuer},
        "aud": {"essential": True, "value": expected.client_id},
    }
    known = {"nonce": expected.nonce, "client_id": expected.client_id, "access_token": expected.access_token}
    claims = CodeIDToken(decoded.claims, decoded.header, wanted, known)
    try:
        claims.validate(now=now // 1000, leeway=SKEW_SECONDS)
    except (JoseError, ValueError, TypeError) as error:
        raise WrongTokenError(str(error)) from error
    if not isinstance(claims["sub"], str):
        raise WrongTokenError("its subject is no text")
    return dict(claims)
