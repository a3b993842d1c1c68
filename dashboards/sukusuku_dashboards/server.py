"""Grafana's HTTP API: the one file that knows grafana-api.

Answers are what Grafana documents for 9 to 13; refusals become `GrafanaError` in words.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from grafana_api.grafana_api import GrafanaException  # type: ignore[import-untyped]  # the library has no types
from grafana_api.grafana_face import GrafanaFace  # type: ignore[import-untyped]  # the library has no types

from sukusuku_core.errors import ConfigError

TIMEOUT = 30.0
"""Seconds for one request."""
_REASONS = {
    401: "the token is not known; make one under Administration, Service accounts",
    403: "the service account of the token must not do this; it needs the role Admin in its organisation "
    "(and what Grafana was provisioned with from files cannot be changed over HTTP)",
    404: "there is no Grafana at this address; give it with its sub-path, such as http://host:3000/grafana",
    409: "another one with this name is there already, or somebody else has changed it; look at it in Grafana",
    412: "somebody else has changed it meanwhile, or another one has its title; look at it there, then push again",
}
_NOT_FOUND = 404
_PLAYLISTS = "s/playlist.grafana.app/v1/namespaces/%s/playlists"
"""Behind the `/api` that the library puts before every path; it knows none of the newer ones."""
_FIRST_ORG = 1


class GrafanaError(Exception):
    """Grafana refused, or is not there. `missing`: it says that it has no such thing. `status`: of HTTP, if any."""

    def __init__(self, text: str, *, missing: bool = False, status: int | None = None) -> None:
        super().__init__(text)
        self.missing = missing
        self.status = status


class Grafana:
    """One organisation of one Grafana, as the service account of a token."""

    def __init__(self, url: str, token: str) -> None:
        """`url` with its sub-path if it has one. Raises ConfigError."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or "@" in parts.netloc:
            raise ConfigError(f"--url: found `{url}`; expected an address such as http://grafana.local:3000")
        if not token.isascii() or not token.isprintable() or not token.strip():
            raise ConfigError("--token: expected the token of a service account, such as glsa_...")
        path = parts.path.strip("/")
        self._url = url
        self._face = GrafanaFace(
            auth=token.strip(),
            host=parts.netloc,
            url_path_prefix=f"{path}/" if path else "",
            protocol=parts.scheme,
            timeout=TIMEOUT,
        )
        self._face.api.s.max_redirects = 0  # a redirected POST becomes a GET, and nothing would be written

    def folder(self, uid: str) -> dict[str, Any] | None:
        """Return a folder, None when it is not there."""
        return self._find(f"folder {uid}", lambda: self._face.folder.get_folder(uid))

    def make_folder(self, uid: str, title: str) -> None:
        """Create a folder."""
        self._do(f"folder {uid}", lambda: self._face.folder.create_folder(title, uid))

    def rename_folder(self, uid: str, title: str, version: int) -> None:
        """Another title. `version` is that of the folder that was looked at."""
        self._do(f"folder {uid}", lambda: self._face.folder.update_folder(uid, title, version))

    def source(self, uid: str) -> dict[str, Any] | None:
        """Return a data source without its secrets, None when it is not there."""
        return self._find(f"data source {uid}", lambda: self._face.datasource.get_datasource_by_id(f"uid/{uid}"))

    def make_source(self, source: dict[str, Any]) -> None:
        """Create a data source."""
        self._do(f"data source {source['uid']}", lambda: self._face.datasource.create_datasource(source))

    def change_source(self, source: dict[str, Any]) -> None:
        """Replace the data source with this uid; secrets that are not given stay."""
        uid = source["uid"]
        self._do(f"data source {uid}", lambda: self._face.datasource.update_datasource(f"uid/{uid}", source))

    def dashboard(self, uid: str) -> dict[str, Any] | None:
        """Return a dashboard with its `meta`, None when it is not there."""
        return self._find(f"dashboard {uid}", lambda: self._face.dashboard.get_dashboard(uid))

    def save(self, dashboard: dict[str, Any], folder: str) -> None:
        """Save a dashboard, new or in place of the version that it names."""
        body = {"dashboard": dashboard, "folderUid": folder, "message": "sukusuku dashboards push", "overwrite": False}
        self._do(f"dashboard {dashboard['uid']}", lambda: self._face.dashboard.update_dashboard(body))

    def playlists(self) -> str | None:
        """Return where playlists of the organisation are; None: this Grafana, one before 12, has none over HTTP."""
        org = self._do("organisation", lambda: self._face.api.GET("/org"))
        path = _PLAYLISTS % ("default" if org.get("id") == _FIRST_ORG else f"org-{org.get('id')}")
        try:
            self._do("playlists", lambda: self._face.api.GET(path))
        except GrafanaError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return path

    def playlist(self, path: str, uid: str) -> dict[str, Any] | None:
        """Return a playlist, None when it is not there. `path` is that of `playlists`."""
        return self._find(f"playlist {uid}", lambda: self._face.api.GET(f"{path}/{uid}"))

    def save_playlist(self, path: str, playlist: dict[str, Any]) -> None:
        """Save a playlist, new or in place of the version that it names."""
        about = playlist["metadata"]
        uid, put = about["name"], "resourceVersion" in about
        api = self._face.api
        send = (lambda: api.PUT(f"{path}/{uid}", json=playlist)) if put else (lambda: api.POST(path, json=playlist))
        self._do(f"playlist {uid}", send)

    def _find(self, what: str, ask: Callable[[], Any]) -> dict[str, Any] | None:
        try:
            return self._do(what, ask)
        except GrafanaError as error:
            if error.missing:
                return None
            raise

    def _do(self, what: str, ask: Callable[[], Any]) -> dict[str, Any]:
        try:
            answer = ask()
        except GrafanaException as error:
            reason = _REASONS.get(error.status_code, "see the log of Grafana")
            ours = isinstance(error.response, dict)  # other servers at this address do not speak JSON
            told = error.response.get("message") if ours else None
            said = f" (Grafana says: {told})" if told else ""
            text = f"{what}: HTTP status {error.status_code}: {reason}{said}"
            missing = ours and error.status_code == _NOT_FOUND
            raise GrafanaError(text, missing=missing, status=error.status_code) from error
        except OSError as error:  # those of the library's HTTP client are such
            raise GrafanaError(f"{what}: {self._url} does not answer as Grafana does: {error}") from error
        except (TypeError, ValueError) as error:  # the library takes every answer for JSON
            raise GrafanaError(f"{what}: what answers at {self._url} is not Grafana") from error
        if not isinstance(answer, dict):
            raise GrafanaError(f"{what}: what answers at {self._url} is not Grafana")
        return answer
