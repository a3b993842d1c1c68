"""Brings data source, folders, boards and playlists to a Grafana over HTTP; what is there as wanted is left alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sukusuku_core.errors import ConfigError
from sukusuku_dashboards.board import Playlist
from sukusuku_dashboards.boards import boards
from sukusuku_dashboards.diff import differences, told
from sukusuku_dashboards.export import LANGUAGES, PASSWORD, TOKEN, folder_of, source
from sukusuku_dashboards.grafana import classic, resource
from sukusuku_dashboards.server import Grafana
from sukusuku_dashboards.wall import rotation
from sukusuku_server.settings import Facility

_HELD = {"httpHeaderValue1": TOKEN, "password": PASSWORD}
"""The variable that holds each secret."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing in Grafana: `how` is new, changed, same or left out; `write` brings it there."""

    what: str
    how: str
    lines: tuple[str, ...] = ()
    write: Callable[[], None] = lambda: None

    def __str__(self) -> str:
        return "\n".join([f"{self.how:7} {self.what}", *(f"        {line}" for line in told(list(self.lines)))])


def changes(facility: Facility, server: Grafana, environment: Mapping[str, str]) -> Iterator[Change]:
    """Everything in the order in which it must be written. Asks, but writes nothing."""
    for language in LANGUAGES:
        yield _folder(server, *folder_of(language))
    yield _source(server, source(facility), environment)
    for language in LANGUAGES:
        folder, _ = folder_of(language)
        for board in boards(facility, language):
            yield _dashboard(server, classic(board), folder)
    yield from _playlists(server, [found for it in LANGUAGES if (found := rotation(facility, it)) is not None])


def _folder(server: Grafana, uid: str, title: str) -> Change:
    what, found = f"folder {uid}", server.folder(uid)
    if found is None:
        return Change(what, "new", write=lambda: server.make_folder(uid, title))
    lines = tuple(differences(found, {"title": title}))
    version = int(found.get("version", 0))
    if not lines:
        return Change(what, "same")
    return Change(what, "changed", lines, lambda: server.rename_folder(uid, title, version))


def _source(server: Grafana, template: dict[str, Any], environment: Mapping[str, str]) -> Change:
    """Secrets cannot be read back: one that is given is written, one that is not given stays as it is."""
    wanted = {key: value for key, value in template.items() if key not in {"editable", "secureJsonData"}}
    what, actual = f"data source {wanted['uid']}", server.source(wanted["uid"])
    secrets, lines = {}, [] if actual is None else list(differences(actual, wanted))
    for key, text in template.get("secureJsonData", {}).items():
        variable = _HELD[key]
        if value := environment.get(variable):
            secrets[key] = text.replace(f"${{{variable}}}", value)
            lines.append(f"secureJsonData.{key}: written from {variable}; what was there cannot be compared")
        elif actual is None or not actual.get("secureJsonFields", {}).get(key):
            raise ConfigError(
                f"{what}: it needs a secret that can only read; set the environment variable {variable}, push again"
            )
    whole = wanted | ({"secureJsonData": secrets} if secrets else {})
    if actual is None:
        return Change(what, "new", write=lambda: server.make_source(whole))
    return Change(what, "changed", tuple(lines), lambda: server.change_source(whole)) if lines else Change(what, "same")


def _dashboard(server: Grafana, wanted: dict[str, Any], folder: str) -> Change:
    """`id` and `version` are Grafana's: the version that was looked at is the one that is replaced."""
    what, found = f"dashboard {wanted['uid']}", server.dashboard(wanted["uid"])
    ours = {key: value for key, value in wanted.items() if key not in {"id", "version"}}
    if found is None:
        return Change(what, "new", write=lambda: server.save({**ours, "id": None}, folder))
    there, meta = found["dashboard"], found.get("meta", {})
    lines = [
        *differences({"folder": meta.get("folderUid", "")}, {"folder": folder}),
        *differences(there, {key: value for key, value in ours.items() if key != "schemaVersion"}),
    ]
    whole = {**ours, "id": None, "version": there.get("version", 0)}
    return Change(what, "changed", tuple(lines), lambda: server.save(whole, folder)) if lines else Change(what, "same")


def _playlists(server: Grafana, wanted: Sequence[Playlist]) -> Iterator[Change]:
    path = server.playlists() if wanted else ""
    if path is None:
        yield Change("playlists", "left out", ("Grafana has them over HTTP from 12 on; make them there by hand",))
    else:
        yield from (_playlist(server, path, resource(playlist)) for playlist in wanted)


def _playlist(server: Grafana, path: str, wanted: dict[str, Any]) -> Change:
    uid = wanted["metadata"]["name"]
    what, found = f"playlist {uid}", server.playlist(path, uid)
    if found is None:
        return Change(what, "new", write=lambda: server.save_playlist(path, wanted))
    lines = tuple(differences(found["spec"], wanted["spec"]))
    version = found.get("metadata", {}).get("resourceVersion", "")
    whole = {**wanted, "metadata": {"name": uid, "resourceVersion": version}}
    return Change(what, "changed", lines, lambda: server.save_playlist(path, whole)) if lines else Change(what, "same")
