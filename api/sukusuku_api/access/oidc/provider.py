"""The OpenID provider as we know it: what it describes, its keys, and what it says of a person. Asked with authlib."""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests
from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]  # the library has no types
from authlib.integrations.requests_client import OAuth2Session  # type: ignore[import-untyped]
from joserfc.jwk import KeySetSerialization

from sukusuku_api.access.oidc.errors import ProviderAwayError, ProviderRefusedError
from sukusuku_api.access.oidc.flow import Flow
from sukusuku_api.access.oidc.id_token import Expected, UnknownKeyError, WrongTokenError, verified
from sukusuku_core.clock import Clock
from sukusuku_core.time import MINUTE_MS, SECOND_MS
from sukusuku_server.access.single_sign_on import tells_groups
from sukusuku_server.settings.oidc import Oidc, address_objection

log = logging.getLogger(__name__)

_LOOK_MS = 5 * SECOND_MS
"""How long it counts what the provider described, or that it did not answer: whoever opens the page asks it."""
_KEYS_MS = 10 * MINUTE_MS
"""How long its keys count without another look; a token with a new one makes us look at once."""
_METHODS = ("client_secret_basic", "client_secret_post")


@dataclass(frozen=True, slots=True)
class Description:
    """Where the provider is asked what (OpenID Connect Discovery 1.0). Empty: it does not offer it."""

    authorize: str
    token: str
    keys: str
    userinfo: str
    end_session: str
    method: str


