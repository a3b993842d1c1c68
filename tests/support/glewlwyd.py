"""A real OpenID provider, Glewlwyd (Debian's 2.7), on a free loopback port, with its own pages and database.

Its administrator's interface makes clients, people and keys, so that nothing of it is pretended.
"""

import contextlib
import json
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from tests.support.patience import PATIENCE, until
from tests.support.plain_http import plain_client
from tests.support.ports import free_port

SHARE, LIBRARIES = Path("/usr/share/glewlwyd"), Path("/usr/lib/glewlwyd")
SQL = Path("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3")
PASSWORD = "seven chairs and a green river"
"""Of everybody but the administrator, whose password comes with the database."""
_PLUGIN = "oidc"


@dataclass
class Glewlwyd:
    """The server process, and what a test tells its administrator."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048))
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    granted: set[tuple[str, str]] = field(default_factory=set)

    @property
    def issuer(self) -> str:
        """What it calls itself."""
        return f"http://127.0.0.1:{self.port}/api/{_PLUGIN}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = (self.folder / "log").open("ab")
        with log:
            command = ["glewlwyd", "--config-file", str(self.folder / "glewlwyd.conf")]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until(self._answers, self._log)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self._log()
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"http://127.0.0.1:{self.port}/config").is_success
        return False

    def _log(self) -> str:
        return f"glewlwyd did not start: {(self.folder / 'log').read_text(errors='replace')[-800:]}"

    def stop(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE)
            self.process = None

    def set_up(self) -> None:
        """Switch OpenID Connect on, and let people have groups."""
        with self._administrator() as api:
            users = _json(api.get("/mod/user/database"))
            users["parameters"]["data-format"] |= {
                "groups": {"multiple": True, "read": True, "write": True},
                "verified": {"multiple": False, "read": True, "write": True},
            }
            _json(api.put("/mod/user/database", json=users))
            _json(api.put("/mod/user/database/reset"))
            clients = _json(api.get("/mod/client/database"))
            clients["parameters"]["data-format"]["post_logout_redirect_uris"] = {
                "multiple": True, "read": True, "write": True,
            }  # fmt: skip
            _json(api.put("/mod/client/database", json=clients))
            _json(api.put("/mod/client/database/reset"))
            _json(api.post("/mod/plugin/", json=self._plugin()))

    def turn_key(self) -> None:
        """Sign with another key from now on; the one before is gone."""
        self.key = RSAKey.generate_key(2048)
        with self._administrator() as api:
            _json(api.put(f"/mod/plugin/{_PLUGIN}", json=self._plugin()))
            _json(api.put(f"/mod/plugin/{_PLUGIN}/reset"))

    def add_client(self, ident: str, secret: str, *urls: str) -> None:
        """Let an application at these addresses ask who somebody is."""
        client = {
            "client_id": ident,
            "name": ident,
            "confidential": True,
            "client_secret": secret,
            "redirect_uri": [f"{url}/sign-in/provider/callback" for url in urls],
            "post_logout_redirect_uris": [f"{url}/sign-in" for url in urls],
            "authorization_type": ["code"],
            "token_endpoint_auth_method": ["client_secret_basic"],
            "enabled": True,
        }
        with self._administrator() as api:
            _json(api.post("/client/", json=client))

    def add_person(self, login: str, name: str, groups: Sequence[str] = (), *, verified: bool = True) -> None:
        """Add somebody, whose mail address has been verified or not."""
        person = {"username": login, "password": PASSWORD, "scope": ["openid"], "enabled": True}
        with self._administrator() as api:
            _json(api.post("/user/", json=person | self._facts(login, name, groups, verified)))

    def set_groups(self, login: str, groups: Sequence[str]) -> None:
        """Put somebody into just these groups."""
        with self._administrator() as api:
            person = _json(api.get(f"/user/{login}"))
            person.pop("groups", None)
            _json(api.put(f"/user/{login}", json=person | ({"groups": list(groups)} if groups else {})))

    def code(self, address: str, login: str) -> str:
        """Sign in at an address of the provider as a browser would, without its pages; return where it leads to."""
        client = httpx.URL(address).params["client_id"]
        with self._signed_in(login, PASSWORD) as api:
            if (login, client) not in self.granted:
                _json(api.put(f"/auth/grant/{client}", json={"scope": "openid"}))
                self.granted.add((login, client))
            return api.get(f"{address}&g_continue").headers["location"]

    @contextlib.contextmanager
    def _signed_in(self, login: str, password: str) -> Iterator[httpx.Client]:
        known = self.cookies.get(login, {})
        with plain_client(f"http://127.0.0.1:{self.port}/api", known) as api:
            if not known:
                _json(api.post("/auth/", json={"username": login, "password": password}))
                self.cookies[login] = dict(api.cookies)
            yield api

    def _administrator(self) -> contextlib.AbstractContextManager[httpx.Client]:
        return self._signed_in("admin", "password")

    def _facts(self, login: str, name: str, groups: Sequence[str], verified: bool) -> dict[str, Any]:  # noqa: FBT001
        facts: dict[str, Any] = {
            "name": name,
            "email": f"{login}@city.example.jp",
            "verified": "1" if verified else "0",
        }
        return facts | ({"groups": list(groups)} if groups else {})

    def _plugin(self) -> dict[str, Any]:
        groups = {"name": "groups", "type": "string", "user-property": "groups", "mandatory": True}
        verified = {"name": "email_verified", "type": "boolean", "user-property": "verified", "mandatory": True}
        verified |= {"boolean-value-true": "1", "boolean-value-false": "0"}
        return {
            "module": "oidc",
            "name": _PLUGIN,
            "display_name": _PLUGIN,
            "parameters": {
                "iss": self.issuer,
                "jwt-type": "rsa",
                "jwt-key-size": "256",
                "key": self.key.as_pem(private=True).decode(),
                "cert": self.key.as_pem(private=False).decode(),
                "code-duration": 60,
                "access-token-duration": 60,
                "refresh-token-duration": 60,
                "refresh-token-rolling": False,
                "allow-non-oidc": False,
                "auth-type-code-enabled": True,
                "auth-type-token-enabled": False,
                "auth-type-id-token-enabled": True,
                "auth-type-none-enabled": False,
                "auth-type-password-enabled": False,
                "auth-type-client-enabled": False,
                "auth-type-refresh-enabled": False,
                "subject-type": "public",
                "jwks-show": True,
                "pkce-allowed": True,
                "pkce-required": True,
                "pkce-method-plain-allowed": False,
                "session-management-allowed": True,
                "front-channel-logout-allowed": True,
                "back-channel-logout-allowed": True,
                "session-cookie-name": "GLEWLWYD2_OIDC_SID",
                "session-cookie-expiration": 3600,
                "client-post_logout_redirect_uris-parameter": "post_logout_redirect_uris",
                "claims": [item | {"on-demand": False, "scope": []} for item in (groups, verified)],
                "name-claim": "mandatory",
                "name-claim-scope": ["openid"],
                "email-claim": "mandatory",
                "email-claim-scope": ["openid"],
                "scope-claim": "no",
            },
        }


def _json(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text[:500]}"
    return answer.json() if answer.text.startswith(("{", "[")) else None


@contextlib.contextmanager
def glewlwyd() -> Iterator[Glewlwyd]:
    """Yields a running provider without clients and people; it is stopped on exit."""
    if shutil.which("glewlwyd") is None:
        pytest.fail("glewlwyd is needed: apt-get install glewlwyd")
    with tempfile.TemporaryDirectory(prefix="glewlwyd-") as name:
        folder, port = Path(name), free_port()
        _write(folder, port)
        server = Glewlwyd(folder, port)
        try:
            server.start()
            server.set_up()
            yield server
        finally:
            server.stop()


def _write(folder: Path, port: int) -> None:
    """Write settings, database and pages: it serves no links, and Debian's pages have their settings elsewhere."""
    with contextlib.closing(sqlite3.connect(folder / "glewlwyd.db")) as database:
        database.executescript(SQL.read_text(encoding="utf-8"))
    pages = folder / "pages"
    shutil.copytree(SHARE / "webapp", pages, ignore=shutil.ignore_patterns("config.json"))
    shutil.copy(SHARE / "templates" / "config.json", pages / "config.json")
    settings = {
        "port": port,
        "bind_address": "127.0.0.1",
        "external_url": f"http://127.0.0.1:{port}",
        "login_url": "login.html",
        "api_prefix": "api",
        "static_files_path": f"{pages}/",
        "log_mode": "console",
        "log_level": "INFO",
        "cookie_same_site": "lax",
        "session_key": "GLEWLWYD2_SESSION_ID",
        "admin_scope": "g_admin",
        "profile_scope": "g_profile",
        "user_module_path": str(LIBRARIES / "user"),
        "client_module_path": str(LIBRARIES / "client"),
        "user_auth_scheme_module_path": str(LIBRARIES / "scheme"),
        "plugin_module_path": str(LIBRARIES / "plugin"),
        "hash_algorithm": "SHA512",
    }
    lines = [f"{key}={json.dumps(value)}" for key, value in settings.items()]
    lines.append(f'database = {{ type="sqlite3" path="{folder / "glewlwyd.db"}" }};')
    kinds = {".html": "text/html", ".css": "text/css", ".js": "application/javascript", ".json": "application/json"}
    types = ", ".join(f'{{extension="{end}" mime_type="{kind}"}}' for end, kind in kinds.items())
    lines.append(f"static_files_mime_types = ( {types} );")
    (folder / "glewlwyd.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
