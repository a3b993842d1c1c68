"""A server that takes what Grafana's HTTP API documents and nothing else, and keeps what it is given."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "glsa_secret"
Answer = tuple[int, Any]
SOURCE_TYPES = {"name": str, "uid": str, "type": str, "access": str, "url": str, "database": str, "jsonData": dict}
"""Documented body of POST /api/datasources and PUT /api/datasources/uid/:uid, as far as it is needed."""


@dataclass
class FakeGrafana:
    """`wrong` is what no documented client sends; `refuse` answers a (method, path) otherwise.

    `playlists` None: a Grafana before 12, which has no API of resources.
    """

    prefix: str = ""
    url: str = ""
    folders: dict[str, dict[str, Any]] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    dashboards: dict[str, dict[str, Any]] = field(default_factory=dict)
    playlists: dict[str, dict[str, Any]] | None = field(default_factory=dict)
    org: int = 1
    calls: list[tuple[str, str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    refuse: dict[tuple[str, str], Answer] = field(default_factory=dict)

    @property
    def writes(self) -> list[tuple[str, str]]:
        return [call for call in self.calls if call[0] != "GET"]

    def answer(self, method: str, path: str, token: str | None, body: Any) -> Answer:
        if not path.startswith((f"{self.prefix}/api/", f"{self.prefix}/apis/")):
            return 404, "<html>not here, no message</html>"
        path = path.removeprefix(self.prefix)
        self.calls.append((method, path))
        if token != f"Bearer {TOKEN}":
            return 401, {"message": "Invalid API key"}
        if (method, path) in self.refuse:
            return self.refuse[method, path]
        if (method, path) == ("GET", "/api/org"):
            return 200, {"id": self.org, "name": "Main Org."}
        if path.startswith("/apis/"):
            return self._resource(method, path, body)
        return self._route(method, path.split("/")[2:], body)

    def _resource(self, method: str, path: str, body: Any) -> Answer:
        namespace = "default" if self.org == 1 else f"org-{self.org}"
        where = f"/apis/playlist.grafana.app/v1/namespaces/{namespace}/playlists"
        if self.playlists is None:
            return 404, "<html>no such page</html>"
        if path == where and method == "GET":
            items = list(self.playlists.values())
            return 200, {
                "kind": "PlaylistList",
                "apiVersion": "playlist.grafana.app/v1",
                "metadata": {},
                "items": items,
            }
        uid = path.removeprefix(f"{where}/")
        if method == "GET" and path.startswith(f"{where}/"):
            missing = {"kind": "Status", "status": "Failure", "message": f"{uid} not found", "code": 404}
            return (200, self.playlists[uid]) if uid in self.playlists else (404, missing)
        if (method, path) == ("POST", where) or (method == "PUT" and uid in self.playlists):
            return self._put_playlist(method, body)
        self.wrong.append(f"{method} {path}")
        return 404, {"message": "Not found"}

    def _put_playlist(self, method: str, body: Any) -> Answer:
        assert self.playlists is not None
        known = {"dashboard_by_uid": self.dashboards}
        about, before = body["metadata"], self.playlists.get(body["metadata"]["name"])
        if (body["kind"], body["apiVersion"]) != ("Playlist", "playlist.grafana.app/v1") or {*body["spec"]} != {
            "title", "interval", "items",
        }:  # fmt: skip
            self.wrong.append(f"playlist {body}")
        if any(item["value"] not in known[item["type"]] for item in body["spec"]["items"]):
            self.wrong.append(f"playlist {about}: a dashboard that is not there")
        if method == "POST" and before is not None:
            return 409, {"kind": "Status", "message": "already exists", "reason": "AlreadyExists", "code": 409}
        if before is not None and about.get("resourceVersion") != before["metadata"]["resourceVersion"]:
            return 409, {"kind": "Status", "message": "the object has been modified", "reason": "Conflict", "code": 409}
        version = "1" if before is None else str(int(before["metadata"]["resourceVersion"]) + 1)
        self.playlists[about["name"]] = {**body, "metadata": {**about, "namespace": "x", "resourceVersion": version}}
        return (201 if method == "POST" else 200), self.playlists[about["name"]]

    def _route(self, method: str, parts: list[str], body: Any) -> Answer:  # noqa: PLR0911 - a table of routes
        match (method, parts):
            case ("GET", ["folders", uid]):
                return _found(self.folders.get(uid), "folder not found")
            case ("POST", ["folders"]):
                return self._make_folder(body)
            case ("PUT", ["folders", uid]):
                if body["version"] != self.folders[uid]["version"]:
                    return 412, {"message": "the folder has been changed by someone else", "status": "version-mismatch"}
                self.folders[uid] |= {"title": body["title"], "version": body["version"] + 1}
                return 200, self.folders[uid]
            case ("GET", ["datasources", "uid", uid]):
                return _found(self.sources.get(uid), "Data source not found")
            case ("POST", ["datasources"]):
                return self._put_source(body["uid"], body)
            case ("PUT", ["datasources", "uid", uid]):
                return self._put_source(uid, body)
            case ("GET", ["dashboards", "uid", uid]):
                return _found(self.dashboards.get(uid), "Dashboard not found")
            case ("POST", ["dashboards", "db"]):
                return self._save(body)
        self.wrong.append(f"{method} {parts}")
        return 404, {"message": "Not found"}

    def _make_folder(self, body: dict[str, Any]) -> Answer:
        if set(body) != {"uid", "title"} or not all(isinstance(value, str) for value in body.values()):
            self.wrong.append(f"folder {body}")
        if body["uid"] in self.folders:
            return 412, {"message": "a folder with that uid already exists"}
        self.folders[body["uid"]] = {"id": len(self.folders) + 1, "version": 1, "canSave": True} | body
        return 200, self.folders[body["uid"]]

    def _put_source(self, uid: str, body: dict[str, Any]) -> Answer:
        for key, kind in SOURCE_TYPES.items():
            if not isinstance(body.get(key), kind):
                self.wrong.append(f"data source: {key}: {body.get(key)!r}")
        if set(body) - set(SOURCE_TYPES) - {"user", "secureJsonData"}:
            self.wrong.append(f"data source: {sorted(body)}")
        secrets = body.pop("secureJsonData", {})
        before = self.sources.get(uid, {})
        fields = before.get("secureJsonFields", {}) | dict.fromkeys(secrets, True)
        kept = before.get("_secrets", {}) | secrets
        self.sources[uid] = {"id": 7, "isDefault": False, **body, "secureJsonFields": fields, "_secrets": kept}
        return 200, {"datasource": body, "id": 7, "message": "Datasource added", "name": body["name"]}

    def _save(self, body: dict[str, Any]) -> Answer:
        if set(body) != {"dashboard", "folderUid", "message", "overwrite"} or body["overwrite"] is not False:
            self.wrong.append(f"dashboard: {sorted(body)}")
        given = body["dashboard"]
        if given["id"] is not None or body["folderUid"] not in self.folders:
            self.wrong.append(f"dashboard {given['uid']}")
        before = self.dashboards.get(given["uid"])
        if before is not None and given.get("version") != before["dashboard"]["version"]:
            return 412, {"message": "The dashboard has been changed by someone else", "status": "version-mismatch"}
        version = 1 if before is None else before["dashboard"]["version"] + 1
        kept = {**given, "id": 100 + len(self.dashboards), "version": version}
        self.dashboards[given["uid"]] = {"dashboard": kept, "meta": {"folderUid": body["folderUid"], "slug": "x"}}
        return 200, {"id": kept["id"], "uid": given["uid"], "status": "success", "version": version, "url": "/d/x"}


def _found(thing: dict[str, Any] | None, missing: str) -> Answer:
    if thing is None:
        return 404, {"message": missing}
    return 200, {key: value for key, value in thing.items() if not key.startswith("_")}


@contextmanager
def serving(grafana: FakeGrafana) -> Iterator[FakeGrafana]:
    """On a free loopback port, until the end."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if text and self.headers.get("Content-Type") != "application/json":
                grafana.wrong.append(f"{self.path}: Content-Type {self.headers.get('Content-Type')}")
            status, found = grafana.answer(
                self.command, self.path, self.headers.get("Authorization"), json.loads(text) if text else None
            )
            sent = found.encode() if isinstance(found, str) else json.dumps(found).encode()
            self.send_response(status)
            if status in {301, 302}:
                self.send_header("Location", grafana.url + "/login")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815 - the library's names

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    grafana.url = f"http://127.0.0.1:{server.server_port}{grafana.prefix}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield grafana
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