class Provider:
    """One provider. What it described is kept, so that those under way get in while it is away for a moment.

    `back` is where it sends people back to. Safe to use from several threads.
    """

    def __init__(self, settings: Oidc, back: str, clock: Clock) -> None:
        self.settings = settings
        self._back = back
        self._clock = clock
        self._lock = threading.Lock()
        self._known: Description | None = None
        self._looked: int | None = None
        self._away = ""
        self._keys: tuple[int, KeySetSerialization] | None = None

    def is_like(self, other: "Provider") -> bool:
        """Tell whether another one asks the same provider for the same."""
        return (self.settings, self._back, self._clock) == (other.settings, other._back, other._clock)  # noqa: SLF001

    @property
    def away(self) -> bool:
        """Whether it did not answer when it was last asked."""
        return bool(self._away)

    def address(self, flow: Flow) -> str:
        """Return where a browser goes to sign in. Raises ProviderAwayError."""
        described = self._described()
        session = self._session(described.method)
        address, _ = session.create_authorization_url(
            described.authorize,
            state=flow.state,
            nonce=flow.nonce,
            code_verifier=flow.verifier,
            ui_locales=flow.language,
        )
        return str(address)

    def redeem(self, code: str, flow: Flow) -> tuple[Mapping[str, Any], str]:
        """Return the claims about whoever has signed in, and the ID token. Uses the code up.

        Raises ProviderAwayError and ProviderRefusedError.
        """
        described = self._known or self._described()
        session = self._session(described.method)
        try:
            tokens = session.fetch_token(
                described.token,
                grant_type="authorization_code",
                code=code,
                code_verifier=flow.verifier,
                redirect_uri=self._back,
                allow_redirects=False,
            )
        except OAuthError as error:
            if error.error in {"invalid_client", "unauthorized_client"}:
                log.warning("the OpenID provider does not accept us; look at oidc.client_id and oidc.client_secret")
            raise ProviderRefusedError(f"it does not redeem the code: {error.error}") from error
        except (requests.RequestException, ValueError) as error:
            raise self._is_away(error) from error
        token = tokens.get("id_token")
        if not isinstance(token, str):
            raise ProviderRefusedError('there is no ID token; is "openid" among the scopes of the client?')
        claims = self._verified(token, flow, tokens.get("access_token"), described)
        if described.userinfo and not tells_groups(claims, self.settings.groups_claim):
            claims = _both(claims, self._userinfo(session, described, claims["sub"]))
        return claims, token

    def end_session(self, id_token: str, then: str) -> str | None:
        """Return where a browser ends the provider's session, too; None: the provider offers no such place."""
        try:
            described = self._known or self._described()
        except ProviderAwayError:
            return None
        if not described.end_session:
            return None
        query = {
            "id_token_hint": id_token,
            "client_id": self.settings.client_id,
            "post_logout_redirect_uri": then,
        }
        return f"{described.end_session}{'&' if '?' in described.end_session else '?'}{urlencode(query)}"

    def _verified(self, token: str, flow: Flow, access_token: str | None, described: Description) -> Mapping[str, Any]:
        expected = Expected(self.settings.issuer, self.settings.client_id, flow.nonce, access_token)
        keys, now = self._current_keys(described), self._clock()
        try:
            try:
                return verified(token, keys, expected, now)
            except UnknownKeyError:
                return verified(token, self._fetch_keys(described), expected, now)
        except WrongTokenError as error:
            raise ProviderRefusedError(f"its ID token is not accepted: {error}") from error

    def _userinfo(self, session: Any, described: Description, subject: str) -> Mapping[str, Any]:
        """Ask about the person once more: some providers list groups only there (Core, 5.3)."""
        try:
            answer = session.get(described.userinfo, allow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
        except (requests.RequestException, OAuthError, ValueError) as error:
            raise self._is_away(error) from error
        if not isinstance(found, dict) or found.get("sub") != subject:
            raise ProviderRefusedError("what it tells of the person is about somebody else")
        return found

    def _described(self) -> Description:
        """Return what the provider describes now. Raises ProviderAwayError."""
        with self._lock:
            if self._looked is None or not 0 <= self._clock() - self._looked < _LOOK_MS:
                try:
                    self._known = self._look()
                except ProviderAwayError as error:
                    if not self._away:
                        log.warning("the OpenID provider %s cannot be used: %s", self.settings.issuer, error)
                    self._away = str(error)
                else:
                    self._away = ""
                self._looked = self._clock()  # from its end: a look takes as long as it counts, and others wait for it
            if self._away or self._known is None:
                raise ProviderAwayError(self._away)
            return self._known

    def _look(self) -> Description:
        issuer = self.settings.issuer
        metadata = self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if metadata.get("issuer") != issuer:
            raise ProviderAwayError(
                f"it calls itself {metadata.get('issuer')!r}; write that as oidc.issuer, found '{issuer}'"
            )
        for key in (
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "userinfo_endpoint",
            "end_session_endpoint",
        ):
            given = metadata.setdefault(key, "")
            needed = key in {"authorization_endpoint", "token_endpoint", "jwks_uri"}
            if (needed or given) and (not isinstance(given, str) or address_objection(given.partition("?")[0])):
                raise ProviderAwayError(f"its {key} is {given!r}; expected an address with https://")
        offered = metadata.get("token_endpoint_auth_methods_supported", _METHODS[:1])
        return Description(
            metadata["authorization_endpoint"],
            metadata["token_endpoint"],
            metadata["jwks_uri"],
            metadata["userinfo_endpoint"],
            metadata["end_session_endpoint"],
            next((method for method in _METHODS if method in offered), _METHODS[0]),
        )

    def _current_keys(self, described: Description) -> KeySetSerialization:
        kept = self._keys
        if kept is not None and 0 <= self._clock() - kept[0] < _KEYS_MS:
            return kept[1]
        try:
            return self._fetch_keys(described)
        except ProviderAwayError:
            if kept is None:
                raise
            return kept[1]

    def _fetch_keys(self, described: Description) -> KeySetSerialization:
        found = self._get(described.keys)
        if not isinstance(found.get("keys"), list):
            raise ProviderAwayError("its keys are no JWK set")
        keys: KeySetSerialization = {"keys": found["keys"]}
        self._keys = (self._clock(), keys)
        return keys

    def _get(self, url: str) -> dict[str, Any]:
        try:
            answer = self._session(_METHODS[0]).get(url, withhold_token=True, allow_redirects=False)
            answer.raise_for_status()
            found = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise ProviderAwayError(f"{url}: {error}") from error
        if answer.is_redirect or not isinstance(found, dict):
            raise ProviderAwayError(
                f"{url} answers with something else than a JSON object (status {answer.status_code})"
            )
        return found

    def _is_away(self, error: Exception) -> ProviderAwayError:
        log.warning("the OpenID provider did not answer during a sign-in: %s", error)
        return ProviderAwayError(str(error))

    def _session(self, method: str) -> Any:
        session = OAuth2Session(
            self.settings.client_id,
            self.settings.client_secret.reveal(),
            token_endpoint_auth_method=method,
            scope=" ".join(self.settings.scopes),
            redirect_uri=self._back,
            code_challenge_method="S256",
            default_timeout=self.settings.timeout,
            leeway=0,  # an access token that lives for a minute is good enough to ask once
        )
        if self.settings.ca_file is not None:
            session.verify = self.settings.ca_file
        return session


def _both(claims: Mapping[str, Any], told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what ID token and userinfo say; a mail address is verified only by whoever tells it."""
    mail = claims if "email" in claims else told
    return {**told, **claims, "email": mail.get("email"), "email_verified": mail.get("email_verified")}
