"""Which ID tokens are believed. The keys are of a provider that exists in these tests only, so that it can lie."""

import base64
import hmac
from typing import Any

import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from sukusuku_api.access.oidc.id_token import Expected, UnknownKeyError, WrongTokenError, verified

NOW = 1_795_000_000_000
SECONDS = NOW // 1000
EXPECTED = Expected("https://login.example.jp", "sukusuku", "nonce")
CLAIMS = {
    "iss": EXPECTED.issuer,
    "sub": "7",
    "aud": "sukusuku",
    "nonce": "nonce",
    "iat": SECONDS - 5,
    "exp": SECONDS + 300,
}
KEY = RSAKey.generate_key(2048, {"kid": "present"})
OTHER = RSAKey.generate_key(2048, {"kid": "other"})
CURVE = ECKey.generate_key("P-256", {"kid": "curve"})
JWKS: Any = {"keys": [KEY.as_dict(private=False), CURVE.as_dict(private=False)]}


def token(claims: dict[str, Any], key: Key = KEY, **header: str) -> str:
    known: dict[str, Any] = {"alg": "RS256", "kid": key.kid} | header
    return jwt.encode({key: value for key, value in known.items() if value}, claims, key, algorithms=[known["alg"]])


def by_hand(algorithm: str, secret: bytes) -> str:
    """A token signed with what everybody may know, or with nothing; the library refuses to make one."""
    parts = [msgspec.json.encode(part) for part in ({"alg": algorithm, "kid": KEY.kid}, CLAIMS)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = hmac.digest(secret, text, "sha256") if secret else b""
    return f"{text.decode()}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": ["sukusuku"]},
        {"aud": ["sukusuku", "api"], "azp": "sukusuku"},
        {"exp": SECONDS - 60},
        {"iat": SECONDS + 60, "nbf": SECONDS + 60},
    ],
)
def test_a_token_for_us_is_believed_also_when_clocks_differ_a_little(claims: dict[str, Any]) -> None:
    assert verified(token(CLAIMS | claims), JWKS, EXPECTED, NOW)["sub"] == "7"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://login.example.jp/"},
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["another", "third"]},
        {"aud": ["sukusuku", "another"]},
        {"aud": ["sukusuku", "another"], "azp": "another"},
        {"aud": []},
        {"nonce": "another"},
        {"nonce": ""},
        {"exp": SECONDS - 121},
        {"nbf": SECONDS + 121},
        {"iat": SECONDS + 121},
        {"exp": "tomorrow"},
        {"sub": 7},
    ],
)
def test_a_token_of_or_for_somebody_else_or_another_time_is_not(claims: dict[str, Any]) -> None:
    with pytest.raises(WrongTokenError):
        verified(token(CLAIMS | claims), JWKS, EXPECTED, NOW)


@pytest.mark.parametrize("missing", ["iss", "sub", "aud", "nonce", "exp", "iat"])
def test_a_token_that_does_not_say_it_all_is_not(missing: str) -> None:
    claims = {key: value for key, value in CLAIMS.items() if key != missing}

    with pytest.raises(WrongTokenError):
        verified(token(claims), JWKS, EXPECTED, NOW)


def test_other_signatures_than_those_of_the_provider_are_no_signatures() -> None:
    forged = [
        by_hand("none", b""),
        by_hand("HS256", KEY.as_pem(private=False)),
        token(CLAIMS, OctKey.import_key("x" * 32, {"kid": "present"}), alg="HS256"),
        token(CLAIMS)[:-4] + "AAAA",
        ".".join([*token(CLAIMS).split(".")[:2], ""]),
        "not.a.token",
        "",
    ]
    for text in forged:
        with pytest.raises(WrongTokenError):
            verified(text, JWKS, EXPECTED, NOW)


@pytest.mark.parametrize("kid", ["other", ""])
def test_a_key_that_is_not_known_is_told_apart_so_that_the_keys_are_looked_up_again(kid: str) -> None:
    with pytest.raises(UnknownKeyError):
        verified(token(CLAIMS, OTHER, kid=kid), JWKS, EXPECTED, NOW)

    later: Any = {"keys": [*JWKS["keys"], OTHER.as_dict(private=False)]}
    assert verified(token(CLAIMS, OTHER), later, EXPECTED, NOW)["sub"] == "7"


def test_signatures_on_curves_are_believed_and_unknown_kinds_of_keys_are_passed_over() -> None:
    more: Any = {"keys": [{"kty": "FUTURE", "kid": "x"}, *JWKS["keys"]]}

    assert verified(token(CLAIMS, CURVE, alg="ES256"), more, EXPECTED, NOW)["sub"] == "7"


@pytest.mark.parametrize("keys", [{"keys": []}, {"keys": [{}]}, {"keys": ["x"]}, {}])
def test_without_keys_nothing_is_believed(keys: Any) -> None:
    with pytest.raises(WrongTokenError):
        verified(token(CLAIMS), keys, EXPECTED, NOW)
